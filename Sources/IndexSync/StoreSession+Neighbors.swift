import Catalog
import VectorIndexes

extension StoreSession {
    /// Pictures whose neighbors are searched at once.
    static let picturesInSearch = 256

    /// The next pictures whose neighbors are still to be searched, in ascending order.
    ///
    /// Ask before a step. When that was the last one, the published store has the embeddings of all of them, as they were now
    /// or newer; and of any two pictures at least one is searched in a store that has the other.
    ///
    /// - Parameter image: only those with greater numbers; nil for all.
    func waitingForNeighbors(after image: ImageID?) throws -> [ImageID] {
        try catalog.imagesWithoutEdges(model: model.id, after: image, limit: Self.picturesInSearch)
    }

    /// The search for the neighbors of some pictures that were listed before the last step; those whose embeddings no index
    /// can hold have none.
    func neighborSearch(of images: [ImageID], threads: Int) throws -> (
        job: NeighborSearchJob, unusable: [NeighborSearch]
    ) {
        let job = NeighborSearchJob(
            folder: folder, images: images.filter { !setAside.contains($0) },
            threshold: try catalog.duplicateThreshold(model: model.id), threads: threads)
        return (job, images.filter(setAside.contains).map { NeighborSearch(image: $0, neighbors: []) })
    }

    /// Writes what was found, but for what has changed since the last step.
    ///
    /// - Parameter threshold: the one that was searched by.
    func write(_ searches: [NeighborSearch], threshold: Float) throws {
        try catalog.writeEdges(searches, model: model.id, threshold: threshold, since: position)
    }
}
