import Glibc
import Logging

/// What `FolderWatcher.run` does, on one thread: events first, then what is due, then one step of a scan, and again.
final class WatchLoop {
    let options: WatchOptions
    let logger: Logger
    let commands: WatchCommands
    let inotify: Inotify
    let roots: [RootState]
    private let deliver: (FolderNews) throws -> Void

    /// The folders that have a watch, by its number.
    var watched: [Int32: WatchedFolder] = [:]
    /// The folders that have none.
    var polled: [ObjectIdentifier: WatchedFolder] = [:]
    /// What is still to be looked at in the poll under way.
    var pollQueue: [WatchedFolder] = []
    /// Scans under way; the last one goes on, for it may be about what another one has to know.
    var jobs: [FolderScanJob] = []
    var lastJobNumber = 0
    var settling: Settling
    private var questions: [CatchingUp] = []
    /// Whether inotify tells of what happens on a file system, by its device.
    var fileSystems: [UInt64: Bool] = [:]

    /// Folders that are polled for want of watches, since the last full scan began.
    var refused: Set<ObjectIdentifier> = []
    var limitWasTold = false

    private var nextRescan = ContinuousClock.now
    private var nextPoll = ContinuousClock.now
    private var nextRootCheck = ContinuousClock.now

    private var files: [FoundFile] = []
    private var placeOfFile: [[UInt8]: Int] = [:]
    private var gone: [[UInt8]] = []

    init(
        roots: [WatchedRoot], options: WatchOptions, logger: Logger, commands: WatchCommands,
        deliver: @escaping (FolderNews) throws -> Void
    ) throws(WatchingError) {
        self.roots = roots.map { RootState($0) }
        self.options = options
        self.logger = logger
        self.commands = commands
        self.deliver = { news in
            // Whoever is told may take his time.
            commands.ask(about: nil)
            try deliver(news)
        }
        settling = Settling(time: options.settlingTime)
        inotify = try Inotify()
    }

    deinit {
        for root in roots { _ = root.folder?.drop() }
        for question in questions { question.waiter.resume() }
    }

    func run() throws {
        nextRescan = .now + options.rescanInterval
        nextPoll = .now + options.pollInterval
        while !commands.isStopped {
            try takeCommands()
            let hadEvents = try readEvents(atMost: 1)
            try lookAtDueFiles()
            try doScheduledWork()
            // What a scan finds gathers over its folders; what has just happened does not wait.
            try step()
            if hadEvents || isIdle { try flush() }
            try answerQuestions()
            wait()
        }
    }

    private func takeCommands() throws {
        let asked = commands.take()
        for folder in asked.rescans { rescan(folder) }
        if asked.wantsRoots { try tellRoots() }
        if asked.waiters.isEmpty { return }
        // All that has happened is in the kernel's queue at least; it begins the scans that are to be waited for.
        questions += asked.waiters.map { CatchingUp(waiter: $0, lastJob: .max) }
        try readEvents(atMost: 128)
        for place in questions.indices where questions[place].lastJob == .max {
            questions[place].lastJob = lastJobNumber
        }
    }

    /// Lets those go who wait for what has been told by now.
    private func answerQuestions() throws {
        if questions.isEmpty { return }
        let oldestJob = jobs.map(\.number).min() ?? .max
        for place in questions.indices where questions[place].lastLook == nil && questions[place].lastJob < oldestJob {
            questions[place].lastLook = settling.lastLook
        }
        let oldestLook = settling.oldestLook ?? .max
        let isAnswered = questions.map { question in question.lastLook.map { $0 < oldestLook } ?? false }
        if !isAnswered.contains(true) { return }
        try flush()
        // A disk that went meanwhile took nothing with it: that is to be known first.
        try checkRoots()
        for (question, isAnswered) in zip(questions, isAnswered) where isAnswered { question.waiter.resume() }
        questions = zip(questions, isAnswered).filter { !$0.1 }.map(\.0)
    }

