import Catalog
import Faults
import SystemPackage
import VectorIndexes

/// The state of catalog and indexes as people and programs read it.
struct StatusReport: Encodable {
    private struct Model: Encodable {
        let name: String
        let embeddings: Int
    }

    private struct Index: Encodable {
        let name: String
        let type: String
        let generation: Int
        let bytes: Int
        let decision: String?
        let decisionReason: String?

        enum CodingKeys: String, CodingKey {
            case name, type, generation, bytes, decision, decisionReason = "decision_reason"
        }
    }

    private struct Sketch: Encodable {
        let generation: Int
        let components: Int
        let survivorShare: Double

        enum CodingKeys: String, CodingKey {
            case generation, components, survivorShare = "survivor_share"
        }
    }

    private struct Store: Encodable {
        let model: String
        let indexes: [String]
        let rows: Int
        let deadRows: Int
        let bytes: Int
        let pendingChanges: Int
        let lagSeconds: Double?
        let neighborsPending: Int
        let damage: String?
        let generations: [Index]
        let sketch: Sketch?
        let writer: String?
        let activity: String?
        let activitySeconds: Double?

        enum CodingKeys: String, CodingKey {
            case model, indexes, rows, deadRows = "dead_rows", bytes, pendingChanges = "pending_changes"
            case lagSeconds = "lag_seconds", neighborsPending = "neighbors_pending", damage, generations, sketch,
                writer, activity
            case activitySeconds = "activity_seconds"
        }
    }

    private let home: String
    private let database: String
    private let server: String
    private let schema: String
    private let databaseBytes: Int64
    private let images: Int
    private let files: Int
    private let vanishedFiles: Int
    private let failures: [String: Int]
    private let models: [Model]
    private let stores: [Store]

    private enum CodingKeys: String, CodingKey {
        case home, database, server, schema, databaseBytes = "database_bytes", images, files
        case vanishedFiles = "vanished_files", failures, models, stores
    }

    init(facts: StatusFacts, home: FilePath) {
        self.home = printableName(home)
        database = facts.database
        server = "PostgreSQL \(facts.serverVersion / 10_000).\(facts.serverVersion % 10_000)"
        schema = facts.schema
        databaseBytes = facts.counts.databaseBytes
        images = facts.counts.images
        files = facts.counts.files
        vanishedFiles = facts.counts.vanishedFiles
        failures = facts.counts.failures
        models = facts.counts.models.map { Model(name: $0.model.name, embeddings: $0.embeddings) }
        stores = facts.stores.map {
            Store(
                model: $0.model, indexes: $0.indexes.map(\.name), rows: $0.rows, deadRows: $0.deadRows,
                bytes: $0.bytes, pendingChanges: $0.pending, lagSeconds: $0.lagSeconds,
                neighborsPending: $0.waiting, damage: $0.damage,
                generations: $0.indexes.map {
                    Index(
                        name: $0.name, type: $0.type.rawValue, generation: $0.generation, bytes: $0.bytes,
                        decision: $0.decision?.word, decisionReason: $0.decision?.reason)
                },
                sketch: $0.sketch.map {
                    Sketch(
                        generation: $0.generation, components: $0.components, survivorShare: $0.survivorShare)
                }, writer: $0.activity?.writer,
                // What a writer that was killed has left behind is not what runs now.
                activity: $0.activity?.writer == nil ? nil : $0.activity?.activity,
                activitySeconds: $0.activity?.writer == nil ? nil : $0.activitySeconds)
        }
    }

    var text: String {
        var lines = [
            "home      \(home)",
            "database  \(database)",
            "          \(server), schema \(schema), \(byteSize(Int(databaseBytes)))",
            "images    \(grouped(images)) in \(grouped(files)) files, \(grouped(vanishedFiles)) files vanished",
            "failures  \(failureText)",
        ]
        lines += models.map { "model     \($0.name): \(grouped($0.embeddings)) embeddings" }
        if models.isEmpty {
            lines.append("model     none; register one: likeness model add FILE, or likeness model fetch")
        }
        lines += stores.map(storeText)
        if stores.isEmpty { lines.append("indexes   none is built here; create one, and build: likeness sync --once") }
        return lines.joined(separator: "\n") + "\n"
    }

    var csv: String {
        CSV.text(
            header: ["model", "indexes", "rows", "dead_rows", "bytes", "pending_changes", "lag_seconds"],
            rows: stores.map {
                [
                    $0.model, $0.indexes.joined(separator: " "), "\($0.rows)", "\($0.deadRows)", "\($0.bytes)",
                    "\($0.pendingChanges)", $0.lagSeconds.map { fixed($0, 3) } ?? "",
                ]
            })
    }

    private var failureText: String {
        if failures.isEmpty { return "none" }
        return failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\(grouped($0.value)) \($0.key)" }.joined(separator: ", ")
    }

    private func storeText(_ store: Store) -> String {
        if let damage = store.damage {
            return "indexes   \(store.model): \(damage)\n          mend them: likeness verify --repair"
        }
        let names = store.indexes.isEmpty ? "no index" : store.indexes.joined(separator: ", ")
        let lag = store.lagSeconds.map { ", the oldest \(fixed($0, 1)) s ago" } ?? ""
        var lines = [
            """
            indexes   \(store.model): \(names) over \(grouped(store.rows)) rows, \
            \(grouped(store.deadRows)) dead, \(byteSize(store.bytes)); \(grouped(store.pendingChanges)) changes pending\(lag)
            """
        ]
        lines += store.generations.map { index in
            var words =
                index.generation == 0
                ? "not built yet, answered exactly from the rows"
                : "generation \(index.generation), \(byteSize(index.bytes))"
            if index.type == IndexType.flat.rawValue { words = sketchText(store.sketch) }
            let decision = index.decision.map { "; \($0): \(index.decisionReason ?? "")" } ?? ""
            return "          \(index.name) (\(index.type)): \(words)\(decision)"
        }
        if store.neighborsPending > 0 {
            lines.append(
                "          near-duplicates: \(grouped(store.neighborsPending)) pictures are still to be searched")
        }
        if let writer = store.writer {
            let time = store.activitySeconds.map { ", for \(fixed($0, 0)) s" } ?? ""
            lines.append("          \(writer) follows" + (store.activity.map { ": \($0)\(time)" } ?? ""))
        } else {
            lines.append("          nobody follows now; keep them up to date: likeness sync")
        }
        return lines.joined(separator: "\n")
    }

    private func sketchText(_ sketch: Sketch?) -> String {
        guard let sketch else { return "compared with every row" }
        return "sketches \(sketch.generation) of \(sketch.components) numbers, "
            + "\(fixed(100 * sketch.survivorShare, 2)) % of the rows compared exactly"
    }
}
