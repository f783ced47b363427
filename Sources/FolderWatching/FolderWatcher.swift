import Faults
import Glibc
public import Logging
import Synchronization

/// Tells what comes to folders, changes in them and goes from them, for as long as it runs.
///
/// Folders are watched with inotify, one watch a folder, and none on files; what inotify does not tell is polled. A folder is
/// watched before it is listed, and listed before its events are read, so that no file is lost between. Every file is told at
/// least once after it became complete; many are told more often.
///
/// - Note: a network file system whose server does not answer holds the thread of `run` for as long as the system does;
///   `unanswered(for:)` tells that from any other thread, and `WatchedRoot.byFileSystem(_:)` which roots may share a watcher.
public final class FolderWatcher: Sendable {
    private let roots: [WatchedRoot]
    private let options: WatchOptions
    private let logger: Logger
    private let commands: WatchCommands

    /// A watcher that does nothing until it runs.
    ///
    /// - Parameter roots: none in another, with paths as `WatchedRoot.resolved(_:)` gives them.
    /// - Throws: `WatchingError.noInotify` when there are no descriptors for it.
    public init(roots: [WatchedRoot], options: WatchOptions, logger: Logger) throws(WatchingError) {
        self.roots = roots
        self.options = options
        self.logger = logger
        commands = try WatchCommands()
    }

    /// Watches on this thread until `stop()`.
    ///
    /// It begins with a scan of all roots. `deliver` is called on this thread, one call after the other; while it works, the
    /// kernel keeps what happens, and when it kept too much all is scanned again. Run again after an error, it begins anew.
    ///
    /// - Throws: what `deliver` throws, at once, and `WatchingError.noInotify`.
    public func run(deliver: @escaping (FolderNews) throws -> Void) throws {
        commands.begin()
        defer { commands.end() }
        let loop = try WatchLoop(
            roots: roots, options: options, logger: logger, commands: commands, deliver: deliver)
        try loop.run()
    }

    /// What the file system has not answered for longer than a time: the path that it was asked about, and for how long; nil
    /// while it answers. Callable from any thread.
    public func unanswered(for time: Duration) -> (path: [UInt8], duration: Duration)? {
        guard let question = commands.question else { return nil }
        let duration = question.since.duration(to: .now)
        return duration > time ? (question.path, duration) : nil
    }

    /// Has `deliver` told of all roots once more whether they are there. Callable from any thread.
    public func tellRoots() { commands.tellRoots() }

    /// Waits until `deliver` has been given all that had happened to the roots when this was called, and the roots were looked
    /// at once more: files that were moved are then known where they are.
    ///
    /// Takes a moment; while a large folder is scanned, until that is done, and the settling time when a file is not complete.
    /// What comes to folders that are polled may be known at the next look only. Returns at once while nobody watches. Callable
    /// from any thread.
    public func catchUp() async { await commands.catchUp() }

    /// Ends `run` after the call of `deliver` that is under way; for good. Callable from any thread.
    public func stop() { commands.stop() }

    /// Scans a folder below a root, or a root, with all below it soon; `scanned` tells when it is done.
    ///
    /// Callable from any thread. What is in no root, is ignored or is not there any more is passed over silently.
    public func rescan(_ folder: [UInt8]) { commands.rescan(folder) }

    /// Scans all roots soon: for an owner who lost track.
    public func rescanAll() { for root in roots { commands.rescan(root.path) } }
}
