import CKernels

/// Finds the directions along which a sample of a store's rows differs most, and how many of them a sketch wants.
struct SketchTraining {
    /// Rows of the sample, at most.
    private static let sampledRows = 8_192
    /// Values of the sample, at most: 64 MiB.
    private static let sampledValues = 1 << 24
    /// Queries that the number of directions is chosen with.
    private static let queryCount = 32

    private let dimension: Int
    private let liveCount: Int
    private let control: BuildControl
    private let center: [Float]
    /// Rows of the sample, n × dimension, without the center and scaled so that none is longer than 1.
    private let sample: [Float]

    init(_ store: VectorStore, _ control: BuildControl) throws(IndexError) {
        dimension = store.manifest.identity.dimension
        liveCount = store.liveCount
        self.control = control
        control.report("sampling rows", 0)
        var sample = Self.rows(of: store, min(Self.sampledRows, Self.sampledValues / dimension))
        center = Self.takeOffMean(&sample, dimension)
        self.sample = sample
    }

    /// Rows to ask for when it is measured what a search costs.
    static func queries(of store: VectorStore) -> [Float] { rows(of: store, queryCount) }

    /// Live rows at even distances, `count` of them or all that there are.
    private static func rows(of store: VectorStore, _ count: Int) -> [Float] {
        let dimension = store.manifest.identity.dimension
        let count = min(count, store.liveCount)
        var rows: [Float] = []
        rows.reserveCapacity(count * dimension)
        var (seen, taken) = (0, 0)
        for chunk in store.chunks {
            for row in 0..<chunk.rows where !chunk.tombstones.contains(row) {
                if seen * count / store.liveCount >= taken, taken < count {
                    rows += chunk.vector(row)
                    taken += 1
                }
                seen += 1
            }
        }
        return rows
    }

    /// So many directions, the greatest spread first.
    func directions(_ count: Int) throws(IndexError) -> SketchDirections {
        precondition((1...dimension).contains(count))
        return directions(try components(count), count)
    }

    /// As many directions as make a search cheapest; nil when reading all rows is.
    ///
    /// The cost is counted in bytes that a search reads: all sketches, the directions, and the rows that the sketches do not
    /// rule out, whose share is measured in the sample. (The scan, the rotation of the query and the computing of distances
    /// all run about as fast as memory is read.)
    func cheapest() throws(IndexError) -> SketchDirections? {
        // Powers of two, so that they can be mixed; more would cost more to read than they rule out.
        let candidates = [32, 64, 128, 256, 512].filter { $0 <= dimension && $0 * dimension <= 1 << 21 }
        guard let most = candidates.last else { return nil }
        let basis = try components(most)
        let shares = try survivorShares(basis, most, candidates)
        let costs = zip(candidates, shares).map { m, share in
            let scanned = Double(liveCount * (m + SketchFileLayout.termsSize))
            return (m: m, bytes: scanned + Double(4 * m * dimension) + share * Double(4 * liveCount * dimension))
        }
        guard let best = costs.min(by: { $0.bytes < $1.bytes }), best.bytes < Double(4 * liveCount * dimension) / 2
        else { return nil }
        return directions(basis, best.m)
    }

    private func directions(_ components: [Double], _ count: Int) -> SketchDirections {
        SketchDirections(
            center: center, basis: Self.mixed(components.prefix(count * dimension), count),
            trainedRows: sample.count / dimension)
    }

    private func components(_ count: Int) throws(IndexError) -> [Double] {
        let components = try PrincipalComponents(count, dimension: dimension)
        for pass in 0..<PrincipalComponents.passes {
            for first in stride(from: 0, to: sample.count, by: 512 * dimension) {
                try control.check(SketchJob.name)
                let part = Double(first) / Double(sample.count)
                control.report("finding directions", 0.35 * (Double(pass) + part) / Double(PrincipalComponents.passes))
                try components.add(withoutQueries(first..<min(first + 512 * dimension, sample.count)))
            }
            try control.check(SketchJob.name)
            if pass < PrincipalComponents.passes - 1 { try components.iterate() }
        }
        return try components.directions()
    }

    /// How many rows of the sample stand for the store when the number of directions is chosen, how far they are apart, and
    /// which of them are queries.
    private var measured: (count: Int, every: Int, queries: [Int]) {
        let count = min(4_096, sample.count / dimension)
        let asked = min(Self.queryCount, count)
        return (count, sample.count / dimension / count, (0..<asked).map { $0 * count / asked })
    }

    /// Values of the sample with zeros, which no direction suits better than another, in place of the queries: directions
    /// suit the rows that they were found from better than the pictures that people will ask for.
    private func withoutQueries(_ values: Range<Int>) -> ArraySlice<Float> {
        var part = sample[values]
        guard sample.count / dimension >= 2 * Self.queryCount else { return part }
        for row in measured.queries.map({ $0 * measured.every * dimension }) where values.contains(row) {
            part.replaceSubrange(row..<row + dimension, with: repeatElement(0, count: dimension))
        }
        return part
    }

