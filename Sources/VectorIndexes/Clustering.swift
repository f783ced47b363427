import CFaiss

/// Centroids by k-means, from faiss::Clustering with our own kernel for the assignments.
struct Clustering {
    /// For messages and for ``BuildControl``.
    let index: String
    let phase: String
    /// Which part of the phase this clustering is.
    let share: Range<Double>
    let iterations: Int
    let threads: Int
    let control: BuildControl

    /// - Parameters:
    ///   - rows: where each vector begins, valid for the time of the call; finite values.
    ///   - count: centroids to find, 1 to rows.count.
    /// - Returns: count × dimension values; the same for the same rows.
    /// - Throws: ``IndexError/cancelled(_:)`` or ``IndexError/native(_:)``.
    func centroids(
        _ count: Int, of rows: [UnsafePointer<Float>], dimension: Int
    ) throws(IndexError) -> [Float] {
        precondition((1...max(1, rows.count)).contains(count) && !rows.isEmpty)
        let assignment = Assignment(self, centroids: count, dimension: dimension, rows: rows.count)
        var centroids = [Float](repeating: 0, count: count * dimension)
        let block = PackedCentroids.block(centroids: count, dimension: dimension)
        let addresses = rows.map { Optional($0) }
        do throws(IndexError) {
            try Faiss.call { message, capacity in
                withExtendedLifetime(assignment) {
                    cfaiss_cluster(
                        addresses, rows.count, dimension, count, Int32(iterations), 1234, block, Int32(threads),
                        { context, vectors, count, centroids, pass, labels in
                            guard let context, let vectors, let centroids, let labels else { return 1 }
                            let assignment = Unmanaged<Assignment>.fromOpaque(context).takeUnretainedValue()
                            return assignment.assign(vectors, count, to: centroids, pass: Int(pass), labels) ? 0 : 1
                        }, Unmanaged.passUnretained(assignment).toOpaque(), &centroids, message, capacity)
                }
            }
        } catch {
            // What faiss says of an assignment that was ended says nothing of why.
            try control.check(index)
            throw error
        }
        return centroids
    }
}

/// What assigns vectors to centroids for faiss, block after block.
private final class Assignment {
    private let clustering: Clustering
    private let count: Int
    private let dimension: Int
    private let total: Double
    private var done = 0
    private var pass = -1
    private var packed: PackedCentroids?

    init(_ clustering: Clustering, centroids: Int, dimension: Int, rows: Int) {
        self.clustering = clustering
        count = centroids
        self.dimension = dimension
        total = Double(rows * clustering.iterations)
    }

    /// False once the building was cancelled.
    func assign(
        _ vectors: UnsafePointer<Float>, _ vectorCount: Int, to centroids: UnsafePointer<Float>, pass: Int,
        _ labels: UnsafeMutablePointer<Int64>
    ) -> Bool {
        if clustering.control.isCancelled { return false }
        if self.pass != pass || packed == nil {
            packed = PackedCentroids(centroids, count: count, dimension: dimension)
            self.pass = pass
        }
        guard let packed else { return false }
        let dimension = dimension
        // Safe to share: threads read the same vectors, and each writes the labels of its own parts.
        nonisolated(unsafe) let shared = (vectors: vectors, labels: labels)
        // Short vectors are quick work: a thread takes more of them.
        let part = max(PackedCentroids.part, vectorCount / (8 * clustering.threads) / PackedCentroids.part * 60)
        TrainingThreads.shareOut(vectorCount, inPartsOf: part, among: clustering.threads) { part in
            let rows = part.map { shared.vectors + $0 * dimension }
            var nearest = [UInt32](repeating: 0, count: part.count)
            var scores = [Float](repeating: 0, count: part.count)
            packed.nearest(rows, count: part.count, &nearest, &scores)
            for (place, label) in zip(part, nearest) { shared.labels[place] = Int64(label) }
        }
        done += vectorCount
        let share = clustering.share
        clustering.control.report(
            clustering.phase, share.lowerBound + Double(done) / total * (share.upperBound - share.lowerBound))
        return true
    }
}
