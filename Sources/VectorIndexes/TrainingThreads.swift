import Glibc
import Synchronization

/// Threads that live for one piece of work.
///
/// On Linux a thread starts with the priority of the one that makes it: what is trained on a thread of low priority is
/// trained at low priority throughout, which a pool of threads that others use as well would not give.
enum TrainingThreads {
    /// Calls `body` with the parts of 0..<count, each once, on up to `threads` threads, of which the calling one is one.
    static func shareOut(
        _ count: Int, inPartsOf length: Int, among threads: Int, _ body: @escaping @Sendable (Range<Int>) -> Void
    ) {
        let work = SharedWork(count, length, body)
        var started: [pthread_t] = []
        for _ in 1..<max(1, min(threads, work.parts)) {
            var thread = pthread_t()
            let retained = Unmanaged.passRetained(work)
            let status = pthread_create(
                &thread, nil,
                { context in
                    if let context { Unmanaged<SharedWork>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, retained.toOpaque())
            guard status == 0 else {
                // Without another thread this one does it all.
                retained.release()
                break
            }
            started.append(thread)
        }
        work.run()
        for thread in started { pthread_join(thread, nil) }
    }
}

private final class SharedWork: Sendable {
    let parts: Int
    private let count: Int
    private let length: Int
    private let body: @Sendable (Range<Int>) -> Void
    private let next = Atomic(0)

    init(_ count: Int, _ length: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) {
        self.count = count
        self.length = length
        self.body = body
        parts = (count + length - 1) / length
    }

    /// Takes part after part until there is none.
    func run() {
        while true {
            let part = next.add(1, ordering: .relaxed).oldValue
            guard part < parts else { return }
            body(part * length..<min((part + 1) * length, count))
        }
    }
}
