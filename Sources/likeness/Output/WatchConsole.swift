import Faults
import Ingestion
import Synchronization

/// Shows what an ingest daemon reports: a line on a terminal, failures always, what to do about a kind of failure once.
final class WatchConsole: Sendable {
    private let line: Mutex<StatusLine>
    private let failures = FailureWords()
    private let rate = Mutex(RecentRate())

    init(quiet: Bool) { line = Mutex(StatusLine(quiet: quiet)) }

    func show(_ event: WatchEvent) {
        switch event {
        case .progress(let done, let failed, let waiting, let elapsed):
            let perSecond = rate.withLock { $0.add(done, at: elapsed) }
            var words = "\(grouped(waiting)) waiting, \(grouped(done)) done"
            if failed > 0 { words += ", \(grouped(failed)) failed" }
            if waiting > 0, perSecond > 0 {
                words += ", \(Pace(perSecond: perSecond, waiting: waiting).text)"
            }
            line.withLock { $0.show(words) }
        case .failure(let failure):
            line.withLock {
                $0.clear()
                failures.tell(failure)
            }
        }
    }

    func finish() { line.withLock { $0.clear() } }
}

/// Files a second over the last ten seconds: what a daemon did yesterday says nothing about now.
private struct RecentRate {
    private var samples: [(done: Int, at: Duration)] = []

    mutating func add(_ done: Int, at elapsed: Duration) -> Double {
        samples.append((done, elapsed))
        samples.removeAll { $0.at < elapsed - .seconds(10) }
        guard let first = samples.first, first.at < elapsed else { return 0 }
        return Double(done - first.done) / ((elapsed - first.at) / .seconds(1))
    }
}

/// Names files that did not get in, with what to do about each kind of failure once.
final class FailureWords: Sendable {
    private let hinted = Mutex<Set<String>>([])

    func tell(_ failure: FailedFile) {
        StandardError.write("error: \(printableName(failure.path)): \(failure.message)\n")
        if let hint = failure.hint, hinted.withLock({ $0.insert(failure.errorClass).inserted }) {
            StandardError.write("hint: \(hint)\n")
        }
    }
}
