import Glibc

/// How probably two pictures at a distance are the same picture: a curve that never rises.
///
/// Made of two samples of distances, of pairs that are the same picture (two of one family) and of pairs that are not. Both
/// are counted in the same bins; the ratio of their smoothed frequencies is the likelihood ratio, which times the prior odds
/// gives the odds. Bins that rise with distance are pooled with their neighbors until none does.
///
/// Source: Ayer, Brunk, Ewing, Reid and Silverman, "An empirical distribution function for sampling with incomplete
/// information" (1955), for pooling adjacent violators; Zadrozny and Elkan, "Transforming classifier scores into accurate
/// multiclass probability estimates" (2002), for calibrating scores by it. Smoothing is Laplace's: one more in every bin.
///
/// In a large catalog what counts are distances so small that a sample has no two different pictures at them: their frequency
/// is that of the sample's lower tail, continued. Beyond what the pairs of one picture could refute no probability goes.
public struct Calibration: Sendable, Equatable {
    /// A point of the curve.
    public struct Point: Sendable, Equatable {
        /// Squared L2 distance.
        public let distance: Double
        /// ln(p / (1 - p)).
        public let logOdds: Double

        /// Names a point.
        public init(distance: Double, logOdds: Double) {
            self.distance = distance
            self.logOdds = logOdds
        }
    }

    /// The points, one or more: distances ascend strictly, log odds never rise. Between two of them the curve is straight in
    /// log odds, outside it is that of the nearest point. Bins that were pooled are level, from the first distance that was
    /// seen in them to the last.
    public let points: [Point]

    /// The curve through these points; nil unless there are some, finite and in order.
    public init?(points: [Point]) {
        let isOrdered = zip(points, points.dropFirst()).allSatisfy { left, right in
            left.distance < right.distance && left.logOdds >= right.logOdds
        }
        guard !points.isEmpty, isOrdered, points.allSatisfy({ $0.distance.isFinite && $0.logOdds.isFinite }) else {
            return nil
        }
        self.points = points
    }

    /// Calibrates by two samples of distances; nil when one of them is empty.
    ///
    /// - Parameters:
    ///   - same: distances of pairs that are the same picture; finite ones count.
    ///   - different: distances of pairs that are not.
    ///   - priorOdds: odds that a pair is the same before its distance is known, above 0.
    ///   - bins: how many at most; half of them hold equal shares of one sample, half of the other, 20 of it or more.
    /// - Complexity: O(n log n).
    public init?(same: [Float], different: [Float], priorOdds: Double, bins: Int = 128) {
        let same = same.filter(\.isFinite).sorted()
        let different = different.filter(\.isFinite).sorted()
        guard !same.isEmpty, !different.isEmpty, priorOdds > 0 else { return nil }
        let edges = Self.edges(same, different, bins)
        let sameCounts = Self.count(same, edges)
        let differentCounts = Self.count(different, edges)
        let tail = LowerTail(different)
        let scale = log(priorOdds) - log(Double(same.count + edges.count)) + log(Double(different.count + edges.count))
        var blocks: [Block] = []
        for bin in edges.indices {
            let (left, right) = (sameCounts[bin], differentCounts[bin])
            let expected = tail?.expected(from: bin > 0 ? edges[bin - 1] : 0, to: edges[bin])
            blocks.append(
                Block(
                    same: Double(left.count) + 1,
                    different: expected.map { max($0, Double(right.count)) } ?? Double(right.count) + 1,
                    first: min(left.first, right.first), last: max(left.last, right.last)))
            while blocks.count > 1, blocks[blocks.count - 1].odds > blocks[blocks.count - 2].odds {
                let last = blocks.removeLast()
                blocks[blocks.count - 1].pool(with: last)
            }
        }
        // Source: Laplace's rule of succession: after n of n nobody knows the next one to odds above n + 1.
        let highest = log(Double(same.count) + 1)
        // A bin that is empty, as the last may be, says nothing.
        self.init(
            points: blocks.filter { $0.first <= $0.last }.flatMap { block in
                let ends = block.first < block.last ? [block.first, block.last] : [block.first]
                return ends.map { Point(distance: Double($0), logOdds: min(log(block.odds) + scale, highest)) }
            })
    }

    /// The probability that two pictures at a distance are the same, 0 to 1.
    public func probability(at distance: Float) -> Double {
        let logOdds = logOdds(at: Double(distance))
        // Written for either sign, so that nothing overflows.
        return logOdds >= 0 ? 1 / (1 + exp(-logOdds)) : exp(logOdds) / (1 + exp(logOdds))
    }

