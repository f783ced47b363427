/// Files that are not known to be complete, and the rules by which they become so.
///
/// A file is complete when its writer closed it or when it was moved to its place; when it was found with a time of
/// modification that lies far enough back; else when it stayed as it is for a while. Clocks are parameters.
package struct Settling {
    /// The time, by both clocks.
    package struct Moment {
        /// What durations are measured with.
        package var clock: ContinuousClock.Instant
        /// What files are stamped with: nanoseconds since 1970.
        package var wall: Int64

        package init(clock: ContinuousClock.Instant, wall: Int64) {
            self.clock = clock
            self.wall = wall
        }
    }

    /// How it became known that a file is as it is.
    package enum Sight {
        /// Its writer closed it, or it was moved to its place.
        case completed
        /// A scan or a change of its properties showed it.
        case found
        /// Its name appeared: a close will follow, unless it is a further name of a file that is there already.
        case created
        /// It was looked at because it was due.
        case lookedAt
    }

    private struct Entry {
        var size: Int64
        var modified: Int64
        var since: ContinuousClock.Instant
        /// Told as complete because it stayed as it was; its close may still come.
        var isTold: Bool
        /// The look that is due; others in the queue are stale.
        var ticket: Int
    }

    private let time: Duration
    /// For how long a file that was told is remembered, so that its close is not news.
    private var memory: Duration { max(time * 30, .seconds(60)) }
    private var entries: [[UInt8]: Entry] = [:]
    private var nextTicket = 0
    /// In the order of their times, but for those of told files, which have a queue of their own.
    private var looks = DueQueue()
    private var expiries = DueQueue()

    /// - Parameter time: for how long a file must stay as it is.
    package init(time: Duration) { self.time = time }

    /// How many files are remembered, complete or not.
    package var count: Int { entries.count }

    /// Takes note of a file; true if it is complete and is to be told.
    package mutating func see(_ file: FoundFile, as sight: Sight, at now: Moment) -> Bool {
        let known = entries[file.path]
        let isSame = known.map { $0.size == file.size && $0.modified == file.modified } ?? false
        switch sight {
        case .completed:
            entries[file.path] = nil
            if isSame, known?.isTold == true { return false }
            return true
        case .created:
            if known == nil || !isSame { wait(for: file, since: now.clock) }
            return false
        case .found where age(file, now.wall) >= time:
            // One that was written a short while ago may be open still.
            if age(file, now.wall) < memory { remember(file, at: now.clock) } else { entries[file.path] = nil }
            return true
        case .found, .lookedAt:
            guard let known, isSame else {
                wait(for: file, since: now.clock)
                return false
            }
            if known.isTold { return sight == .found }
            guard known.since.duration(to: now.clock) >= time else {
                if sight == .lookedAt { wait(for: file, since: known.since) }
                return false
            }
            remember(file, at: now.clock)
            return true
        }
    }

    /// The paths to look at again: with `lookedAt`, or `forget` if they are gone.
    package mutating func due(at now: ContinuousClock.Instant) -> [[UInt8]] {
        for item in expiries.take(until: now) where entries[item.path]?.ticket == item.ticket {
            entries[item.path] = nil
        }
        return looks.take(until: now).filter { entries[$0.path]?.ticket == $0.ticket }.map(\.path)
    }

    /// When something is due; nil when nothing waits.
    package var nextDue: ContinuousClock.Instant? { looks.first?.time }

    /// The number of the last look that was planned.
    package var lastLook: Int { nextTicket }

    /// The number of the first look that is still due; nil when none is.
    package var oldestLook: Int? { looks.first?.ticket }

    /// A file is gone, or no longer of interest.
    package mutating func forget(_ path: [UInt8]) { entries[path] = nil }

    /// A folder is gone with all below it.
    package mutating func forget(below folder: [UInt8]) {
        guard !entries.isEmpty else { return }
        entries = entries.filter { !isPath($0.key, atOrBelow: folder) }
    }

    /// Time since the last modification; below zero for one in the future, which says nothing about the past.
    private func age(_ file: FoundFile, _ wall: Int64) -> Duration {
        .nanoseconds(wall) - .nanoseconds(file.modified)
    }

    private mutating func wait(for file: FoundFile, since: ContinuousClock.Instant) {
        nextTicket += 1
        entries[file.path] = Entry(
            size: file.size, modified: file.modified, since: since, isTold: false, ticket: nextTicket)
        looks.append(DueQueue.Item(path: file.path, time: since + time, ticket: nextTicket))
    }

    private mutating func remember(_ file: FoundFile, at now: ContinuousClock.Instant) {
        nextTicket += 1
        entries[file.path] = Entry(
            size: file.size, modified: file.modified, since: now, isTold: true, ticket: nextTicket)
        expiries.append(DueQueue.Item(path: file.path, time: now + memory, ticket: nextTicket))
    }
}

/// Paths in the order of the times at which they are due.
private struct DueQueue {
    struct Item {
        let path: [UInt8]
        let time: ContinuousClock.Instant
        let ticket: Int
    }

    private var items: [Item] = []
    private var start = 0

    var first: Item? { start < items.count ? items[start] : nil }

    /// - Parameter item: due no earlier than those before it, but for clocks; one that is, waits for them.
    mutating func append(_ item: Item) { items.append(item) }

    mutating func take(until now: ContinuousClock.Instant) -> ArraySlice<Item> {
        let taken = items[start...].prefix { $0.time <= now }
        start = taken.endIndex
        if start > 1000 && start * 2 > items.count {
            items.removeFirst(start)
            start = 0
        }
        return taken
    }
}
