import Synchronization

/// What `body` gives for each of 0..<count, on up to `threads` threads, the calling one included.
///
/// - Throws: the first error that came; then the rest may not have been computed.
func inParallel<Result: Sendable>(
    _ count: Int, _ threads: Int, _ body: @Sendable (Int) throws(IndexError) -> Result?
) throws(IndexError) -> [Result?] {
    let failure = Mutex<IndexError?>(nil)
    var results = [Result?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { results in
        // Safe to share: each thread writes the places of its own parts.
        nonisolated(unsafe) let places = results
        Kernels.shareOut(count, inPartsOf: 1, among: threads) { part in
            for place in part {
                do throws(IndexError) {
                    places[place] = try body(place)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
        }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return results
}
