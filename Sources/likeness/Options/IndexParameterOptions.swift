import ArgumentParser
import VectorIndexes

/// The numbers that shape an index, by the names that faiss has for them.
struct IndexParameterOptions: ParsableArguments {
    @Option(name: .customLong("M"), help: "hnsw: neighbors of a row in the graph, 4 to 128. (default: 32)")
    var links: Int?

    @Option(help: "hnsw: candidates while a row is linked, 8 to 4096. (default: 80)")
    var efConstruction: Int?

    @Option(help: "hnsw: candidates while a query walks the graph, 1 to 10000. (default: 64)")
    var efSearch: Int?

    @Option(help: "ivfflat, ivfpq: lists. (default: about 4 times the root of the rows)")
    var nlist: Int?

    @Option(help: "ivfflat, ivfpq: lists that a query reads. (default: measured at training)")
    var nprobe: Int?

    @Option(name: .customLong("m"), help: "ivfpq: parts of a code; divides the dimension. (default: 64 for 2048)")
    var subquantizers: Int?

    @Option(help: "ivfpq: bits of a part, 4 to 8. (default: 8, fewer below 9,984 rows)")
    var bits: Int?

    @Option(help: "ivfpq: rows compared exactly for each neighbor asked for, 1 to 1000. (default: 8)")
    var rerank: Int?

    /// What was typed.
    var given: [String: Int] {
        var given = IndexParameters()
        given[.links] = links
        given[.efConstruction] = efConstruction
        given[.efSearch] = efSearch
        given[.nlist] = nlist
        given[.nprobe] = nprobe
        given[.subquantizers] = subquantizers
        given[.bits] = bits
        given[.rerank] = rerank
        return given.values
    }
}
