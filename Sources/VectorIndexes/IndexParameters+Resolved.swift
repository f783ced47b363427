extension IndexParameters {
    /// Rows to train with for each centroid: below this k-means has too little to average. Source: faiss,
    /// `ClusteringParameters::min_points_per_centroid`.
    public static let rowsPerCentroid = 39
    /// Links of a graph's node on each level but the lowest, which has twice as many.
    public static let defaultLinks = 32
    /// Nodes that are kept in view while the neighbors of a new one are looked for.
    public static let defaultEfConstruction = 200
    /// Nodes that are kept in view while a query is answered.
    public static let defaultEfSearch = 64
    /// Rows that IVFPQ computes exactly for each one that is asked for. Of unrelated photographs at 64 codes, all lists
    /// probed, 10 find 98.0 % of the ten nearest and 20 find 99.5 %; with 10, twice the lists had to be probed for 98 %.
    public static let defaultRerank = 20
    /// Rows below which comparing with all of them is as fast as anything else.
    public static let rowsWhereFlatIsEnough = 10_000

    /// What an index over `rows` rows is built with, what is not given chosen from the rows there are.
    ///
    /// nlist is about 4 √rows, but leaves ``rowsPerCentroid`` rows for each list; m is the largest divisor of the
    /// dimension up to a 32nd of it, or up to 8; bits are 8, or as many as there are rows to train their 2^bits centroids; nprobe is left out unless
    /// it is given, for it is chosen by measuring. What is given is taken, with a notice when the rows do not support it:
    /// only what cannot be trained at all, more centroids than rows, is held to them.
    ///
    /// - Parameters:
    ///   - given: as ``IndexSpecification/validated(dimension:)`` has found it usable.
    ///   - rows: live rows, 0 or more.
    ///   - dimension: numbers in a vector, 1 or more.
    public static func resolved(
        for type: IndexType, given: [String: Int], rows: Int, dimension: Int
    ) -> (parameters: IndexParameters, notices: [IndexNotice]) {
        let given = IndexParameters(given)
        var resolved = IndexParameters()
        var notices: [IndexNotice] = []
        switch type {
        case .flat: break
        case .hnsw:
            resolved[.links] = given[.links] ?? defaultLinks
            resolved[.efConstruction] = given[.efConstruction] ?? defaultEfConstruction
            resolved[.efSearch] = given[.efSearch] ?? defaultEfSearch
        case .ivfflat: resolved.resolveLists(given, rows: rows, &notices)
        case .ivfpq:
            resolved.resolveLists(given, rows: rows, &notices)
            resolved[.subquantizers] = given[.subquantizers] ?? defaultSubquantizers(dimension: dimension)
            resolved.resolveBits(given, rows: rows, &notices)
            resolved[.rerank] = given[.rerank] ?? defaultRerank
        }
        if type != .flat, rows < rowsWhereFlatIsEnough { notices.append(.flatIsEnough(type, rows: rows)) }
        return (resolved, notices)
    }

    /// The number of lists that `rows` rows are divided into when nobody says otherwise: 1 or more.
    public static func defaultLists(rows: Int) -> Int {
        let wanted = Int((4 * Double(max(0, rows)).squareRoot()).rounded())
        return min(max(1, min(wanted, rows / rowsPerCentroid)), range(of: .nlist).upperBound)
    }

    private static func defaultSubquantizers(dimension: Int) -> Int {
        // Of few dimensions 8 codes, or as many as there are, still leave enough to re-rank well.
        let limit = max(dimension / 32, min(dimension, 8))
        return divisors(of: dimension).last { $0 <= limit } ?? 1
    }

    private mutating func resolveLists(_ given: IndexParameters, rows: Int, _ notices: inout [IndexNotice]) {
        let asked = given[.nlist] ?? Self.defaultLists(rows: rows)
        let nlist = min(asked, max(1, rows))
        self[.nlist] = nlist
        if asked > 1, rows < asked * Self.rowsPerCentroid {
            notices.append(.fewRowsForLists(nlist: asked, used: nlist, rows: rows))
        }
        guard let nprobe = given[.nprobe] else { return }
        self[.nprobe] = min(nprobe, nlist)
        if nprobe > nlist { notices.append(.fewerListsThanProbes(nprobe: nprobe, nlist: nlist, rows: rows)) }
    }

    private mutating func resolveBits(_ given: IndexParameters, rows: Int, _ notices: inout [IndexNotice]) {
        // Fewer bits than 4 save next to nothing: only a person asks for them.
        func most(_ rowsPerCentroid: Int) -> Int { (4...8).last { rows >= rowsPerCentroid << $0 } ?? 4 }
        let asked = given[.bits] ?? most(Self.rowsPerCentroid)
        let bits = min(asked, most(1))
        self[.bits] = bits
        if given[.bits] != nil, rows < Self.rowsPerCentroid << asked {
            notices.append(.fewRowsForCodes(bits: asked, used: bits, rows: rows))
        }
    }
}
