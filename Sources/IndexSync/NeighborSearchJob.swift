import Catalog
import SystemPackage
import VectorIndexes

/// The search for the neighbors of some pictures among all rows of a store, as it is published when the search begins.
///
/// Exact, whatever indexes there are: with sketches it costs about as much as a query of a flat index for each picture, and
/// more where many pictures are alike.
struct NeighborSearchJob: Sendable {
    /// The most neighbors of one picture that are told. A family of an original and 100 copies has fewer; in a crowd of
    /// more, each picture is joined to its nearest ones, of equally near ones to those with the smallest numbers. So a
    /// crowd of equal pictures is one group. Two crowds of more than this, each within the threshold of the other, may be two.
    static let mostNeighbors = 256
    /// What is asked for at first: for most pictures the last of so many is beyond the threshold.
    private static let firstNeighbors = 16
    /// Pictures between two looks at the control.
    private static let picturesAtOnce = 32

    let folder: FilePath
    let images: [ImageID]
    /// Squared L2 distance up to which all neighbors are told, itself included.
    let threshold: Float
    let threads: Int

    /// Searches; blocks.
    ///
    /// - Returns: for each picture that the store has its neighbors within the threshold, nearest first, at most
    ///   ``mostNeighbors``, or its nearest ones where that is more. Pictures that the store lacks are left out, as are damaged
    ///   ones.
    /// - Throws: ``IndexError/cancelled(_:)``, and what opening and searching a store throw.
    func run(_ control: BuildControl) throws(IndexError) -> [NeighborSearch] {
        guard !images.isEmpty, let store = try VectorStore.open(folder) else { return [] }
        var found: [NeighborSearch] = []
        for start in stride(from: 0, to: images.count, by: Self.picturesAtOnce) {
            if control.isCancelled { throw .cancelled("neighbors") }
            let asked = images[start..<min(images.count, start + Self.picturesAtOnce)].compactMap { image in
                store.vector(of: VectorID(rawValue: image.rawValue)).map { (image: image, vector: $0) }
            }.filter { $0.vector.allSatisfy(\.isFinite) }
            found += try search(asked, store)
        }
        return found
    }

    private func search(
        _ asked: [(image: ImageID, vector: [Float])], _ store: VectorStore
    ) throws(IndexError) -> [NeighborSearch] {
        var answers = try store.exact.search(
            asked.flatMap(\.vector), k: Self.firstNeighbors, filter: nil, threads: threads)
        let crowded = answers.indices.filter { place in
            answers[place].count == Self.firstNeighbors && answers[place].allSatisfy { $0.distance <= threshold }
        }
        if !crowded.isEmpty {
            // The picture is one of its own neighbors.
            let more = try store.nearest(
                crowded.flatMap { asked[$0].vector }, k: Self.mostNeighbors + 1, within: threshold, threads: threads)
            for (place, answer) in zip(crowded, more) { answers[place] = answer }
        }
        return zip(asked, answers).map { asked, answer in
            let others = answer.filter { $0.id.rawValue != asked.image.rawValue }
            // What is beyond the threshold may have found its nearest neighbor in this picture.
            let told = max(Self.firstNeighbors - 1, others.count { $0.distance <= threshold })
            return NeighborSearch(
                image: asked.image,
                neighbors: others.prefix(min(told, Self.mostNeighbors)).map {
                    SearchHit(image: ImageID(rawValue: $0.id.rawValue), distance: $0.distance)
                })
        }
    }
}
