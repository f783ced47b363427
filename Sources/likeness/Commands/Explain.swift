import ArgumentParser
import Catalog
import Faults
import FolderWatching
import Glibc
import Postgres

struct Explain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells why a file is in the catalog, or why not.",
        discussion: """
            Looks at the file, at the rules that may ignore it, at the queue, at failures, at the pictures and at the indexes, \
            and says what stands in the way and what helps. A name that begins with a dash goes behind --.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Files, there or not.")
    var paths: [PathArgument]

    func run() async throws {
        let database = try await global.openDatabase()
        var explanations: [Explanation] = []
        for path in paths {
            let absolute = absolute(path.bytes)
            let facts = try await database.run { try Catalog($0).fileFacts(absolute) }
            let now = try await database.run { try Catalog($0).now() }
            explanations.append(Explanation(facts, verdict: verdict(on: absolute, facts), now: now))
        }
        switch try global.outputFormat {
        case .json: StandardOutput.write(try JSON.text(explanations))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["path", "state", "answer", "hint"],
                    rows: explanations.map { [$0.path, $0.state.rawValue, $0.answer, $0.hint ?? ""] }))
        case .table: StandardOutput.write(explanations.map(\.text).joined(separator: "\n"))
        }
    }

    /// What a watcher would make of it; below no root the folder that holds it stands for one.
    private func verdict(on path: [UInt8], _ facts: FileFacts) -> PathVerdict {
        let end = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
        let folder = end == 0 ? [UInt8(ascii: "/")] : Array(path[..<end])
        return PathVerdict.of(path, below: facts.root?.root.folder ?? folder, options: WatchOptions())
    }

    /// Absolute, with the links of its folder resolved, as the catalog has paths; the file itself need not be there.
    private func absolute(_ path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        let end = path.lastIndex(of: slash)
        let folder = end.map { $0 == 0 ? [slash] : Array(path[..<$0]) } ?? [UInt8(ascii: ".")]
        let name = path[(end.map { $0 + 1 } ?? 0)...]
        guard let resolved = withPath(folder, { realpath($0, nil) }) else {
            return path.first == slash ? path : workingFolder + [slash] + path
        }
        defer { free(resolved) }
        let bytes = UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map(UInt8.init(bitPattern:))
        return bytes == [slash] ? bytes + name : bytes + [slash] + name
    }

    private var workingFolder: [UInt8] {
        guard let folder = getcwd(nil, 0) else { return [] }
        defer { free(folder) }
        return UnsafeBufferPointer(start: folder, count: strlen(folder)).map(UInt8.init(bitPattern:))
    }
}
