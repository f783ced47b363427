import Foundation
import SystemPackage
import VectorIndexes

/// A store with an index of each type, built as the sync daemon builds it.
struct ScratchStore {
    static let types: [IndexType] = [.flat, .ivfflat, .ivfpq, .hnsw]
    let writer: StoreWriter
    let queries: [[Float]]
    private(set) var buildSeconds: [IndexType: Double] = [:]
    private(set) var loadSeconds = 0.0

    init(_ source: Source, in folder: FilePath) throws {
        let writer = try StoreWriter.open(
            folder, identity: StoreIdentity(model: "m", modelIdentity: "m", dimension: Source.dimension), fence: 1)
        var next: Int64 = 1
        var spent = Duration.zero
        queries = try source.read { rows in
            let count = rows.count / Source.dimension
            let start = ContinuousClock.now
            try writer.append(ids: (0..<count).map { VectorID(next + Int64($0)) }, vectors: rows)
            spent += ContinuousClock.now - start
            next += Int64(count)
        }
        for type in Self.types { try writer.add(IndexSpecification(name: type.rawValue, type: type)) }
        try writer.publish()
        loadSeconds = spent / .seconds(1)
        self.writer = writer
    }

    /// Sketches for flat, a generation each for the others.
    mutating func build(_ types: [IndexType] = types, say: (String) -> Void) throws {
        for type in types {
            guard let store = try VectorStore.open(writer.folder) else { return }
            say("building \(type.rawValue)")
            let start = ContinuousClock.now
            if type == .flat {
                let job = SketchJob(over: store, generation: try writer.nextSketchGeneration())
                if let draft = try job.build() { try writer.adopt(draft) }
            } else {
                let specification = IndexSpecification(name: type.rawValue, type: type)
                let generation = try writer.nextGeneration(of: type.rawValue)
                try writer.adopt(try GenerationJob(specification, generation: generation, over: store).build())
            }
            try writer.publish()
            buildSeconds[type] = (ContinuousClock.now - start) / .seconds(1)
        }
    }
}
