import Daemons
import IndexSync
import Logging
import Synchronization
import TestSupport
import Testing

extension SyncCatalog {
    func daemon(_ log: Log, _ settings: SyncDaemon.Settings = SyncDaemon.Settings()) -> SyncDaemon {
        var settings = settings
        settings.pollInterval = .milliseconds(50)
        return SyncDaemon(
            target: database.target, folders: folders, settings: settings,
            logger: Logger(label: "test") { _ in LogKeeper(log: log) },
            notifier: ServiceNotifier(variable: { _ in nil }, processID: 0))
    }

    /// Runs a daemon beside the body, from its first catching up to its end in order.
    func following(
        _ settings: SyncDaemon.Settings = SyncDaemon.Settings(), _ body: (Log) async throws -> Void
    ) async throws {
        let log = Log()
        let daemon = daemon(log, settings)
        let running = Task { try await daemon.run() }
        do {
            try await eventually("caught up", explanation: { "\(log.lines)" }) { log.count("caught up") == 1 }
            try await body(log)
        } catch {
            daemon.stop()
            _ = await running.result
            throw error
        }
        daemon.stop()
        try await running.value
        #expect(log.count("stopped") == 1)
    }
}

/// What was logged, a line each, with its metadata.
final class Log: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }
    func append(_ line: String) { kept.withLock { $0.append(line) } }
    func count(_ text: String) -> Int { lines.count { $0.contains(text) } }
}

private struct LogKeeper: LogHandler {
    let log: Log
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        log.append("\(event.level) \(event.message) " + facts.joined(separator: " "))
    }
}
