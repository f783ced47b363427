import Faults

/// What one search among the originals with an augmented copy found.
public struct RobustnessProbe: Sendable, Equatable {
    /// Place of its original among the originals nearest to the copy, from 1; nil when it was not among those found.
    public var rank: Int?
    /// Squared L2 distance of copy and original.
    public var distance: Float
    /// The operations that made the copy, each with its strength: 0 changes nothing, 1 is the strongest that the catalog's
    /// copies have; nil where there is no strength.
    public var operations: [(name: String, strength: Double?)]

    /// Describes a search.
    public init(rank: Int?, distance: Float, operations: [(name: String, strength: Double?)]) {
        self.rank = rank
        self.distance = distance
        self.operations = operations
    }

    /// All values alike.
    public static func == (left: Self, right: Self) -> Bool {
        left.rank == right.rank && left.distance == right.distance
            && left.operations.elementsEqual(right.operations) { $0.name == $1.name && $0.strength == $1.strength }
    }
}

/// How often searches found the original, for one operation within a quarter of its strengths.
public struct RobustnessRow: Sendable, Equatable {
    /// One operation, whatever others made the copies with it; `all`: whole recipes.
    public let operation: String
    /// Which quarter of the strengths, 0 to 3; nil where there is no strength.
    public let quarter: Int?
    /// Searches.
    public let n: Int
    /// Those that had the original first, and among the first five.
    public let (first, firstFive): (Int, Int)
    /// Median of the distances of copy and original.
    public let medianDistance: Float

    /// Share of the searches whose original came first, 0 to 1.
    public var recallAt1: Double { Double(first) / Double(n) }
    /// Share of the searches whose original was among the first five, 0 to 1.
    public var recallAt5: Double { Double(firstFive) / Double(n) }
    /// The 95 % confidence interval of ``recallAt1``.
    public var recallAt1Interval: ClosedRange<Double> { wilsonInterval(first, of: n) }
    /// The 95 % confidence interval of ``recallAt5``.
    public var recallAt5Interval: ClosedRange<Double> { wilsonInterval(firstFive, of: n) }

    /// Gathers searches: whole recipes first, then the operations by name and strength.
    ///
    /// - Complexity: O(n log n) in the number of searches and operations.
    public static func table(of probes: [RobustnessProbe]) -> [RobustnessRow] {
        var groups: [Key: [RobustnessProbe]] = [:]
        for probe in probes {
            groups[Key(operation: allOperations, quarter: nil), default: []].append(probe)
            for (name, strength) in probe.operations {
                groups[Key(operation: name, quarter: strength.map(quarter)), default: []].append(probe)
            }
        }
        return groups.sorted { $0.key < $1.key }.map { key, probes in
            let distances = probes.map(\.distance).sorted()
            return RobustnessRow(
                operation: key.operation, quarter: key.quarter, n: probes.count,
                first: probes.count { $0.rank == 1 }, firstFive: probes.count { $0.rank.map { $0 <= 5 } ?? false },
                medianDistance: (distances[(distances.count - 1) / 2] + distances[distances.count / 2]) / 2)
        }
    }

    /// The word for whole recipes.
    public static let allOperations = "all"

    private static func quarter(of strength: Double) -> Int { min(3, Int(strength * 4)) }

    private struct Key: Hashable, Comparable {
        let operation: String
        let quarter: Int?

        static func < (left: Self, right: Self) -> Bool {
            if left.operation == right.operation { return (left.quarter ?? -1) < (right.quarter ?? -1) }
            if left.operation == allOperations || right.operation == allOperations {
                return left.operation == allOperations
            }
            return left.operation < right.operation
        }
    }
}

/// The 95 % confidence interval of a share, `hits` of `n`, within 0 to 1.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927), with z = 1.96.
///
/// - Precondition: 0 ≤ `hits` ≤ `n`, 0 < `n`.
public func wilsonInterval(_ hits: Int, of n: Int) -> ClosedRange<Double> {
    precondition(n > 0 && (0...n).contains(hits), "\(hits) of \(n) is no share")
    let (count, share, z) = (Double(n), Double(hits) / Double(n), 1.96)
    let middle = share + z * z / (2 * count)
    let reach = z * (share * (1 - share) / count + z * z / (4 * count * count)).squareRoot()
    let scale = 1 + z * z / count
    return max(0, (middle - reach) / scale)...min(1, (middle + reach) / scale)
}
