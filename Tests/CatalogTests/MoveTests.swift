import Catalog
import Postgres
import TestSupport
import Testing

struct MoveTests {
    private let databases = TestDatabases()

    @Test func `what is gone waits for files of its size in the queue, where its picture would be hidden`() throws {
        let test = try databases.catalog()
        let hiding = try test.openRoot(policy: .hide).id
        let keeping = try test.openRoot("/kept").id
        try test.sight([("a", "/pictures/a"), ("b", "/pictures/sub/b")], root: hiding)
        try test.sight([("c", "/kept/c")], root: keeping)
        func moved(_ moment: Timestamp) throws -> Set<String> {
            let paths = ["/pictures/a", "/kept/c", "/pictures/none"].map { Array($0.utf8) }
            return Set(
                try test.catalog.possiblyMoved(
                    paths, folders: [Array("/pictures/sub".utf8), Array("/pictures/none".utf8)], queuedUntil: moment
                ).map(\.text))
        }
        let before = try test.catalog.now()
        #expect(try moved(before).isEmpty)
        _ = try test.catalog.enqueue([.at("/kept/new", size: 999)], root: keeping, host: "here")
        #expect(try moved(test.catalog.now()).isEmpty)
        _ = try test.catalog.enqueue([.at("/kept/newer")], root: keeping, host: "here")
        #expect(try moved(test.catalog.now()) == ["/pictures/a", "/pictures/sub"])
        #expect(try moved(before).isEmpty)
        // What failed is not waited for.
        try test.postpone([keeping], by: .seconds(60), error: .init(errorClass: "disk", message: "x"))
        #expect(try moved(test.catalog.now()).isEmpty)
    }
}
