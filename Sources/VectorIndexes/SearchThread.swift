import NativeThreads

/// A thread on which searches run one after the other, so that tasks can wait for them.
///
/// A search blocks its thread. Keep one of these for as many searches as there are to be; have several for searches at
/// the same time.
public actor SearchThread {
    private let thread: NativeThreadExecutor
    private let threads: Int

    /// - Parameters:
    ///   - name: what debuggers show, up to 15 bytes.
    ///   - threads: threads that a search uses, this one included, ``SearchLimits/threads``.
    public init(name: String = "search", threads: Int = SearchLimits.defaultThreads) {
        thread = NativeThreadExecutor(name: name)
        self.threads = threads
    }

    /// The thread that belongs to this actor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// As ``SearchableIndex/search(_:k:filter:threads:)``, on this thread.
    public func search(
        _ index: any SearchableIndex, _ queries: [Float], k: Int, filter: IDFilter? = nil
    ) throws(IndexError) -> [[Neighbor]] {
        try index.search(queries, k: k, filter: filter, threads: threads)
    }
}
