import Synchronization

/// The building of a generation of IVFFlat or IVFPQ.
struct InvertedFileTraining {
    let job: GenerationJob
    let control: BuildControl
    /// All live rows, in order.
    let slots: [RowSlot]
    private let rows: StoreRows

    /// Rows that each list is trained with. faiss takes up to 256; above 50 what is gained is not worth the time.
    static let sampledRowsPerList = 50
    /// Rows that each entry of a codebook is trained with.
    static let sampledRowsPerEntry = 128
    /// Passes over the sample, as faiss's IndexIVF and ProductQuantizer make.
    static let listIterations = 10
    static let codebookIterations = 25

    init(_ job: GenerationJob, _ rows: StoreRows, _ control: BuildControl) {
        self.job = job
        self.control = control
        self.rows = rows
        slots = rows.liveSlots()
    }

    var name: String { job.specification.name }
    /// What was asked for, and what the rows suggest for the rest.
    var resolved: IndexParameters {
        IndexParameters.resolved(
            for: job.specification.type, given: job.specification.parameters, rows: slots.count, dimension: dimension
        ).parameters
    }
    var dimension: Int { rows.dimension }

    /// Centroids, and codebooks for IVFPQ, from samples of the rows.
    ///
    /// There are never more lists than rows to train them with, and entries of codebooks that no row is left for repeat
    /// another one.
    func trained() throws(IndexError) -> InvertedFileQuantizer {
        let wanted = resolved[.nlist] ?? 1
        let sample = finiteVectors(of: sample(max(wanted, Self.sampledRowsPerList * wanted)))
        let nlist = min(wanted, max(1, sample.count))
        let centroids =
            sample.isEmpty
            ? [Float](repeating: 0, count: dimension)
            : try Clustering(
                index: name, phase: "training lists", share: 0..<1, iterations: Self.listIterations,
                threads: job.threads, control: control
            ).centroids(nlist, of: sample, dimension: dimension)
        let flat = InvertedFileShape(dimension: dimension, nlist: nlist, m: 0, bits: 0)
        let lists = InvertedFileQuantizer(flat, centroids: centroids, codebooks: [])
        guard job.specification.type == .ivfpq else { return lists }
        let shape = InvertedFileShape(
            dimension: dimension, nlist: nlist, m: resolved[.subquantizers] ?? 1, bits: resolved[.bits] ?? 8)
        return InvertedFileQuantizer(shape, centroids: centroids, codebooks: try codebooks(shape, lists))
    }

