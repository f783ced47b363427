import Dispatch
import Glibc
import Synchronization

/// SIGTERM and SIGINT as a daemon takes them: the first asks for the end, a second one ends at once.
///
/// In effect while it lives.
final class StopSignals {
    private static let signals = [SIGTERM, SIGINT]
    private let sources: [any DispatchSourceSignal]

    /// - Parameter stop: called once, on a thread of Dispatch.
    init(_ stop: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "stop-signals")
        // Both signals count together: Ctrl-C after a service manager's SIGTERM is a second one.
        let count = SignalCount()
        sources = Self.signals.map { number in
            // The default action would come before the source.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if count.isFirst() { stop() } else { _exit(128 + number) }
            }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        for number in Self.signals { signal(number, SIG_DFL) }
    }
}

private final class SignalCount: Sendable {
    private let count = Atomic(0)

    func isFirst() -> Bool { count.add(1, ordering: .relaxed).oldValue == 0 }
}
