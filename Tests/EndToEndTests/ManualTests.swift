import FoundationEssentials
import SystemPackage
import TestSupport
import Testing

/// The README is the manual: what it tells people to type works, in its order, word for word.
@Suite struct ManualTests {
    private var manual: String {
        get throws {
            String(
                decoding: try Data(contentsOf: URL(filePath: SharedData.packageRoot.appending("README.md").string)),
                as: UTF8.self)
        }
    }

    /// The commands of the blocks that are marked as shell.
    private var blocks: [String] {
        get throws {
            try manual.split(separator: "\n```", omittingEmptySubsequences: false).compactMap { part in
                part.hasPrefix("sh\n") ? String(part.dropFirst(3)) : nil
            }
        }
    }

    @Test func `the commands of the manual run, in its order, word for word`() async throws {
        let home = try HomeWithDatabase()
        let likeness = LikenessBinary(home: home.path)
        let photos = try SharedData.path("photos/edited-copies/mixed_images").string
        let variables = [
            "PHOTOS": photos, "PICTURE": photos + "/ukbench00120.jpg",
            "SCRATCH": home.path.string, "WEIGHTS": try SharedData.path("models/resnet50-pqf.safetensors").string,
        ]
        let blocks = try blocks
        #expect(blocks.count >= 7, "the manual has \(blocks.count) blocks of commands: is the mark still sh?")
        for command in blocks.flatMap({ $0.split(separator: "\n") }) {
            let run = try await likeness.shell(String(command), variables: variables)
            // One of the pictures is damaged on purpose: then an ingest has status 2, which the manual explains. The doctor
            // comes before there is a schema, and says so with status 1.
            let expected: Int32 = command.hasPrefix("likeness ingest") ? 2 : command == "likeness doctor" ? 1 : 0
            #expect(run.status == expected, "\(command)\n\(run.errors)")
        }
    }

    @Test func `the files that the manual names are there`() throws {
        for name in [
            "Scripts/demo", "Scripts/test", "Scripts/install-packages", "Documentation/Measurements.md",
            "Documentation/Decisions.md", "Documentation/Indexes.md", "Documentation/Lineage.md",
        ] {
            #expect(try manual.contains(name))
            let file = SharedData.packageRoot.appending(name).string
            #expect(throws: Never.self) { try FileDescriptor.open(file, .readOnly).close() }
        }
    }

    @Test func `the scripts explain themselves`() async throws {
        let likeness = LikenessBinary(home: "/nonexistent")
        for script in [
            "demo", "test", "install-packages", "sanitize-seams", "measure", "measure-indexes", "measure-reports",
            "measure-lineage",
            "crash",
        ] {
            let path = SharedData.packageRoot.appending("Scripts/\(script)").string
            let run = try await likeness.shell("bash '\(path)' --help")
            #expect(run.status == 0)
            #expect(run.output.hasPrefix("Usage: Scripts/\(script)"), "\(run.output)")
        }
    }
}
