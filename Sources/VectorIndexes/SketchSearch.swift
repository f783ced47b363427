import CKernels
import Synchronization

/// Exact search that reads a sketch of every row, and of the rows only those that the sketches do not rule out.
///
/// A sketch bounds a row's distance from below. The k rows with the smallest bounds are computed; a row whose bound is
/// above the k-th distance, rounding considered, is not among the nearest; the others are computed, smallest bound first,
/// which lowers the k-th distance further. So the answer is that of a scan of all rows, bit for bit, whatever the sketches
/// were made with.
final class SketchSearch: Sendable {
    private let chunks: [OpenChunk]
    let sketches: StoreSketches
    private let dimension: Int
    /// For each chunk the number of rows before it, and at last the number of all rows.
    private let starts: [Int]
    /// Memory of searches that have ended, for those to come.
    private let spare = Mutex<[SketchSearchMemory]>([])

    /// - Parameter sketches: of these chunks, in their order.
    init(_ chunks: [OpenChunk], _ sketches: StoreSketches, dimension: Int) {
        self.chunks = chunks
        self.sketches = sketches
        self.dimension = dimension
        starts = chunks.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.rows) }
    }

    /// Refuses damaged sketches; to be called before a search.
    func check() throws(IndexError) { try sketches.check() }

    /// The k nearest live rows that the filter admits, and how many distances were computed to find them.
    ///
    /// - Parameters:
    ///   - query: finite values.
    ///   - distance: rows beyond this squared distance may be left out.
    func nearest(
        to query: UnsafePointer<Float>, k: Int, filter: IDFilter?, within distance: Float = .infinity, threads: Int
    ) -> (neighbors: [Neighbor], computed: Int) {
        let memory =
            spare.withLock { $0.popLast() } ?? SketchSearchMemory(rows: rowCount, projection: sketches.projection)
        defer { spare.withLock { $0.append(memory) } }
        let slack = memory.query.set(query, sketches.projection) + sketches.slack
        computeBounds(memory, threads)

        var nearest = NearestNeighbors(k)
        memory.keys.removeAll(keepingCapacity: true)
        let firstCount = collectSmallest(k, filter, memory)
        compute(memory.keys[...], query, memory, threads, &nearest)
        guard firstCount == k, let last = memory.keys.last else { return (nearest.sorted(), firstCount) }

        var threshold = threshold(nearest, distance, slack)
        memory.keys.removeAll(keepingCapacity: true)
        collect(notAbove: threshold, behind: last, filter, memory)
        memory.keys.sort()
        var computed = firstCount
        var rest = memory.keys[...]
        while let next = rest.first, next.bound <= threshold {
            // A look at the threshold after a few rows at first, then after so many that looking costs nothing.
            let step = rest.prefix(max(16, min(1_024, computed / 4))).prefix { $0.bound <= threshold }
            compute(step, query, memory, threads, &nearest)
            computed += step.count
            rest = rest.dropFirst(step.count)
            threshold = self.threshold(nearest, distance, slack)
        }
        return (nearest.sorted(), computed)
    }

    /// The share of `rows` live rows whose distances are computed, on average over the queries; 0 for none.
    func survivorShare(_ queries: [Float], k: Int, of rows: Int) throws(IndexError) -> Double {
        try check()
        let asked = queries.count / dimension
        guard asked > 0, rows > 0 else { return 0 }
        let computed = queries.withUnsafeBufferPointer { queries in
            (0..<asked).reduce(0) { sum, query in
                guard let start = queries.baseAddress else { return sum }
                return sum + nearest(to: start + query * dimension, k: k, filter: nil, threads: 1).computed
            }
        }
        return Double(computed) / Double(asked * rows)
    }

    private var rowCount: Int { starts[chunks.count] }

    private func threshold(_ nearest: NearestNeighbors, _ distance: Float, _ slack: Double) -> Float {
        lk_bound_threshold(min(nearest.bound, distance), slack, sketches.projection.m, dimension)
    }

    /// Sets the bounds of all rows.
    private func computeBounds(_ memory: SketchSearchMemory, _ threads: Int) {
        // Waking another thread costs more than reading this many bytes does.
        let workers = rowCount * sketches.projection.m < 1 << 21 ? 1 : threads
        // Safe to share: each part of the rows has its own part of the bounds; the rest is only read.
        nonisolated(unsafe) let shared = (query: memory.query.codes, terms: memory.query.terms, bounds: memory.bounds)
        for (place, chunk) in sketches.chunks.enumerated() {
            let start = starts[place]
            Kernels.shareOut(chunk.rows, inPartsOf: workers == 1 ? chunk.rows : 2_048, among: workers) { rows in
                chunk.bounds(shared.query, shared.terms, rows, into: shared.bounds + start + rows.lowerBound)
            }
        }
    }

    /// Puts the k rows with the smallest bounds among the keys, in order, and says how many they are.
    private func collectSmallest(_ k: Int, _ filter: IDFilter?, _ memory: SketchSearchMemory) -> Int {
        var smallest = SmallestKeys(k, memory.keys)
        memory.keys = []
        forEachRow(memory, threshold: { smallest.bound }) { key, chunk, row in
            if smallest.admits(key), Self.admits(chunk, row, filter) { smallest.offer(key) }
        }
        memory.keys = smallest.keys
        memory.keys.sort()
        return memory.keys.count
    }

    /// Adds the rows whose bounds are not above a threshold to the keys, but for those up to `last`.
    private func collect(
        notAbove threshold: Float, behind last: BoundKey, _ filter: IDFilter?, _ memory: SketchSearchMemory
    ) {
        forEachRow(memory, threshold: { threshold }) { key, chunk, row in
            if key > last, Self.admits(chunk, row, filter) { memory.keys.append(key) }
        }
    }

    /// Calls `body` with the rows whose bounds are not above a threshold, which is asked for again after some rows.
    private func forEachRow(
        _ memory: SketchSearchMemory, threshold: () -> Float, _ body: (BoundKey, OpenChunk, Int) -> Void
    ) {
        let select = lk_kernels_of_this_cpu().pointee.select
        for (place, chunk) in chunks.enumerated() {
            var first = starts[place]
            while first < starts[place + 1] {
                let count = min(SketchSearchMemory.blockLength, starts[place + 1] - first)
                let selected = select(memory.bounds + first, count, threshold(), UInt32(first), memory.selected)
                for row in UnsafeBufferPointer(start: memory.selected, count: selected) {
                    body(BoundKey(memory.bounds[Int(row)], row), chunk, Int(row) - starts[place])
                }
                first += count
            }
        }
    }

    private static func admits(_ chunk: OpenChunk, _ row: Int, _ filter: IDFilter?) -> Bool {
        if chunk.tombstones.count > 0, chunk.tombstones.contains(row) { return false }
        return filter?.admits(chunk.id(row)) ?? true
    }

    /// Computes the distances of some rows and offers them.
    private func compute(
        _ keys: ArraySlice<BoundKey>, _ query: UnsafePointer<Float>, _ memory: SketchSearchMemory, _ threads: Int,
        _ nearest: inout NearestNeighbors
    ) {
        memory.rows.removeAll(keepingCapacity: true)
        memory.addresses.removeAll(keepingCapacity: true)
        for key in keys {
            let place = self.place(of: Int(key.row))
            memory.rows.append(place)
            memory.addresses.append(chunks[place.chunk].vectors + place.row * dimension)
        }
        if memory.distances.count < keys.count {
            memory.distances = [Float](repeating: 0, count: max(keys.count, 2 * memory.distances.count))
        }
        memory.addresses.withUnsafeBufferPointer { addresses in
            memory.distances.withUnsafeMutableBufferPointer { distances in
                Kernels.squaredDistances(
                    from: UnsafeBufferPointer(start: query, count: dimension), to: addresses, dimension: dimension,
                    threads: threads, into: distances)
            }
        }
        for (row, distance) in zip(memory.rows, memory.distances) where !(distance > nearest.bound) {
            nearest.offer(chunks[row.chunk].id(row.row), at: distance)
        }
    }

    /// The chunk of a row that is counted over all chunks, and its number there.
    private func place(of row: Int) -> (chunk: Int, row: Int) {
        var (low, high) = (0, chunks.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if starts[middle] <= row { low = middle } else { high = middle - 1 }
        }
        return (low, row - starts[low])
    }
}

