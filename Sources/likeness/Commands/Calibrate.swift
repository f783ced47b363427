import ArgumentParser
import Catalog
import Faults
import Postgres

struct Calibrate: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        abstract: "Measures how probably two pictures at a distance are the same picture.",
        discussion: """
            Compares pairs of one family, as lineage tells them, with pairs of different families. From then on queries show \
            a percentage beside each distance, and the distance at which it is 50 % is the default threshold for duplicates. \
            Do it again when the catalog has changed.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions

    private struct Answer: Encodable {
        struct Point: Encodable {
            let distance: Double
            let probability: Double
        }

        let model: String
        let duplicateThreshold: Double?
        let priorOdds: Double
        let families: Int
        let familyPairs: Int
        let pictures: Int
        let otherPairs: Int
        let curve: [Point]

        enum CodingKeys: String, CodingKey {
            case model, duplicateThreshold = "duplicate_threshold", priorOdds = "prior_odds", families
            case familyPairs = "family_pairs", pictures, otherPairs = "other_pairs", curve
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(model, forKey: .model)
            try container.encode(duplicateThreshold, forKey: .duplicateThreshold)
            try container.encode(priorOdds, forKey: .priorOdds)
            try container.encode(families, forKey: .families)
            try container.encode(familyPairs, forKey: .familyPairs)
            try container.encode(pictures, forKey: .pictures)
            try container.encode(otherPairs, forKey: .otherPairs)
            try container.encode(curve, forKey: .curve)
        }
    }

    func run() async throws {
        let database = try await global.openDatabase()
        let chosen = try await ModelChooser(database: database, global: global).choose(model.wanted).stored
        let stored = try await database.run { try Catalog($0).calibrate(model: chosen) }
        let curve = stored.curve.points.map { point in
            Answer.Point(
                distance: point.distance, probability: stored.curve.probability(at: Float(point.distance)))
        }
        switch try global.outputFormat {
        case .json:
            StandardOutput.write(
                try JSON.text(
                    Answer(
                        model: chosen.name, duplicateThreshold: stored.duplicateThreshold, priorOdds: stored.priorOdds,
                        families: stored.families, familyPairs: stored.familyPairs, pictures: stored.pictures,
                        otherPairs: stored.otherPairs, curve: curve)))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["distance", "probability"],
                    rows: curve.map { [fixed($0.distance, 6), fixed($0.probability, 6)] }))
        case .table: StandardOutput.write(table(stored, model: chosen.name))
        }
    }

    private func table(_ stored: StoredCalibration, model: String) -> String {
        var table = TextTable([.right("same"), .left("up to distance")])
        for probability in [0.99, 0.95, 0.9, 0.75, 0.5, 0.25, 0.1, 0.05, 0.01] {
            if let distance = stored.curve.distance(at: probability) {
                table.append(["\(fixed(100 * probability, 0)) %", fixed(distance, 4)])
            }
        }
        let threshold =
            stored.duplicateThreshold.map { "duplicates are nearer than \(fixed($0, 4))" }
            ?? "no distance tells duplicates from others"
        return """
            \(model): \(grouped(stored.familyPairs)) pairs of \(grouped(stored.families)) families, \
            \(grouped(stored.otherPairs)) other pairs; \(threshold)
            \(table.text)
            """
    }
}
