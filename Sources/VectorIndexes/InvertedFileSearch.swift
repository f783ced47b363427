import CKernels
import Dispatch

/// IVFFlat and IVFPQ as readers ask them: only the lists around the nearest centroids are read.
///
/// Distances in answers are exact and those that ``FlatIndex`` gives, bit for bit. With nprobe = nlist, IVFFlat is an
/// exact search. IVFPQ estimates the distances of all rows in the probed lists from their codes and computes those of the
/// `rerank` × k nearest estimates.
struct InvertedFile: TunableIndex {
    let lists: InvertedFileLists
    let nprobe: Int
    let rerank: Int

    init(_ lists: InvertedFileLists) {
        self.lists = lists
        nprobe = min(max(1, lists.built.parameters["nprobe"] ?? 1), lists.shape.nlist)
        rerank = max(1, lists.built.parameters["rerank"] ?? IndexParameters.defaultRerank)
    }

    private init(_ lists: InvertedFileLists, nprobe: Int, rerank: Int) {
        self.lists = lists
        self.nprobe = nprobe
        self.rerank = rerank
    }

    func with(parameters: [String: Int]) -> InvertedFile {
        InvertedFile(
            lists, nprobe: min(max(1, parameters["nprobe"] ?? nprobe), lists.shape.nlist),
            rerank: max(1, parameters["rerank"] ?? rerank))
    }

    var specification: IndexSpecification { lists.entry.specification }
    var generation: Int { lists.entry.generation }
    var count: Int { lists.count }
    var dimension: Int { lists.shape.dimension }

    func search(_ queries: [Float], k: Int, filter: IDFilter?, threads: Int) throws(IndexError) -> [[Neighbor]] {
        try validate(queries: queries, dimension: dimension, k: k, threads: threads)
        if case .among(let ids) = filter, ids.count <= max(256, count / lists.shape.nlist * nprobe) {
            // To find so few rows, the lists around the query would have to be read in vain.
            return try FlatIndex(lists.entry, over: lists.store)
                .search(queries, k: k, filter: filter, threads: threads)
        }
        let asked = queries.count / dimension
        var answers = [[Neighbor]](repeating: [], count: asked)
        queries.withUnsafeBufferPointer { queries in
            answers.withUnsafeMutableBufferPointer { answers in
                // Safe to share: threads read the same queries, and each writes the answers to its own.
                nonisolated(unsafe) let shared = (queries: queries, answers: answers)
                // Queries are shared out when there are enough of them, which needs no waiting in between.
                let workers = asked >= threads ? threads : 1
                let ask = { @Sendable (query: Int) in
                    let values = shared.queries[query * dimension..<(query + 1) * dimension]
                    shared.answers[query] = answer(
                        UnsafeBufferPointer(rebasing: values), k, filter, threads: workers > 1 ? 1 : threads)
                }
                if workers == 1 || asked == 1 {
                    for query in 0..<asked { ask(query) }
                } else {
                    DispatchQueue.concurrentPerform(iterations: workers) { worker in
                        for query in stride(from: worker, to: asked, by: workers) { ask(query) }
                    }
                }
            }
        }
        return answers
    }

    private func answer(
        _ query: UnsafeBufferPointer<Float>, _ k: Int, _ filter: IDFilter?, threads: Int
    ) -> [Neighbor] {
        let distances = centroidDistances(query, threads)
        var probed = ProbedRows(lists, filter)
        for list in nearestLists(distances, nprobe) { probed.add(list) }
        if probed.admitted < k, nprobe < lists.shape.nlist {
            for list in nearestLists(distances, lists.shape.nlist).dropFirst(nprobe) where probed.admitted < k {
                probed.add(list)
            }
        }
        let candidates =
            lists.shape.m == 0 ? probed.entries() : bestEstimates(query, distances, probed, capacity: rerank * k)
        var exact = [Float](repeating: 0, count: candidates.count)
        let addresses = candidates.map { lists.vectors[$0] }
        addresses.withUnsafeBufferPointer { addresses in
            exact.withUnsafeMutableBufferPointer { exact in
                Kernels.squaredDistances(
                    from: query, to: addresses, dimension: dimension, threads: threads, into: exact)
            }
        }
        var nearest = NearestNeighbors(k)
        for (distance, entry) in zip(exact, candidates) where !(distance > nearest.bound) {
            nearest.offer(lists.id(entry), at: distance)
        }
        return withExtendedLifetime(lists) { nearest.sorted() }
    }

