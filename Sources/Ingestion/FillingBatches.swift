import Embeddings
import Synchronization

/// A picture whose prepared values are in a batch.
struct PreparedPicture: Sendable {
    let read: ReadFile
    let facts: PictureFacts
}

/// A batch and the pictures in it, row by row.
struct FilledBatch: Sendable {
    let batch: PreparedBatch
    var pictures: [PreparedPicture] = []
}

/// The batches of one lane: one is filled, from several threads, while the network has the others.
final class FillingBatches: Sendable {
    /// Pictures that fit in all batches together.
    let room: Int
    private let state: Mutex<State>

    private struct State {
        var filling: FilledBatch?
        var spare: [PreparedBatch]
    }

    init(_ embedder: any Embedder, count: Int = 2) {
        let batches = (0..<count).map { _ in embedder.makeBatch() }
        room = count * embedder.preferredBatch
        state = Mutex(State(spare: batches))
    }

    /// Writes a picture behind those of the batch that is being filled; the batch, when that is full now.
    ///
    /// - Precondition: fewer pictures than ``room`` were added and not given back.
    func add(_ values: UnsafeBufferPointer<Float>, _ picture: PreparedPicture) -> FilledBatch? {
        state.withLock { state in
            guard var filled = state.filling ?? state.spare.popLast().map({ FilledBatch(batch: $0) }) else {
                preconditionFailure("more pictures are in work than fit into \(room) places")
            }
            filled.batch.append { _ = $0.update(fromContentsOf: values) }
            filled.pictures.append(picture)
            state.filling = filled.batch.isFull ? nil : filled
            return filled.batch.isFull ? filled : nil
        }
    }

    /// The batch that is not full; nil when there is none with a picture in it.
    func takePartial() -> FilledBatch? {
        state.withLock { state in
            defer { state.filling = nil }
            return state.filling
        }
    }

    /// A batch that was embedded is filled again.
    func giveBack(_ filled: FilledBatch) {
        filled.batch.removeAll()
        state.withLock { $0.spare.append(filled.batch) }
    }
}
