import Faults
import Postgres

/// What distances of a model mean in a catalog, as it was measured.
public struct StoredCalibration: Sendable, Equatable {
    /// The model.
    public let model: ModelID
    /// The curve.
    public let curve: Calibration
    /// The distance at which the probability is one half: the default threshold for duplicates; nil where it is nowhere.
    public let duplicateThreshold: Double?
    /// Odds that any other picture is the same, before the distance is known.
    public let priorOdds: Double
    /// Families whose pairs were measured.
    public let families: Int
    /// Pairs of pictures of one family that were measured.
    public let familyPairs: Int
    /// Pictures whose pairs were measured as those of different families.
    public let pictures: Int
    /// Pairs of pictures of different families that were measured.
    public let otherPairs: Int
    /// When it was measured.
    public let calibratedAt: Timestamp
}

/// The catalog has too few pairs to say what a distance means.
public struct TooFewPairs: Fault, Equatable {
    /// The model's name.
    public let model: String
    /// Pairs of one family that there are.
    public let familyPairs: Int
    /// Pairs of different families that there are.
    public let otherPairs: Int

    /// Either is needed in this number; fewer say nothing about a probability.
    public static let needed = 100

    /// What there is and what is needed.
    public var message: String {
        "model \(model) has embeddings for \(grouped(familyPairs)) pairs of one family and \(grouped(otherPairs)) of "
            + "different ones, not \(Self.needed) of each"
    }
    /// Where pairs come from.
    public var hint: String? {
        "Tell which pictures are copies: likeness lineage infer --pattern '{stem}_{n}.jpg', or likeness lineage import FILE"
    }
}

/// How much of a catalog a calibration reads.
public struct CalibrationSample: Sendable {
    /// Pictures of families, at most; each family gives the same number of its members, 2 or more.
    public var familyPictures = 4_000
    /// Pictures that are compared each with each, at most.
    public var otherPictures = 2_500
    /// The same number chooses the same pictures of the same catalog.
    public var seed: Int64 = 1

    /// The sizes for a catalog of any size: about 50 MB of vectors and 3 million pairs, some seconds.
    public init() {}
}

extension Catalog {
    /// Measures what distances of a model mean, and stores it in place of what was known before.
    ///
    /// Families are chosen at random, and of each the same number of members, all of whose pairs count; other pictures are
    /// chosen at random, and all of their pairs count that are of different families. The prior odds are those of a picture
    /// that has copies: (members of its family but itself) to (pictures of other families), on average. So a probability of
    /// one half means: at this distance a picture with copies has as many neighbors that are copies as that are not.
    ///
    /// - Throws: ``TooFewPairs``; PostgresError.
    /// - Complexity: pairs × dimension; see ``CalibrationSample``.
    @discardableResult
    public func calibrate(
        model: StoredModel, sample: CalibrationSample = CalibrationSample()
    ) throws -> StoredCalibration {
        let families = try familySizes(model: model.id)
        let perFamily = max(2, sample.familyPictures / max(1, families.count))
        let same = try familyDistances(model: model, members: perFamily, sample)
        let other = try otherDistances(model: model, sample)
        guard same.distances.count >= TooFewPairs.needed, other.distances.count >= TooFewPairs.needed else {
            throw TooFewPairs(
                model: model.name, familyPairs: same.distances.count, otherPairs: other.distances.count)
        }
        let copies = families.members / Double(max(1, families.count)) - 1
        let priorOdds = max(copies, 1) / max(families.pictures - copies - 1, 1)
        guard
            let curve = Calibration(same: same.distances, different: other.distances, priorOdds: priorOdds)
        else { preconditionFailure("samples that are not empty have a curve") }
        let threshold = curve.distance(at: 0.5)
        return try connection.transaction {
            try connection.execute(
                """
                insert into likeness.distance_calibrations (model, distances, log_odds, duplicate_threshold, prior_odds,
                    families, family_pairs, pictures, other_pairs)
                values (\(model.id), \(curve.points.map(\.distance)), \(curve.points.map(\.logOdds)), \(threshold),
                    \(priorOdds), \(same.families), \(same.distances.count), \(other.pictures), \(other.distances.count))
                on conflict (model) do update set
                    distances = excluded.distances, log_odds = excluded.log_odds,
                    duplicate_threshold = excluded.duplicate_threshold, prior_odds = excluded.prior_odds,
                    families = excluded.families, family_pairs = excluded.family_pairs, pictures = excluded.pictures,
                    other_pairs = excluded.other_pairs, calibrated_at = now()
                """)
            let isPersons = try connection.firstRow(
                "select from likeness.duplicate_thresholds where model = \(model.id) and set_by = 'person'")
            if let threshold, isPersons == nil {
                try setDuplicateThreshold(Float(threshold), model: model.id, by: .calibration)
            }
            guard let stored = try calibration(model: model.id) else {
                preconditionFailure("what was stored in this transaction is there")
            }
            return stored
        }
    }

