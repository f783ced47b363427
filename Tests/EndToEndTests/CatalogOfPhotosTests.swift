import FoundationEssentials
import Glibc
import Imaging
import SystemPackage
import TestSupport
import Testing

/// The whole chain with its real parts: photos, weights, network, PostgreSQL, index files, the built binary.
@Suite(.serialized) final class CatalogOfPhotosTests: Sendable {
    private let home: HomeWithDatabase
    private let likeness: LikenessBinary
    private let photos: TemporaryFolder

    /// A home with a dozen photos in a folder that the tests may change.
    init() throws {
        home = try HomeWithDatabase()
        likeness = LikenessBinary(
            home: home.path,
            environment: ["LIKENESS_MODEL": try SharedData.path("models/resnet50-pqf.safetensors").string])
        photos = try TemporaryFolder()
        for number in 1...6 {
            for kind in ["truck", "bike"] {
                try copy("photos/vehicles/\(kind)/\(kind)\(number).jpg", as: "\(kind)\(number).jpg")
            }
        }
    }

    private func copy(_ shared: String, as name: String) throws {
        let bytes = try FileContent.read(Array(try SharedData.path(shared).string.utf8)).bytes
        try Data(bytes).write(to: URL(filePath: photos.path.appending(name).string))
    }

    private struct Summary: Decodable, Equatable {
        let seen: Int
        let added: Int
        let unchanged: Int
        let copies: Int
        let failed: Int
    }

    private func ingest(_ arguments: String..., expecting status: Int32 = 0) async throws -> Summary {
        let run = try await likeness.run(["ingest", "--format", "json"] + arguments)
        #expect(run.status == status, "\(run.errors)")
        return try JSONDecoder().decode(Summary.self, from: Data(run.output.utf8))
    }

    private struct Answer: Decodable {
        struct Result: Decodable {
            let image_id: Int64
            let distance: Float
            let path: String?
            let content_sha256: String
        }
        let query: String?
        let query_id: Int64?
        let pending: Int
        let results: [Result]
    }

    private func query(_ arguments: String...) async throws -> [Answer] {
        let run = try await likeness.run(["query", "--format", "json"] + arguments)
        #expect(run.status == 0, "\(run.errors)")
        return try JSONDecoder().decode([Answer].self, from: Data(run.output.utf8))
    }

    private func sync() async throws {
        let run = try await likeness("sync", "--once")
        #expect(run.status == 0, "\(run.errors)")
        let verified = try await likeness("verify")
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    }

    @Test func `a folder becomes a catalog that finds its pictures, follows changes and mends its files`() async throws
    {
        let folder = photos.path.string
        #expect(try await ingest(folder) == Summary(seen: 12, added: 12, unchanged: 0, copies: 0, failed: 0))
        #expect(try await ingest(folder) == Summary(seen: 12, added: 0, unchanged: 12, copies: 0, failed: 0))

        let early = try await likeness("query", folder + "/truck1.jpg")
        #expect(early.status == 1)
        #expect(early.errors.contains("likeness index create NAME --type flat --model resnet50-"))
        #expect(try await likeness("index", "create", "default", "--type", "flat").status == 0)
        let unbuilt = try await likeness("query", folder + "/truck1.jpg")
        #expect(unbuilt.status == 1)
        #expect(unbuilt.errors.contains("hint: Build it: likeness sync --once"))
        try await sync()

        try await findsItself(folder)
        try await seesWhatIsNew(folder)
        try await namesOneFailureAndDoesTheRest(folder)
        try await forgetsWhatIsDeleted(folder)
        try await mendsDamagedFiles(folder)
    }

    private func findsItself(_ folder: String) async throws {
        for kind in ["truck", "bike"] {
            for number in 1...6 {
                let path = "\(folder)/\(kind)\(number).jpg"
                let answer = try #require(try await query("-k", "3", path).first)
                #expect(answer.results.count == 3)
                #expect(answer.results[0].distance == 0)
                #expect(answer.results[0].path == path)
                #expect(answer.results[0].image_id == answer.query_id)
                #expect(answer.results.map(\.distance) == answer.results.map(\.distance).sorted())
                #expect(answer.pending == 0)
            }
        }
        let twice = [
            try await likeness("query", "--format", "csv", folder + "/bike2.jpg"),
            try await likeness("query", "--format", "csv", folder + "/bike2.jpg"),
        ]
        #expect(twice[0].output == twice[1].output && !twice[0].output.isEmpty)
        // A picture that the catalog does not have is embedded, and its neighbors are of its kind.
        let stranger = try SharedData.path("photos/vehicles/bike/bike50.jpg").string
        let answer = try #require(try await query("-k", "4", stranger).first)
        #expect(answer.query_id == nil)
        #expect(answer.results.allSatisfy { $0.distance > 0 && $0.path?.contains("/bike") == true })
        let both = try await query("--id", "1", "--id", "2")
        #expect(both.map(\.query_id) == [1, 2])
        #expect(both.allSatisfy { $0.results.first?.distance == 0 && $0.results.count == 5 && $0.query == nil })
    }

