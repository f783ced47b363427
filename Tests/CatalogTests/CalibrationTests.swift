import Catalog
import Foundation
import Postgres
import TestSupport
import Testing

struct CalibrationTests {
    private let databases = TestDatabases()

    /// Numbers of a normal distribution. Source: Box and Muller, "A note on the generation of random normal deviates" (1958).
    private func normal(_ count: Int, mean: Double, deviation: Double, seed: UInt64) -> [Float] {
        var random = SplitMix(state: seed)
        return (0..<count).map { _ in
            let radius = (-2 * log(Double.random(in: Double.ulpOfOne...1, using: &random))).squareRoot()
            return Float(mean + deviation * radius * cos(Double.random(in: 0...(2 * .pi), using: &random)))
        }
    }

    @Test func `two normal distributions of one width give the logistic curve that they must`() throws {
        // ln of the ratio of the densities is (m1 - m2)(x - (m1 + m2)/2)/s²: a straight line, even odds in the middle.
        let same = normal(200_000, mean: 0.5, deviation: 0.2, seed: 1)
        let different = normal(200_000, mean: 1.1, deviation: 0.2, seed: 2)
        // With small prior odds what counts is the thin tail of one sample.
        for (prior, middle, tolerance) in [(1.0, 0.8, 0.05), (0.01, 0.8 + log(0.01) * 0.04 / 0.6, 0.1)] {
            let curve = try #require(Calibration(same: same, different: different, priorOdds: prior))
            let threshold = try #require(curve.distance(at: 0.5))
            #expect(abs(threshold - middle) < 0.02)
            for distance in stride(from: Float(0.5), through: 1.1, by: 0.05) {
                let truth = 1 / (1 + exp((Double(distance) - middle) * 0.6 / 0.04))
                #expect(abs(curve.probability(at: distance) - truth) < tolerance, "at \(distance)")
            }
        }
    }

    @Test func `distances below all that were sampled have the probability that their tail says`() throws {
        // Distances of different pictures whose number grows with the tenth power, none of the sample below 0.5, and of the
        // same picture, evenly from 0 to 0.4. The ratio of the densities is 2.5 / (10 d⁹ / 2¹⁰).
        var random = SplitMix(state: 5)
        let different = (0..<200_000).map { _ in Float(2 * pow(Double.random(in: 1e-12...1, using: &random), 0.1)) }
        let same = (0..<20_000).map { Float($0) / 50_000 }
        let priorOdds = 1e-7
        let curve = try #require(Calibration(same: same, different: different, priorOdds: priorOdds))
        let middle = pow(priorOdds * 256, 1.0 / 9)
        #expect(abs(try #require(curve.distance(at: 0.5)) - middle) < 0.03)
        #expect(curve.probability(at: 0.1) > 0.999 && curve.probability(at: 0) > 0.999)
        #expect(curve.probability(at: 0.39) < 0.3 && curve.probability(at: 1) < 0.001)
        // 20,000 pairs can show no more.
        #expect(curve.probability(at: 0) < 0.99996)
    }

    @Test func `equal distributions say nothing but the prior`() throws {
        let same = normal(50_000, mean: 1, deviation: 0.3, seed: 3)
        let different = normal(50_000, mean: 1, deviation: 0.3, seed: 4)
        let curve = try #require(Calibration(same: same, different: different, priorOdds: 0.25))
        for distance in [Float(0.3), 1, 1.7] { #expect(abs(curve.probability(at: distance) - 0.2) < 0.03) }
        #expect(curve.distance(at: 0.5) == nil)
    }

    @Test func `samples that lie apart have their threshold between them`() throws {
        let same: [Float] = (0..<1000).map { Float($0) / 5000 }
        let different: [Float] = same.map { 1 + 5 * $0 }
        let curve = try #require(Calibration(same: same, different: different, priorOdds: 1))
        let threshold = try #require(curve.distance(at: 0.5))
        #expect(threshold > 0.2 && threshold < 1)
        #expect(curve.probability(at: 0) > 0.95 && curve.probability(at: 2) < 0.05)
        #expect(curve.probability(at: -1) == curve.probability(at: 0) && curve.probability(at: 4) < 0.05)
    }

    @Test func `a curve never rises, whatever the samples`() throws {
        var random = SplitMix(state: 9)
        for _ in 0..<200 {
            func sample() -> [Float] {
                (0..<Int.random(in: 1...60, using: &random)).map { _ in
                    Float(Int.random(in: 0...12, using: &random)) / 6
                }
            }
            let priorOdds = Double.random(in: 0.001...2, using: &random)
            let (same, different) = (sample(), sample())
            let curve = try #require(Calibration(same: same, different: different, priorOdds: priorOdds))
            let probabilities = stride(from: Float(0), through: 2.5, by: 0.01).map(curve.probability)
            #expect(zip(probabilities, probabilities.dropFirst()).allSatisfy { $0 >= $1 })
            #expect(probabilities.allSatisfy { $0 > 0 && $0 < 1 })
            if let threshold = curve.distance(at: 0.5) {
                #expect(curve.probability(at: Float(threshold) + 0.001) <= 0.5)
                #expect(curve.probability(at: Float(threshold) - 0.001) >= 0.5)
            }
            #expect(Calibration(points: curve.points) == curve)
        }
    }

    @Test func `nothing is calibrated by nothing`() {
        #expect(Calibration(same: [], different: [1], priorOdds: 1) == nil)
        #expect(Calibration(same: [.nan], different: [1], priorOdds: 1) == nil)
        #expect(Calibration(points: []) == nil)
        #expect(
            Calibration(points: [.init(distance: 0, logOdds: 0), .init(distance: 1, logOdds: 1)]) == nil)
    }

