import CKernels
import Dispatch
import Synchronization

/// The distance kernels of CKernels: only `Kernels` and ``CRC32C`` call them.
enum Kernels {
    /// The instruction set that this machine runs them with: `avx512`, `avx2` or `portable`.
    static var instructionSet: String { String(cString: lk_kernels_of_this_cpu().pointee.name) }

    /// squared_l2 and squared_l2_gather, for a graph that asks for distances as it goes.
    static var forGraphs:
        (
            one: @convention(c) (UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Float,
            many:
                @convention(c) (
                    UnsafePointer<Float>, UnsafePointer<UnsafePointer<Float>>, Int, Int, UnsafeMutablePointer<Float>
                ) -> Void
        )
    {
        let kernels = lk_kernels_of_this_cpu().pointee
        return (kernels.squared_l2, kernels.squared_l2_gather)
    }

    /// Squared L2 distances from each query to each row, by squared_l2_gather; see ckernels.h.
    ///
    /// Equal vectors are at distance 0 exactly, and a distance depends on nothing but the two vectors: neither on the other
    /// queries nor on the number of threads.
    ///
    /// - Parameters:
    ///   - queries: n × dimension, row-major, finite.
    ///   - rows: where each row begins; valid for the time of the call, and not copied.
    ///   - threads: 1 or more, the calling one included; little work is done on that one alone.
    ///   - distances: set to n × rows.count distances, row-major; at least that long.
    static func squaredDistances(
        from queries: UnsafeBufferPointer<Float>, to rows: UnsafeBufferPointer<UnsafePointer<Float>>, dimension: Int,
        threads: Int, into distances: UnsafeMutableBufferPointer<Float>
    ) {
        let count = queries.count / dimension
        precondition(distances.count >= count * rows.count)
        guard count > 0, rows.count > 0, let queries = queries.baseAddress, let firstRow = rows.baseAddress,
            let distances = distances.baseAddress
        else { return }

        // Waking another thread and waiting for it costs microseconds, and on a busy machine a time slice.
        let workers = count * rows.count * dimension < 1 << 19 ? 1 : threads
        // Half of what a core's own cache holds, so that a part is read from memory once however many queries there are.
        let length = min(max(1, 1 << 17 / dimension), (rows.count + workers - 1) / workers)
        let gather = lk_kernels_of_this_cpu().pointee.squared_l2_gather
        // Safe to share: threads read the same memory, and each writes the distances of its own parts.
        nonisolated(unsafe) let shared = (gather: gather, queries: queries, rows: firstRow, distances: distances)
        let rowCount = rows.count
        shareOut(rowCount, inPartsOf: length, among: workers) { part in
            for query in 0..<count {
                shared.gather(
                    shared.queries + query * dimension, shared.rows + part.lowerBound, part.count, dimension,
                    shared.distances + query * rowCount + part.lowerBound)
            }
        }
    }

    /// Calls `body` with the parts of 0..<count, each once, on up to `threads` threads, of which the calling one is one.
    ///
    /// A thread takes the next part when it is done with one: none waits for another that was given too much, and where
    /// the machine has no core to spare the calling thread does it all.
    static func shareOut(
        _ count: Int, inPartsOf length: Int, among threads: Int, _ body: @Sendable (Range<Int>) -> Void
    ) {
        let parts = (count + length - 1) / length
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: min(threads, parts)) { _ in
            while true {
                let part = next.add(1, ordering: .relaxed).oldValue
                guard part < parts else { return }
                body(part * length..<min((part + 1) * length, count))
            }
        }
    }
}