    private func centroidDistances(_ query: UnsafeBufferPointer<Float>, _ threads: Int) -> [Float] {
        var distances = [Float](repeating: 0, count: lists.shape.nlist)
        let centroids = lists.base.centroids
        let addresses = (0..<lists.shape.nlist).map { centroids + $0 * dimension }
        addresses.withUnsafeBufferPointer { addresses in
            distances.withUnsafeMutableBufferPointer { distances in
                Kernels.squaredDistances(
                    from: query, to: addresses, dimension: dimension, threads: threads, into: distances)
            }
        }
        return distances
    }

    /// The nearest lists, nearest first, among equally near ones by number.
    private func nearestLists(_ distances: [Float], _ count: Int) -> [Int] {
        var nearest = NearestNeighbors(count)
        for (list, distance) in distances.enumerated() where !(distance > nearest.bound) {
            nearest.offer(VectorID(Int64(list)), at: distance)
        }
        return nearest.sorted().map { Int($0.id.rawValue) }
    }

    /// The admitted entries with the smallest estimates.
    private func bestEstimates(
        _ query: UnsafeBufferPointer<Float>, _ centroidDistances: [Float], _ probed: ProbedRows, capacity: Int
    ) -> [Int] {
        // All of them will be computed: estimates would change nothing.
        if capacity >= probed.admitted { return probed.entries() }
        let shape = lists.shape
        let table = productTable(query)
        let estimate = lk_list_kernels_of_this_cpu().pointee.estimate
        var nearest = NearestNeighbors(capacity)
        var estimates: [Float] = []
        guard let records = lists.records.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return [] }
        lists.ordinals.withUnsafeBufferPointer { ordinals in
            guard let ordinals = ordinals.baseAddress else { return }
            for list in probed.lists {
                let entries = lists.entries(of: list)
                if estimates.count < entries.count { estimates = [Float](repeating: 0, count: entries.count) }
                estimate(
                    table, shape.entries, records + InvertedFileShape.termOffset, shape.recordSize,
                    ordinals + entries.lowerBound, entries.count, shape.m, centroidDistances[list], &estimates)
                for (place, entry) in entries.enumerated()
                where !(estimates[place] > nearest.bound) && probed.admits(entry) {
                    nearest.offer(VectorID(Int64(entry)), at: estimates[place])
                }
            }
        }
        return nearest.sorted().map { Int($0.id.rawValue) }.sorted()
    }

    /// The query's inner product with each entry of each codebook: m × entries.
    private func productTable(_ query: UnsafeBufferPointer<Float>) -> [Float] {
        let shape = lists.shape
        let products = lk_kernels_of_this_cpu().pointee.inner_product_rows
        return [Float](unsafeUninitializedCapacity: shape.m * shape.entries) { table, count in
            if let query = query.baseAddress, let table = table.baseAddress {
                for code in 0..<shape.m {
                    products(
                        query + code * shape.codeDimension,
                        lists.base.codebooks + code * shape.entries * shape.codeDimension, shape.codeDimension,
                        shape.entries, shape.codeDimension, table + code * shape.entries)
                }
            }
            count = shape.m * shape.entries
        }
    }
}

/// The rows of the lists that a query looks into.
private struct ProbedRows {
    private(set) var lists: [Int] = []
    /// Rows that may be in the answer.
    private(set) var admitted = 0
    private let index: InvertedFileLists
    private let filter: IDFilter?

    init(_ index: InvertedFileLists, _ filter: IDFilter?) {
        self.index = index
        self.filter = filter
    }

    mutating func add(_ list: Int) {
        let entries = index.entries(of: list)
        lists.append(list)
        admitted += filter == nil ? entries.count : entries.count { admits($0) }
    }

    func admits(_ entry: Int) -> Bool { filter?.admits(index.id(entry)) ?? true }

    /// The rows that may be in the answer.
    func entries() -> [Int] {
        var entries: [Int] = []
        entries.reserveCapacity(admitted)
        for list in lists {
            if filter == nil {
                entries += index.entries(of: list)
            } else {
                entries += index.entries(of: list).filter { admits($0) }
            }
        }
        return entries
    }
}
