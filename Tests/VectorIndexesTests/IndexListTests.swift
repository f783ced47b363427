import SystemPackage
import Testing
import VectorIndexes

/// Creating, naming and dropping indexes.
@Suite struct IndexListTests {
    @Test func `indexes are created, listed by name and dropped`() throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        try writer.append(ids: ids([1]), vectors: [1, 1])
        for name in ["zebra", "default", "a_1-b"] { try writer.add(.init(name: name, type: .flat)) }
        try writer.publish()
        let store = try scratch.open()
        #expect(store.manifest.indexes.map(\.specification.name) == ["a_1-b", "default", "zebra"])
        let index = try store.index(named: "zebra")
        #expect(index.specification == .init(name: "zebra", type: .flat) && index.generation == 1 && index.count == 1)
        try writer.drop(named: "zebra")
        try writer.publish()
        #expect(throws: IndexError.noSuchIndex("zebra", have: ["a_1-b", "default"])) {
            try scratch.open().index(named: "zebra")
        }
        #expect(throws: IndexError.noSuchIndex("zebra", have: ["a_1-b", "default"])) { try writer.drop(named: "zebra") }
        #expect(throws: IndexError.indexExists("default")) { try writer.add(flat) }
    }

    @Test(arguments: ["", "Default", "a b", "../x", "vectors", "é", ".", String(repeating: "a", count: 64), "a\n"])
    func `a name that cannot be a folder's is refused`(name: String) throws {
        let writer = try Scratch().writer(2)
        #expect(throws: IndexError.unusableName(name)) { try writer.add(.init(name: name, type: .flat)) }
    }

    @Test func `names have up to 63 characters`() throws {
        let name = String(repeating: "a", count: 63)
        #expect(try IndexSpecification(name: name, type: .flat).validated().name == name)
    }

    @Test(arguments: [IndexType.hnsw, .ivfflat, .ivfpq])
    func `an index that is not built yet answers exactly`(type: IndexType) throws {
        let scratch = try Scratch()
        let writer = try scratch.writer(2)
        try writer.add(.init(name: "x", type: type))
        try writer.append(ids: ids([1, 2, 3]), vectors: [0, 1, 5, 5, 0, 2])
        try writer.publish()
        let index = try scratch.open().index(named: "x")
        #expect(try index.search([0, 1.5], k: 2)[0].map(\.id) == ids([1, 3]))
        #expect(index.generation == 0)
    }

    @Test func `a flat index has no parameters`() throws {
        let writer = try Scratch().writer(2)
        #expect(throws: IndexError.unknownParameter("nlist", type: .flat)) {
            try writer.add(.init(name: "x", type: .flat, parameters: ["nprobe": 1, "nlist": 100]))
        }
    }

    @Test(arguments: [0, -1, 65_537]) func `a dimension that no store can have is refused`(dimension: Int) throws {
        let scratch = try Scratch()
        #expect(throws: IndexError.outOfRange(name: "the dimension", value: dimension, allowed: 1...65_536)) {
            try scratch.writer(dimension)
        }
    }

    @Test(arguments: ["", ".hidden", "a/b", "é", "a b"])
    func `a model name that cannot be a folder's is refused`(model: String) throws {
        let scratch = try Scratch()
        #expect(throws: IndexError.unusableModelName(model)) {
            try StoreWriter.open(
                scratch.store, identity: StoreIdentity(model: model, modelIdentity: "", dimension: 2), fence: 1)
        }
    }
}
