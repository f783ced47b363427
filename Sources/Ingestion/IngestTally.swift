import Catalog
import Synchronization

/// Counts what becomes of each file of a pass, and reports it.
final class IngestTally: Sendable {
    private struct Counts {
        var summary = IngestSummary()
        var done = 0
    }

    private let total: Int
    private let start: ContinuousClock.Instant
    private let report: @Sendable (IngestEvent) -> Void
    private let counts = Mutex(Counts())

    init(total: Int, start: ContinuousClock.Instant, report: @escaping @Sendable (IngestEvent) -> Void) {
        self.total = total
        self.start = start
        self.report = report
    }

    func count(unchanged: Int) {
        counts.withLock {
            $0.summary.unchanged += unchanged
            $0.done += unchanged
        }
        reportProgress()
    }

    /// A committed transaction: what it did not add and what is no copy was there before.
    func count(written batch: IngestBatch, _ outcome: IngestBatchOutcome) {
        counts.withLock {
            $0.summary.added += outcome.addedImages
            $0.summary.copies += outcome.copies
            $0.summary.unchanged += batch.sightings.count - outcome.addedImages - outcome.copies
            $0.done += batch.sightings.count
        }
        reportProgress()
    }

    /// Files that did not get in.
    func count(failed failures: [FailedFile]) {
        counts.withLock {
            $0.summary.failed += failures.count
            $0.done += failures.count
        }
        for failure in failures { report(.failure(failure)) }
        reportProgress()
    }

    func summary(elapsed: Duration) -> IngestSummary {
        var summary = counts.withLock { $0.summary }
        summary.seen = total
        summary.seconds = elapsed / .seconds(1)
        return summary
    }

    private func reportProgress() {
        let (done, failed) = counts.withLock { ($0.done, $0.summary.failed) }
        report(.progress(done: done, total: total, failed: failed, elapsed: .now - start))
    }
}
