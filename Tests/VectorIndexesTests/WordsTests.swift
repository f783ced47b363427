import Faults
import SystemPackage
import Testing
import VectorIndexes

/// What people read when the indexes refuse something.
@Suite struct WordsTests {
    private static let file = FilePath("/home/x/indexes/m/manifest.json")

    @Test(arguments: [
        (
            IndexError.noSuchIndex("fp32", have: []),
            """
            error: there is no index "fp32"
            detail: There is no index at all.
            hint: Create it: likeness index create fp32 --type flat
            """
        ),
        (
            .noSuchIndex("fp32", have: ["a", "b"]),
            """
            error: there is no index "fp32"
            detail: There are: a, b.
            hint: List the indexes: likeness index list
            """
        ),
        (
            .unknownParameter("nlists", type: .ivfpq),
            """
            error: an index of type ivfpq has no parameter "nlists"
            detail: It has: nlist, nprobe, m, bits, rerank.
            """
        ),
        (
            .unknownParameter("M", type: .flat),
            """
            error: an index of type flat has no parameter "M"
            detail: It has none.
            """
        ),
        (
            .indivisible(dimension: 2048, by: 60),
            """
            error: m must divide the dimension 2048, not 60
            hint: Use --m 64 or --m 32
            """
        ),
        (
            .indivisible(dimension: 7, by: 2),
            """
            error: m must divide the dimension 7, not 2
            hint: Use --m 1 or --m 7
            """
        ),
        (.dimensionMismatch(expected: 2048, got: 512), "error: expected 2048 dimensions, not 512"),
        (
            .damaged(file, what: "differs from its checksum"),
            """
            error: /home/x/indexes/m/manifest.json differs from its checksum
            hint: Rebuild the files from PostgreSQL: likeness verify --repair
            """
        ),
        (
            .file(.write, file, .noSpace),
            """
            error: cannot write /home/x/indexes/m/manifest.json: no space left on device
            detail: What was published before is intact.
            hint: Make room: df -h /home/x/indexes/m
            """
        ),
        (
            .wrongModel(
                have: StoreIdentity(model: "a", modelIdentity: "1", dimension: 2),
                need: StoreIdentity(model: "b", modelIdentity: "1", dimension: 2)),
            """
            error: the indexes hold vectors of model a, not b
            hint: Rebuild the files from PostgreSQL: likeness verify --repair
            """
        ),
        (
            .typeUnavailable(.hnsw),
            """
            error: indexes of type hnsw cannot be created by this version
            detail: There is: flat, hnsw, ivfflat, ivfpq.
            hint: Create a flat index: likeness index create NAME --type flat
            """
        ),
        (
            .locked("/h", by: "process 12"),
            """
            error: the indexes in /h are being written by process 12
            hint: Try again when it has ended
            """
        ),
        (
            .fenced(have: 6, need: 5),
            "error: a writer with fencing number 6 has taken over the indexes from the one with 5"
        ),
        (.outOfRange(name: "k", value: 0, allowed: 1...10_000), "error: k must be from 1 to 10000, not 0"),
    ])
    func `a refusal reads like this`(error: IndexError, text: String) {
        #expect(error.description == text)
    }

    @Test func `daemons and scripts are told what to do`() {
        #expect(IndexError.damaged(Self.file, what: "x").recovery == .rebuildIndex)
        #expect(IndexError.file(.write, Self.file, .noSpace).recovery == .retryLater)
        #expect(IndexError.file(.write, Self.file, .permissionDenied).recovery == .askOperator)
        #expect(IndexError.locked(Self.file, by: "x").recovery == .retryLater)
        #expect(IndexError.notFinite(id: VectorID(1), component: 2).recovery == .quarantineItem)
        #expect(IndexError.locked(Self.file, by: "x").exitStatus == .tryAgain)
        #expect(IndexError.file(.write, Self.file, .noSpace).exitStatus == .cannotWrite)
        #expect(IndexError.outOfRange(name: "k", value: 0, allowed: 1...2).exitStatus == .usage)
        #expect(IndexError.indivisible(dimension: 4, by: 3).exitStatus == .usage)
        #expect(IndexError.damaged(Self.file, what: "x").exitStatus == .failed)
    }

    @Test func `names of any bytes stay on one line`() {
        let path = "/a\nb/\u{1B}[31m"
        #expect(IndexError.damaged(FilePath(path), what: "x").message == "/a\\nb/\\u{1B}[31m x")
        #expect(IndexError.noSuchIndex("a\nb", have: ["x"]).message == "there is no index \"a\\nb\"")
    }
}