    /// For each number of directions, the share of rows that a search for 10 of the store's rows could not rule out.
    private func survivorShares(
        _ components: [Double], _ most: Int, _ candidates: [Int]
    ) throws(IndexError) -> [Double] {
        control.report("choosing their number", 0.35)
        let (count, every, queries) = measured
        let heads = try heads(components.map(Float.init), most, count, every)
        // Among fewer rows the ten nearest are farther away, and more rows stay in question.
        let k = max(1, 10 * count / max(1, liveCount))
        var survivors = [Int](repeating: 0, count: candidates.count)
        for query in queries {
            try control.check(SketchJob.name)
            let distances = (0..<count).map { distance($0 * every, query * every) }
            let farthest = distances.sorted()[min(k, count) - 1]
            for (place, m) in candidates.enumerated() {
                let bounds = heads.bounds(query, m)
                survivors[place] += bounds.count { $0 <= farthest }
            }
        }
        return survivors.map { Double($0) / Double(queries.count * count) }
    }

    private func distance(_ row: Int, _ other: Int) -> Float {
        sample.withUnsafeBufferPointer { sample in
            guard let start = sample.baseAddress else { return 0 }
            return lk_kernels_of_this_cpu().pointee.squared_l2(
                start + row * dimension, start + other * dimension, dimension)
        }
    }

    /// Sketches of some rows of the sample with all components.
    private func heads(
        _ basis: [Float], _ most: Int, _ count: Int, _ every: Int
    ) throws(IndexError) -> SampledHeads {
        var heads = [Float](repeating: 0, count: count * most)
        var tails = [Float](repeating: 0, count: count)
        var scratch = [Double](repeating: 0, count: lk_sketch_scratch(most, dimension))
        let origin = [Float](repeating: 0, count: dimension)
        for first in stride(from: 0, to: count, by: 256) {
            try control.check(SketchJob.name)
            let part = min(256, count - first)
            basis.withUnsafeBufferPointer { basis in
                origin.withUnsafeBufferPointer { origin in
                    sample.withUnsafeBufferPointer { sample in
                        guard let basis = basis.baseAddress, let origin = origin.baseAddress,
                            let sample = sample.baseAddress
                        else { return }
                        var projection = lk_projection(
                            basis: basis, stride: dimension, center: origin, m: most, d: dimension)
                        heads.withUnsafeMutableBufferPointer { heads in
                            tails.withUnsafeMutableBufferPointer { tails in
                                guard let heads = heads.baseAddress, let tails = tails.baseAddress else { return }
                                lk_sketch(
                                    lk_kernels_of_this_cpu(), &projection, sample + first * every * dimension,
                                    every * dimension, part, heads + first * most, most, tails + first, &scratch)
                            }
                        }
                    }
                }
            }
        }
        return SampledHeads(m: most, heads: heads, tails: tails)
    }

    /// Takes the mean off rows, scales them so that none is longer than 1, and gives the mean.
    private static func takeOffMean(_ rows: inout [Float], _ dimension: Int) -> [Float] {
        let count = rows.count / dimension
        var sums = [Double](repeating: 0, count: dimension)
        for row in 0..<count {
            for position in 0..<dimension { sums[position] += Double(rows[row * dimension + position]) }
        }
        let center = sums.map { Float($0 / Double(count)) }
        var longest = 0.0
        for row in 0..<count {
            var squared = 0.0
            for position in 0..<dimension {
                let value = Double(rows[row * dimension + position]) - Double(center[position])
                squared += value * value
            }
            longest = max(longest, squared)
        }
        let scale = longest > 0 ? 1 / longest.squareRoot() : 0
        for row in 0..<count {
            for position in 0..<dimension {
                let value = Double(rows[row * dimension + position]) - Double(center[position])
                rows[row * dimension + position] = Float(value * scale)
            }
        }
        return center
    }

    /// The same directions, or, when they are a power of two, sums of them with all signs (Hadamard's matrix), so that the
    /// numbers of a sketch are about equally large: then codes of 8 bits lose least. Neither changes any bound.
    private static func mixed(_ basis: ArraySlice<Double>, _ count: Int) -> [Float] {
        var basis = Array(basis)
        let dimension = basis.count / count
        guard count.nonzeroBitCount == 1 else { return basis.map(Float.init) }
        var half = 1
        while half < count {
            for first in (0..<count) where first & half == 0 {
                for position in 0..<dimension {
                    let (left, right) = (first * dimension + position, (first + half) * dimension + position)
                    (basis[left], basis[right]) = (basis[left] + basis[right], basis[left] - basis[right])
                }
            }
            half *= 2
        }
        let scale = 1 / Double(count).squareRoot()
        return basis.map { Float($0 * scale) }
    }
}

/// Float32 sketches of sampled rows, from which those with fewer components follow.
private struct SampledHeads {
    let m: Int
    let heads: [Float]
    let tails: [Float]

    /// The bounds of all rows against one of them, from their first `fewer` components.
    func bounds(_ query: Int, _ fewer: Int) -> [Float] {
        var shorter = [Float](repeating: 0, count: tails.count)
        for row in tails.indices {
            var squared = tails[row] * tails[row]
            for place in row * m + fewer..<(row + 1) * m { squared += heads[place] * heads[place] }
            shorter[row] = squared.squareRoot()
        }
        var bounds = [Float](repeating: 0, count: tails.count)
        heads.withUnsafeBufferPointer { heads in
            guard let start = heads.baseAddress else { return }
            lk_kernels_of_this_cpu().pointee.sketch_bounds(
                start + query * m, shorter[query], start, m, shorter, tails.count, fewer, &bounds)
        }
        return bounds
    }
}