    /// What distances of a model mean; nil while it was not measured.
    public func calibration(model: ModelID) throws -> StoredCalibration? {
        let row = try connection.firstRow("select * from likeness.distance_calibrations where model = \(model)")
        guard let row else { return nil }
        let distances: [Double] = try row["distances"]
        let logOdds: [Double] = try row["log_odds"]
        let points = zip(distances, logOdds).map { Calibration.Point(distance: $0, logOdds: $1) }
        // A curve that somebody has changed so that it rises is none.
        guard let curve = Calibration(points: points) else { return nil }
        return StoredCalibration(
            model: model, curve: curve, duplicateThreshold: try row["duplicate_threshold"],
            priorOdds: try row["prior_odds"], families: try row["families"], familyPairs: try row["family_pairs"],
            pictures: try row["pictures"], otherPairs: try row["other_pairs"], calibratedAt: try row["calibrated_at"])
    }

    /// How many families have two embedded members or more, how many members they have together, and how many pictures are
    /// embedded at all.
    private func familySizes(model: ModelID) throws -> (count: Int, members: Double, pictures: Double) {
        let row = try connection.firstRow(
            """
            with members as (
                select coalesce(a.root, i.id) as family, count(*) as members
                from likeness.embeddings e join likeness.images i on i.id = e.image and i.state = 'active'
                left join likeness.augmentations a on a.child = i.id
                where e.model = \(model) group by 1
            )
            select count(*) filter (where members > 1) as families,
                coalesce(sum(members) filter (where members > 1), 0)::bigint as members,
                coalesce(sum(members), 0)::bigint as pictures
            from members
            """)
        guard let row else { return (0, 0, 0) }
        let (members, pictures): (Int, Int) = (try row["members"], try row["pictures"])
        return (try row["families"], Double(members), Double(pictures))
    }

    /// Distances of pairs of one family, of so many members of each of some families.
    private func familyDistances(
        model: StoredModel, members: Int, _ sample: CalibrationSample
    ) throws -> (distances: [Float], families: Int) {
        var distances: [Float] = []
        var families = 0
        var family: (id: Int64, rows: PairDistances)?
        func finish() {
            guard let rows = family?.rows, rows.count > 1 else { return }
            families += 1
            rows.appendAll(to: &distances)
        }
        // The hash of a number and the seed is a number that stands in no relation to it.
        try connection.copyOut(
            """
            with family as (
                select coalesce(a.root, i.id) as family, i.id as image
                from likeness.images i left join likeness.augmentations a on a.child = i.id
                where i.state = 'active' and (a.child is not null
                    or exists (select from likeness.augmentations c where c.root = i.id))
                    and exists (select from likeness.embeddings e where e.image = i.id and e.model = \(model.id))
            ), chosen as (
                select family from family group by family having count(*) > 1
                order by hashint8extended(family, \(sample.seed)), family limit \(sample.familyPictures / members)
            ), member as (
                select family, image, row_number() over (
                    partition by family order by hashint8extended(image, \(sample.seed)), image) as place
                from family join chosen using (family)
            )
            select m.family, e.vector from member m
            join likeness.embeddings e on e.image = m.image and e.model = \(model.id)
            where m.place <= \(members) order by m.family, m.place
            """
        ) { row in
            let id: Int64 = try row[0]
            if family?.id != id {
                finish()
                family = (id, PairDistances(dimension: model.dimension))
            }
            try row.withBytes(of: 1) { bytes in
                if let bytes { family?.rows.append(bytes) }
            }
        }
        finish()
        return (distances, families)
    }