/// A row and its bound in one number, ordered by the bound, then by the row.
struct BoundKey: Comparable {
    private let rawValue: UInt64

    /// - Parameter bound: 0 or more; NaN, which rules nothing out, comes first as 0.
    init(_ bound: Float, _ row: UInt32) {
        // Bits of numbers from 0 on are ordered as the numbers are.
        rawValue = UInt64((bound > 0 ? bound : 0).bitPattern) << 32 | UInt64(row)
    }

    var row: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
    var bound: Float { Float(bitPattern: UInt32(rawValue >> 32)) }

    static func < (left: BoundKey, right: BoundKey) -> Bool { left.rawValue < right.rawValue }
}

/// The smallest of the keys it was offered: a heap with the greatest on top.
struct SmallestKeys {
    private let capacity: Int
    private(set) var keys: [BoundKey]

    /// - Parameter keys: an empty array whose memory may be used.
    init(_ capacity: Int, _ keys: [BoundKey]) {
        self.capacity = capacity
        self.keys = keys
    }

    /// A row whose bound is above this need not be offered.
    var bound: Float { keys.count < capacity ? .infinity : keys[0].bound }

    func admits(_ key: BoundKey) -> Bool { keys.count < capacity || key < keys[0] }

    /// Takes in a key that is admitted.
    mutating func offer(_ key: BoundKey) {
        if keys.count < capacity {
            keys.append(key)
            var place = keys.count - 1
            while place > 0, keys[(place - 1) / 2] < keys[place] {
                keys.swapAt(place, (place - 1) / 2)
                place = (place - 1) / 2
            }
        } else {
            sink(key)
        }
    }

    /// Puts a key in the place of the greatest.
    private mutating func sink(_ key: BoundKey) {
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < keys.count else { break }
            if child + 1 < keys.count, keys[child] < keys[child + 1] { child += 1 }
            guard key < keys[child] else { break }
            keys[place] = keys[child]
            place = child
        }
        keys[place] = key
    }
}

/// What one search at a time needs to remember. Never used by two threads at once.
final class SketchSearchMemory: @unchecked Sendable {
    /// Rows among which those with small bounds are looked for at a time.
    static let blockLength = 512

    /// One for each row.
    let bounds: UnsafeMutablePointer<Float>
    let selected: UnsafeMutablePointer<UInt32>
    let query: QuerySketch
    var keys: [BoundKey] = []
    var rows: [(chunk: Int, row: Int)] = []
    var addresses: [UnsafePointer<Float>] = []
    var distances: [Float] = []

    init(rows: Int, projection: SketchProjection) {
        bounds = .allocate(capacity: rows)
        selected = .allocate(capacity: Self.blockLength)
        query = QuerySketch(projection)
    }

    deinit {
        bounds.deallocate()
        selected.deallocate()
    }
}