    private func seesWhatIsNew(_ folder: String) async throws {
        try copy("photos/vehicles/car/car1.jpg", as: "car1.jpg")
        try copy("photos/vehicles/car/car1.jpg", as: "a copy of car1 with 'quotes' \"and\"\na newline.jpg")
        #expect(try await ingest(folder) == Summary(seen: 14, added: 1, unchanged: 12, copies: 1, failed: 0))
        let before = try #require(try await query("-k", "20", folder + "/car1.jpg").first)
        #expect(before.pending == 1)
        #expect(before.results.count == 12)
        try await sync()
        let after = try #require(try await query("-k", "20", folder + "/car1.jpg").first)
        #expect(after.pending == 0)
        #expect(after.results.count == 13)
        #expect(after.results[0].distance == 0)
    }

    private func namesOneFailureAndDoesTheRest(_ folder: String) async throws {
        try Data("no picture".utf8).write(to: URL(filePath: folder + "/not-a-picture.jpg"))
        try Data().write(to: URL(filePath: folder + "/empty.jpg"))
        let whole = try FileContent.read(Array((folder + "/truck1.jpg").utf8)).bytes
        try Data(whole.prefix(whole.count / 2)).write(to: URL(filePath: folder + "/half.jpg"))
        try Data("notes".utf8).write(to: URL(filePath: folder + "/notes.txt"))
        try copy("photos/vehicles/car/car2.jpg", as: "--json")
        let run = try await likeness("ingest", "--format", "json", folder, folder + "/nowhere")
        #expect(run.status == 2)
        let summary = try JSONDecoder().decode(Summary.self, from: Data(run.output.utf8))
        #expect(summary == Summary(seen: 19, added: 1, unchanged: 14, copies: 0, failed: 4))
        for words in [
            "\(folder)/not-a-picture.jpg: not an image: begins with 6e 6f 20 70",
            "\(folder)/empty.jpg: the file is empty",
            "\(folder)/half.jpg: the file is cut off", "\(folder)/nowhere: no such file or directory",
        ] {
            #expect(run.errors.contains("error: " + words), "\(words) is missing in \(run.errors)")
        }
        let status = try await likeness("status")
        #expect(
            status.output.contains("failures  1 empty, 1 not_an_image, 1 truncated, 1 unreadable\n"), "\(status.output)"
        )
        let none = try await likeness("ingest", folder + "/nowhere")
        #expect(none.status == 1)
    }

    private func forgetsWhatIsDeleted(_ folder: String) async throws {
        try await sync()
        let car = try #require(try await query("-k", "1", folder + "/car1.jpg").first?.results.first)
        let deleted = try await likeness(
            "db", "psql", "--", "-qc", "delete from likeness.images where id = \(car.image_id)")
        #expect(deleted.status == 0, "\(deleted.errors)")
        // At once, although the index has not seen it: k pictures are found all the same.
        let before = try #require(try await query("--id", "1", "-k", "13").first)
        #expect(before.pending == 1)
        #expect(before.results.count == 13)
        #expect(!before.results.contains { $0.image_id == car.image_id })
        try await sync()
        let after = try #require(try await query("--id", "1", "-k", "20").first)
        #expect(after.results.count == 13 && after.pending == 0)
    }

    private func mendsDamagedFiles(_ folder: String) async throws {
        let store = home.path.appending("indexes/resnet50-bf16")
        let model = access(store.string, F_OK) == 0 ? "resnet50-bf16" : "resnet50-fp32"
        let vectors = home.path.appending("indexes/\(model)/vectors/00000001.vectors")
        let file = try FileDescriptor.open(vectors, .readWrite)
        try file.closeAfter { _ = try file.writeAll(toAbsoluteOffset: 4096 + 100, [0x5A, 0x5A, 0x5A, 0x5A]) }
        let damaged = try await likeness("verify")
        #expect(damaged.status == 1)
        #expect(damaged.errors.contains("00000001.vectors") && damaged.errors.contains("verify --repair"))
        #expect(try await likeness("verify", "--repair").status == 0)
        #expect(try await likeness("verify").status == 0)

        // Structure that is damaged while the manifest is sound.
        let folder = home.path.appending("indexes/\(model)/vectors")
        let name = try FileManager.default.contentsOfDirectory(atPath: folder.string).first { $0.hasSuffix(".records") }
        let records = try FileDescriptor.open(folder.appending(try #require(name)), .readWrite)
        try records.closeAfter { _ = try records.writeAll(toAbsoluteOffset: 70, [0x5A, 0x5A]) }
        #expect(try await likeness("verify").status == 1)
        try await sync()

        try Data("{".utf8).write(to: URL(filePath: home.path.appending("indexes/\(model)/manifest.json").string))
        let refused = try await likeness("query", "--id", "1")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("manifest.json"))
        try await sync()
        #expect(try await query("--id", "1").first?.results.first?.distance == 0)
    }
}