    /// Distances of pairs of different families.
    private func otherDistances(
        model: StoredModel, _ sample: CalibrationSample
    ) throws -> (distances: [Float], pictures: Int) {
        var rows = PairDistances(dimension: model.dimension)
        var families: [Int64] = []
        try connection.copyOut(
            """
            with chosen as (
                select e.image from likeness.embeddings e join likeness.images i on i.id = e.image and i.state = 'active'
                where e.model = \(model.id)
                order by hashint8extended(e.image, \(sample.seed)), e.image limit \(sample.otherPictures)
            )
            select coalesce(a.root, c.image), e.vector from chosen c
            join likeness.embeddings e on e.image = c.image and e.model = \(model.id)
            left join likeness.augmentations a on a.child = c.image
            order by c.image
            """
        ) { row in
            families.append(try row[0])
            try row.withBytes(of: 1) { bytes in
                if let bytes { rows.append(bytes) }
            }
        }
        var distances: [Float] = []
        distances.reserveCapacity(rows.count * rows.count / 2)
        rows.appendAll(to: &distances) { families[$0] != families[$1] }
        return (distances, rows.count)
    }
}

/// Squared L2 distances of vectors of one length, each to each.
private struct PairDistances {
    private typealias Lanes = SIMD16<Float>

    private let dimension: Int
    /// Each vector filled up with zeros to whole lanes.
    private var lanes: [Lanes] = []
    private var stride: Int { (dimension + Lanes.scalarCount - 1) / Lanes.scalarCount }

    var count: Int { lanes.count / max(1, stride) }

    init(dimension: Int) { self.dimension = dimension }

    /// Adds a vector: little-endian float32, as many numbers as the dimension.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        for start in Swift.stride(from: 0, to: dimension, by: Lanes.scalarCount) {
            var values = Lanes.zero
            for lane in 0..<min(Lanes.scalarCount, dimension - start) {
                let bits = bytes.loadUnaligned(fromByteOffset: 4 * (start + lane), as: UInt32.self)
                values[lane] = Float(bitPattern: UInt32(littleEndian: bits))
            }
            lanes.append(values)
        }
    }

    /// Rows that are compared with each other one at a time: together they fit into a core's own cache.
    private static let rowsAtOnce = 16

    /// Appends the distance of each pair that is admitted, once, in no order.
    func appendAll(to distances: inout [Float], where isAdmitted: (Int, Int) -> Bool = { _, _ in true }) {
        let stride = stride
        lanes.withUnsafeBufferPointer { lanes in
            guard let start = lanes.baseAddress else { return }
            for first in Swift.stride(from: 0, to: count, by: Self.rowsAtOnce) {
                let end = min(first + Self.rowsAtOnce, count)
                for right in 0..<end {
                    for left in max(first, right + 1)..<max(end, right + 1) where isAdmitted(left, right) {
                        distances.append(Self.distance(start + left * stride, start + right * stride, stride))
                    }
                }
            }
        }
    }

    private static func distance(
        _ left: UnsafePointer<Lanes>, _ right: UnsafePointer<Lanes>, _ count: Int
    ) -> Float {
        var sum = Lanes.zero
        for place in 0..<count {
            let difference = left[place] - right[place]
            // Not `addProduct`, which is a call where the baseline has no fused instruction.
            sum += difference * difference
        }
        return sum.sum()
    }
}
