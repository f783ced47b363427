import Catalog
import VectorIndexes

/// Embeddings that wait to be appended, in one run of numbers.
final class GatheredRows {
    private let dimension: Int
    private let capacity: Int
    private var waiting: [ImageID] = []
    private var vectors: [Float] = []
    /// What was appended.
    private(set) var moved: [ImageID] = []
    /// What no index can hold, because a number in it is not finite.
    private(set) var unusable: [ImageID] = []

    /// - Parameter capacity: rows after which it is full.
    init(dimension: Int, capacity: Int) {
        self.dimension = dimension
        self.capacity = capacity
        vectors.reserveCapacity(capacity * dimension)
    }

    var isFull: Bool { waiting.count >= capacity }

    /// - Parameter bytes: little-endian float32, as the catalog stores a vector.
    func append(_ image: ImageID, _ bytes: UnsafeRawBufferPointer) {
        waiting.append(image)
        vectors.append(contentsOf: LittleEndianFloats(bytes: bytes))
    }

    /// Appends what waits; a row that the store refuses for its numbers is set aside, the others go on.
    func move(to writer: StoreWriter) throws(IndexError) {
        while !waiting.isEmpty {
            do {
                try writer.append(ids: waiting.map { VectorID(rawValue: $0.rawValue) }, vectors: vectors)
                moved += waiting
                waiting.removeAll(keepingCapacity: true)
                vectors.removeAll(keepingCapacity: true)
            } catch .notFinite(let id, _) {
                guard let place = waiting.firstIndex(where: { $0.rawValue == id.rawValue }) else {
                    throw .notFinite(id: id, component: 0)
                }
                unusable.append(waiting.remove(at: place))
                vectors.removeSubrange(place * dimension..<(place + 1) * dimension)
            }
        }
    }
}