    /// A catalog of `families` families of `members`, each around a point of its own.
    private func catalog(families: Int, members: Int) throws -> (SyntheticCatalog, TestDatabase) {
        let database = try databases.migrated()
        let synthetic = try SyntheticCatalog(database.target, dimension: 20)
        var random = SplitMix(state: 11)
        var vectors: [(name: String, vector: [Float])] = []
        for family in 0..<families {
            let center = (0..<20).map { _ in Float.random(in: -1...1, using: &random) }
            for member in 0..<members {
                let vector = center.map { $0 + 0.3 * Float.random(in: -1...1, using: &random) }
                let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                vectors.append(("\(family) \(member)", vector.map { $0 / norm }))
            }
        }
        let images = try synthetic.add(vectors)
        try synthetic.catalog.recordLineage(
            images.indices.filter { $0 % members > 0 }.map {
                LineageEdge(child: images[$0], parent: images[$0 - $0 % members])
            })
        return (synthetic, database)
    }

    @Test func `a catalog is calibrated by its families, and the same sample gives the same`() throws {
        let (synthetic, database) = try catalog(families: 30, members: 6)
        defer { withExtendedLifetime(database) {} }
        let catalog = synthetic.catalog
        #expect(try catalog.calibration(model: synthetic.model.id) == nil)
        let beforehand = try catalog.duplicateThreshold(model: synthetic.model.id)
        let first = try catalog.calibrate(model: synthetic.model)
        #expect(first.families == 30 && first.familyPairs == 30 * 15)
        #expect(first.pictures == 180 && first.otherPairs == 180 * 179 / 2 - 30 * 15)
        #expect(abs(first.priorOdds - 5.0 / 174) < 1e-9)
        #expect(first.curve.probability(at: 0) > 0.9 && first.curve.probability(at: 2) < 0.01)
        let threshold = try #require(first.duplicateThreshold)
        #expect(threshold == first.curve.distance(at: 0.5))
        #expect(Float(threshold) != beforehand)
        #expect(try catalog.duplicateThreshold(model: synthetic.model.id) == Float(threshold))
        #expect(try catalog.calibration(model: synthetic.model.id) == first)
        let second = try catalog.calibrate(model: synthetic.model)
        #expect(second.curve == first.curve && second.calibratedAt >= first.calibratedAt)
        var small = CalibrationSample()
        small.familyPictures = 120
        small.otherPictures = 40
        let sampled = try catalog.calibrate(model: synthetic.model, sample: small)
        #expect(sampled.familyPairs == 30 * 6 && sampled.pictures == 40)
    }

    @Test func `a catalog without families is told where they come from`() throws {
        let test = try databases.catalog()
        try test.ingest("a", "b", "c")
        let error = #expect(throws: TooFewPairs.self) { try test.catalog.calibrate(model: test.model) }
        #expect(error?.familyPairs == 0 && error?.otherPairs == 3)
        #expect(
            error?.message
                == "model small has embeddings for 0 pairs of one family and 3 of different ones, not 100 of each")
        #expect(error?.hint?.contains("likeness lineage infer") == true)
    }
}

struct FamilyTests {
    private let databases = TestDatabases()

    @Test func `families, their members and the way to the original`() throws {
        let test = try databases.catalog()
        let i = try test.ingest("a", "b", "c", "d")
        try test.catalog.recordLineage([
            LineageEdge(child: i[1], parent: i[0], recipe: JSON(#"[{"operation": "rotate"}, {"operation": "flip"}]"#)),
            LineageEdge(child: i[2], parent: i[1], recipe: JSON(#"[{"operation": "blur"}]"#)),
        ])
        #expect(try test.catalog.families(of: i) == [i[0]: i[0], i[1]: i[0], i[2]: i[0], i[3]: i[3]])
        #expect(
            try test.catalog.members(of: [i[0], i[3]], model: test.model.id)
                == [i[0]: i[...2].sorted(), i[3]: [i[3]]])
        try test.connection.execute("update likeness.images set state = 'hidden' where id = \(i[1])")
        #expect(try test.catalog.members(of: [i[0]], model: test.model.id) == [i[0]: [i[0], i[2]].sorted()])
        #expect(try test.catalog.images(.originals).sorted() == [i[0], i[3]].sorted())
        #expect(try test.catalog.images(.augmented, among: [i[2], i[3]]) == [i[2]])
        #expect(try test.catalog.augmentedCount() == 2)
        let origin = try #require(try test.catalog.origin(of: i[2]))
        #expect(origin.original == i[0] && origin.depth == 2 && origin.path == Array("/pictures/a".utf8))
        #expect(
            origin.recipe?.text == #"[{"operation": "rotate"}, {"operation": "flip"}, {"operation": "blur"}]"#)
        let own = try #require(try test.catalog.origin(of: i[3]))
        #expect(own.original == i[3] && own.depth == 0 && own.recipe == nil)
        #expect(try test.catalog.origin(of: ImageID(rawValue: 99)) == nil)
    }
}
