import Foundation
import SystemPackage
import VectorIndexes

/// Our index of each type beside the packaged faiss object with the same parameters, over the same rows.
struct TypeComparison {
    static let k = 10
    private let rounds = 5
    private var contenders: [Contender] = []
    private var truth: [[Neighbor]] = []
    private let queries: [[Float]]

    /// What answers, and how long that took.
    private struct Contender {
        let type: String
        let parameters: String
        let ours: (([Float]) throws -> [Neighbor])
        let packaged: (([Float]) throws -> [Neighbor])
        let buildSeconds: Double
        let packagedSeconds: Double
        let bytes: Int
        var times = (ours: [Double](), packaged: [Double]())
        var found = (ours: 0.0, packaged: 0.0)
    }

    init(_ scratch: ScratchStore, say: (String) -> Void) throws {
        queries = scratch.queries
        guard let store = try VectorStore.open(scratch.writer.folder) else {
            preconditionFailure("it was just written")
        }
        var rows: [Float] = []
        rows.reserveCapacity(store.liveCount * Source.dimension)
        store.forEachVector { _, row in rows += row }
        truth = try queries.map { try BruteForce(over: store).search($0, k: Self.k)[0] }
        for entry in store.manifest.indexes {
            say("building faiss's \(entry.specification.type.rawValue)")
            contenders.append(try Self.contender(entry, store, rows, scratch.buildSeconds))
        }
    }

    mutating func run() throws {
        for _ in 0..<rounds {
            for place in contenders.indices {
                for (query, nearest) in zip(queries, truth) {
                    let (ours, ourTime) = try Self.timed { try contenders[place].ours(query) }
                    let (packaged, packagedTime) = try Self.timed { try contenders[place].packaged(query) }
                    contenders[place].times.ours.append(ourTime)
                    contenders[place].times.packaged.append(packagedTime)
                    contenders[place].found.ours += Self.recall(ours, nearest)
                    contenders[place].found.packaged += Self.recall(
                        packaged, nearest, areExact: contenders[place].type != "ivfpq")
                }
            }
        }
    }

    var markdown: String {
        var text = """
            | type | parameters | ms | packaged faiss, ms | times as fast | recall@10 | packaged | build s | packaged | own bytes |
            |---|---|---|---|---|---|---|---|---|---|

            """
        for contender in contenders {
            let asked = Double(contender.times.ours.count)
            let (ours, packaged) = (median(contender.times.ours), median(contender.times.packaged))
            text += "| \(contender.type) | \(contender.parameters) | \(format(ours, 3)) | \(format(packaged, 3)) "
            text += "| \(format(packaged / ours, 1)) | \(format(contender.found.ours / asked, 4)) "
            text += "| \(format(contender.found.packaged / asked, 4)) | \(format(contender.buildSeconds, 1)) "
            text += "| \(format(contender.packagedSeconds, 1)) | \(contender.bytes) |\n"
        }
        return text
    }

    private static func contender(
        _ entry: Manifest.Index, _ store: VectorStore, _ rows: [Float], _ buildSeconds: [IndexType: Double]
    ) throws -> Contender {
        let type = entry.specification.type
        let parameters = entry.built?.parameters ?? [:]
        let index = try store.index(named: entry.specification.name)
        let start = ContinuousClock.now
        let packaged = try packagedObject(type, parameters, rows)
        let flatBytes = store.manifest.sketch.map { store.liveCount * ($0.components + 16) } ?? 0
        let words = parameters.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return Contender(
            type: type.rawValue,
            parameters: type == .flat ? "\(store.manifest.sketch?.components ?? 0) components" : words,
            ours: { try index.search($0, k: k)[0] }, packaged: packaged, buildSeconds: buildSeconds[type] ?? 0,
            packagedSeconds: (ContinuousClock.now - start) / .seconds(1), bytes: entry.built?.byteCount ?? flatBytes)
    }

    private static func packagedObject(
        _ type: IndexType, _ parameters: [String: Int], _ rows: [Float]
    ) throws -> ([Float]) throws -> [Neighbor] {
        switch type {
        case .flat:
            let plain = try PlainFlatIndex(dimension: Source.dimension)
            try plain.add(rows)
            return { numbered(try plain.search($0, k: k)[0]) }
        case .hnsw:
            let plain = try PlainHNSWIndex(
                dimension: Source.dimension, m: parameters["M"] ?? 32,
                efConstruction: parameters["efConstruction"] ?? 80)
            try plain.add(rows)
            return { numbered(try plain.search($0, k: k, efSearch: parameters["efSearch"] ?? 64)[0]) }
        case .ivfflat, .ivfpq:
            let plain = try PlainInvertedFileIndex(
                dimension: Source.dimension, nlist: parameters["nlist"] ?? 1, m: parameters["m"] ?? 0,
                bits: parameters["bits"] ?? 8)
            try plain.train(rows)
            try plain.add(rows)
            return { numbered(try plain.search($0, k: k, nprobe: parameters["nprobe"] ?? 1)[0]) }
        }
    }

    private static func timed<T>(_ body: () throws -> T) rethrows -> (T, Double) {
        let start = ContinuousClock.now
        let result = try body()
        return (result, (ContinuousClock.now - start) / .milliseconds(1))
    }

    /// faiss numbers rows from 0, the store's ids begin with 1.
    private static func numbered(_ answer: [Neighbor]) -> [Neighbor] {
        answer.map { Neighbor(id: VectorID($0.id.rawValue + 1), distance: $0.distance) }
    }

    /// The share of the true nearest that an answer has.
    ///
    /// - Parameter areExact: its distances are; then rows at the same distance as the last of the nearest are as good.
    static func recall(_ answer: [Neighbor], _ truth: [Neighbor], areExact: Bool = true) -> Double {
        guard let last = truth.last?.distance else { return 1 }
        let ids = Set(truth.map(\.id))
        let bound = last + max(1e-6, last * 1e-5)
        let hits = answer.prefix(truth.count).count { ids.contains($0.id) || areExact && $0.distance <= bound }
        return Double(hits) / Double(truth.count)
    }
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
}

func format(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