    /// The greatest distance at which the probability is not below `probability`; nil when it is below everywhere, or nowhere:
    /// then the samples say nothing about where it falls.
    ///
    /// - Parameter probability: above 0 and below 1.
    public func distance(at probability: Double) -> Double? {
        let wanted = log(probability / (1 - probability))
        guard let first = points.first, let last = points.last, first.logOdds >= wanted, last.logOdds < wanted else {
            return nil
        }
        guard let next = points.firstIndex(where: { $0.logOdds < wanted }), next > 0 else { return nil }
        let (left, right) = (points[next - 1], points[next])
        let share = (left.logOdds - wanted) / (left.logOdds - right.logOdds)
        return left.distance + share * (right.distance - left.distance)
    }

    private func logOdds(at distance: Double) -> Double {
        guard let next = points.firstIndex(where: { $0.distance > distance }) else {
            return points[points.count - 1].logOdds
        }
        if next == 0 { return points[0].logOdds }
        let (left, right) = (points[next - 1], points[next])
        let share = (distance - left.distance) / (right.distance - left.distance)
        return left.logOdds + share * (right.logOdds - left.logOdds)
    }

    /// Bins with one likelihood ratio.
    private struct Block {
        /// Pairs that are the same, and one a bin.
        var same: Double
        /// Pairs that are not, and one a bin.
        var different: Double
        /// The smallest distance and the greatest; infinite, and the wrong way round, without any.
        var first: Float
        var last: Float

        var odds: Double { same / different }

        mutating func pool(with other: Block) {
            same += other.same
            different += other.different
            first = min(first, other.first)
            last = max(last, other.last)
        }
    }

    /// The upper ends of the bins, ascending: equal shares of each sample up to its greatest distance, so that what lies
    /// beyond one sample is in no bin with it; the last is infinite.
    private static func edges(_ same: [Float], _ different: [Float], _ bins: Int) -> [Float] {
        var edges: Set<Float> = [.infinity]
        for sample in [same, different] {
            let parts = max(2, min(bins / 2, sample.count / 20))
            for part in 1...parts { edges.insert(sample[(sample.count - 1) * part / parts]) }
        }
        return edges.sorted()
    }

    /// For each bin how many of the sorted distances lie in it, the first of them and the last.
    private static func count(_ sorted: [Float], _ edges: [Float]) -> [(count: Int, first: Float, last: Float)] {
        var counts = [(count: Int, first: Float, last: Float)](
            repeating: (0, .infinity, -.infinity), count: edges.count)
        var bin = 0
        for distance in sorted {
            while distance > edges[bin] { bin += 1 }
            counts[bin].count += 1
            counts[bin].first = min(counts[bin].first, distance)
            counts[bin].last = distance
        }
        return counts
    }
}

/// How many of many distances are to be expected below those that were seen: near zero the number within a distance grows as
/// a power of it, whose exponent is half the dimension in which the pictures differ.
///
/// Source: Hill, "A simple general approach to inference about the tail of a distribution" (1975), fitted to the smallest √n;
/// Amsaleg and others, "Estimating local intrinsic dimensionality" (2015), for distances.
private struct LowerTail {
    /// The greatest of the distances that it was fitted to.
    private let end: Double
    private let count: Double
    private let exponent: Double

    /// nil when the smallest distances are equal.
    ///
    /// - Parameter sorted: distances, ascending.
    init?(_ sorted: [Float]) {
        let count = Int(Double(sorted.count).squareRoot())
        guard count > 1, sorted[count - 1] > 0 else { return nil }
        let end = Double(sorted[count - 1])
        // The logarithm of zero says nothing; two pictures so near are hardly different ones.
        let sum = sorted[..<(count - 1)].reduce(0) { $0 + log(end / max(Double($1), 1e-6)) }
        guard sum > 0 else { return nil }
        self.end = end
        self.count = Double(count)
        exponent = Double(count - 1) / sum
    }

    /// How many are to be expected in a bin; nil for one that ends beyond the tail, where they can be counted.
    func expected(from lower: Float, to upper: Float) -> Double? {
        guard Double(upper) <= end else { return nil }
        return count * (pow(max(Double(upper), 0) / end, exponent) - pow(max(Double(lower), 0) / end, exponent))
    }
}