    /// A codebook for each part of the residuals of a sample.
    private func codebooks(
        _ shape: InvertedFileShape, _ lists: InvertedFileQuantizer
    ) throws(IndexError) -> [Float] {
        let sample = finiteVectors(of: sample(min(65_536, Self.sampledRowsPerEntry * shape.entries)))
        guard !sample.isEmpty else { return [Float](repeating: 0, count: shape.codebookValues) }
        let nearest = try inBlocks(sample, of: lists.block, "assigning the sample") { block in
            lists.lists(of: block, threads: job.threads)
        }
        // A thread a codebook: threads that share one would wait for one another at each of its many short passes.
        let books = Mutex([[Float]](repeating: [], count: shape.m))
        let failure = Mutex<IndexError?>(nil)
        // Safe to share: threads only read the rows.
        nonisolated(unsafe) let vectors = sample
        TrainingThreads.shareOut(shape.m, inPartsOf: 1, among: job.threads) { codes in
            for code in codes where failure.withLock({ $0 == nil }) {
                do throws(IndexError) {
                    let book = try codebook(code, shape, lists, vectors, nearest)
                    books.withLock { $0[code] = book }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return books.withLock { $0.flatMap(\.self) }
    }

    /// The codebook for one part of the residuals, on the calling thread.
    private func codebook(
        _ code: Int, _ shape: InvertedFileShape, _ lists: InvertedFileQuantizer, _ sample: [UnsafePointer<Float>],
        _ nearest: [UInt32]
    ) throws(IndexError) -> [Float] {
        let length = shape.codeDimension
        let entries = min(shape.entries, sample.count)
        var residuals = [Float](repeating: 0, count: sample.count * length)
        for (row, vector) in sample.enumerated() {
            let centroid = Int(nearest[row]) * dimension + code * length
            for component in 0..<length {
                residuals[row * length + component] =
                    vector[code * length + component] - lists.centroids[centroid + component]
            }
        }
        let clustering = Clustering(
            index: name, phase: "training codes",
            share: Double(code) / Double(shape.m)..<Double(code + 1) / Double(shape.m),
            iterations: Self.codebookIterations, threads: 1, control: control)
        var book = try residuals.withUnsafeBufferPointer { residuals throws(IndexError) in
            guard let first = residuals.baseAddress else { preconditionFailure("codes have components") }
            return try clustering.centroids(
                entries, of: sample.indices.map { first + $0 * length }, dimension: length)
        }
        // Repeats are never chosen: the first of equal entries is.
        for _ in entries..<shape.entries { book += book.prefix(length) }
        return book
    }

    /// The records of all live rows, in the order of their slots: those that a remedy keeps, and new ones.
    func records(_ lists: RemediedLists) throws(IndexError) -> [UInt8] {
        let quantizer = lists.quantizer
        let size = quantizer.shape.recordSize
        var records = [UInt8](repeating: 0, count: slots.count * size)
        var new: [Int] = []
        for (place, slot) in slots.enumerated() {
            if let kept = lists.kept[slot.rawValue] {
                records.replaceSubrange(place * size..<(place + 1) * size, with: kept)
            } else {
                new.append(place)
            }
        }
        var encoded = [UInt8](repeating: 0, count: min(new.count, quantizer.block) * size)
        for start in stride(from: 0, to: new.count, by: quantizer.block) {
            control.report("filling lists", Double(start) / Double(new.count))
            try control.check(name)
            let places = new[start..<min(start + quantizer.block, new.count)]
            let block = places.map { AddedRow(slot: slots[$0], vector: vector($0)) }
            encoded.withUnsafeMutableBytes { encoded in
                quantizer.encode(
                    block, threads: job.threads,
                    into: UnsafeMutableRawBufferPointer(rebasing: encoded.prefix(block.count * size)))
            }
            for (offset, place) in places.enumerated() {
                records.replaceSubrange(
                    place * size..<(place + 1) * size, with: encoded[offset * size..<(offset + 1) * size])
            }
        }
        return records
    }

    /// Calls `body` with block after block and joins what it gives.
    func inBlocks<Result>(
        _ vectors: [UnsafePointer<Float>], of length: Int, _ phase: String,
        _ body: ([UnsafePointer<Float>]) -> [Result]
    ) throws(IndexError) -> [Result] {
        var results: [Result] = []
        results.reserveCapacity(vectors.count)
        for start in stride(from: 0, to: vectors.count, by: length) {
            control.report(phase, Double(start) / Double(vectors.count))
            try control.check(name)
            results += body(Array(vectors[start..<min(start + length, vectors.count)]))
        }
        return results
    }

    /// The vectors without an infinity or a NaN, which only damaged rows have: one of them would spoil its centroid.
    func finiteVectors(of places: [Int]) -> [UnsafePointer<Float>] {
        places.map { vector($0) }.filter { vector in
            firstNonFinite(UnsafeBufferPointer(start: vector, count: dimension)) == nil
        }
    }

    private func sample(_ count: Int) -> [Int] { RowSample.places(count, of: slots.count, seed: 1) }

    /// The vector of a place among the slots.
    private func vector(_ place: Int) -> UnsafePointer<Float> {
        guard let vector = rows.vector(slots[place]) else { preconditionFailure("live rows have vectors") }
        return vector
    }
}

/// Lists to be, and the records that stay as they are, by slot.
struct RemediedLists {
    let quantizer: InvertedFileQuantizer
    var kept: [UInt32: [UInt8]] = [:]

    init(_ quantizer: InvertedFileQuantizer) { self.quantizer = quantizer }
}
