import Catalog
import FoundationEssentials
import IndexSync
import Postgres
import SystemPackage
import TestSupport
import Testing
import VectorIndexes

/// `likeness index export` as people run it.
@Suite struct IndexExportCommandTests {
    private struct Answer: Decodable, Equatable {
        let index: String
        let type: String
        let file: String
        let rows: Int
        let bytes: Int
    }

    @Test func `an index is exported once, and again only by force`() async throws {
        let test = try SyncCatalog()
        let likeness = LikenessBinary(home: test.home.path)
        let file = test.home.path.appending("default.faiss")
        func export(_ name: String, to file: FilePath, _ more: String...) async throws -> LikenessBinary.Run {
            try await likeness.run(
                ["index", "export", name, "--output", file.string, "--database-url", test.database.target.url] + more)
        }

        for number in 0..<5 { try test.catalog.insert(direction(number), model: test.model.id) }
        let early = try await export("default", to: file)
        #expect(early.status == 1 && early.errors.contains("there is no index of model small"), "\(early.errors)")
        _ = try await IndexSync(database: Database(test.database.target), folders: test.folders).once()
        let first = try await export("default", to: file, "--format", "json")
        #expect(first.status == 0 && first.errors.isEmpty, "\(first.errors)")
        let read = try ReadFaissFile(file)
        #expect(read.count == 5 && read.className == "IndexFlatL2")
        #expect(try read.search(direction(3), k: 1).first?.first?.distance == 0)
        let bytes = try Data(contentsOf: URL(filePath: file.string)).count
        #expect(
            try JSONDecoder().decode(Answer.self, from: Data(first.output.utf8))
                == Answer(index: "default", type: "flat", file: file.string, rows: 5, bytes: bytes))

        let second = try await export("default", to: file)
        #expect(second.status == 73)
        #expect(
            second.errors == """
                error: \(file.string) is there already
                hint: Write over it: likeness index export default --output \(file.string) --force

                """)
        let forced = try await export("default", to: file, "--force")
        #expect(forced.status == 0 && forced.output.hasPrefix("wrote 5 rows as flat to \(file.string): "))

        let nowhere = try await export("default", to: test.home.path.appending("no").appending("such"))
        #expect(nowhere.status == 73 && nowhere.errors.contains("no such file or directory"), "\(nowhere.errors)")
        let unknown = try await export("other", to: file)
        #expect(unknown.status == 1 && unknown.errors.contains("other"), "\(unknown.errors)")
    }
}
