import Catalog
import Daemons
import FolderWatching
import Postgres

/// Calls vanished what has been gone for a while.
///
/// Not at once: what was moved may still have to settle at its new place, and a picture that leaves the answers and comes
/// back a second later costs every index two changes.
actor Departures {
    private let database: Database
    private let roots: RootBook
    private let patience: Duration
    private let trouble: DatabaseTrouble
    private let stopFlag: StopFlag
    private let log: WatchLog
    private let lookAgain: @Sendable ([[UInt8]]) -> Void
    private var waiting: [[UInt8]] = []

    /// - Parameters:
    ///   - patience: for how long something must be gone.
    ///   - lookAgain: has the folders of paths scanned, because somebody works on what is gone.
    init(
        _ database: Database, roots: RootBook, patience: Duration, trouble: DatabaseTrouble, stopFlag: StopFlag,
        log: WatchLog, lookAgain: @escaping @Sendable ([[UInt8]]) -> Void
    ) {
        self.database = database
        self.roots = roots
        self.patience = patience
        self.trouble = trouble
        self.stopFlag = stopFlag
        self.log = log
        self.lookAgain = lookAgain
    }

    /// Notes files and folders that went. What is forgotten by a process that ends is found by the next scan.
    nonisolated func note(_ paths: [[UInt8]]) {
        Task {
            try? await Task.sleep(for: patience)
            await take(paths)
        }
    }

    private func take(_ paths: [[UInt8]]) async {
        waiting += paths
        while !waiting.isEmpty, !stopFlag.isSet {
            let taken = waiting
            waiting = []
            do {
                try await vanish(taken.filter(isMissing))
                trouble.isOver()
            } catch {
                waiting += taken
                // What no waiting helps against the lanes meet as well, and end for it.
                guard let delay = try? trouble.met(error) else { return }
                try? await Task.sleep(for: delay)
            }
        }
    }

    private func vanish(_ missing: [[UInt8]]) async throws {
        for (root, group) in Dictionary(grouping: missing, by: { roots.root(of: $0) }) {
            guard let root else { continue }
            do {
                let outcome = try await database.run { connection in
                    let catalog = Catalog(connection)
                    return try catalog.vanish(
                        paths: group, folders: try catalog.knownFolders(of: group), root: root, host: MachineName.own)
                }
                lookAgain(outcome.inWork)
                log.tell(vanished: outcome)
            } catch CatalogError.rootUnavailable {
                // It went away in this moment; then nothing in it is gone.
            }
        }
    }
}