    /// Has those who wait wait for the scans that have begun by now, which stand for earlier ones.
    func renewQuestions() {
        for place in questions.indices {
            questions[place].lastJob = lastJobNumber
            questions[place].lastLook = nil
        }
    }

    /// The time by both clocks.
    var now: Settling.Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Settling.Moment(clock: .now, wall: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    private func doScheduledWork() throws {
        let now = ContinuousClock.now
        if now >= nextRootCheck {
            try checkRoots()
            nextRootCheck = .now + options.rootCheckInterval
        }
        if now >= nextRescan {
            rescanAll()
            nextRescan = .now + options.rescanInterval
        }
        if now >= nextPoll {
            if pollQueue.isEmpty { pollQueue = Array(polled.values) }
            nextPoll = .now + options.pollInterval
        }
    }

    /// Does a part of what is under way.
    private func step() throws {
        if let job = jobs.last {
            try proceed(with: job)
        } else if let folder = pollQueue.popLast() {
            try poll(folder)
        }
    }

    /// Whether nothing is under way.
    private var isIdle: Bool { jobs.isEmpty && pollQueue.isEmpty }

    /// Waits for events and commands until something is due.
    private func wait() {
        var timeout: Int32 = 0
        if isIdle {
            var next = min(nextRescan, nextRootCheck)
            if !polled.isEmpty { next = min(next, nextPoll) }
            if let due = settling.nextDue { next = min(next, due) }
            let (seconds, fraction) = ContinuousClock.now.duration(to: next).components
            // Rounded up, so that what is due is due when it wakes.
            timeout = Int32(clamping: max(0, seconds * 1000 + fraction / 1_000_000_000_000_000 + 1))
        }
        var descriptors = [
            pollfd(fd: inotify.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: commands.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        commands.ask(about: nil)
        _ = Glibc.poll(&descriptors, nfds_t(descriptors.count), timeout)
    }

    // MARK: What is told

    /// Tells a file if it is complete, else waits for it; true if it is told.
    @discardableResult
    func offer(_ file: FoundFile, as sight: Settling.Sight) throws -> Bool {
        guard settling.see(file, as: sight, at: now) else { return false }
        if let place = placeOfFile[file.path] {
            files[place] = file
        } else {
            placeOfFile[file.path] = files.count
            files.append(file)
            if files.count >= Self.mostAtOnce { try flush() }
        }
        return true
    }

    /// Notes that something went.
    func noteGone(_ path: [UInt8]) throws {
        gone.append(path)
        if gone.count >= Self.mostAtOnce { try flush() }
    }

    /// Forgets that something went from below a folder.
    func discardGone(below folder: [UInt8]) { gone.removeAll { isPath($0, atOrBelow: folder) } }

    /// Tells something that is neither a file nor gone, after what was known before it.
    func tell(_ news: FolderNews) throws {
        try flush()
        try deliver(news)
    }

    /// Tells what has gathered: first what came, then what went, so that a file that was moved is never nowhere.
    func flush() throws {
        if !files.isEmpty {
            let batch = files
            files = []
            placeOfFile = [:]
            try deliver(.files(batch))
        }
        guard !gone.isEmpty else { return }
        let batch = gone
        gone = []
        // What went with its root did not go.
        let present = try presentRoots(of: batch)
        let news = batch.filter { path in present.contains { isPath(path, atOrBelow: $0.root.path) } }
        if !news.isEmpty { try deliver(.gone(news)) }
    }

    private func presentRoots(of paths: [[UInt8]]) throws -> [RootState] {
        var present: [RootState] = []
        for root in roots where paths.contains(where: { isPath($0, atOrBelow: root.root.path) }) {
            if try check(root) { present.append(root) }
        }
        return present
    }

    private static let mostAtOnce = 1000
}

/// One who waits until all is told that had happened when he asked: until the scans are done that were under way, and the files
/// complete, or changed again, that were not.
private struct CatchingUp {
    let waiter: CheckedContinuation<Void, Never>
    /// The scans up to this one are to be done.
    var lastJob: Int
    /// The last look at a file that was due when they were; nil before.
    var lastLook: Int?
}
