import Faults

/// Folders that are polled because no more watches are to be had.
public struct WatchLimit: Fault, Equatable {
    /// Folders that have a watch.
    public let watched: Int
    /// Folders that have none and are polled.
    public let polled: Int
    /// The limit of this user, which other programs use as well, or the one that `WatchOptions` set.
    public let limit: Int
    /// Whether `WatchOptions` set the limit.
    public let isOwn: Bool
    /// Time between two looks at the polled folders.
    public let pollInterval: Duration

    /// A limit that was reached.
    public init(watched: Int, polled: Int, limit: Int, isOwn: Bool, pollInterval: Duration) {
        self.watched = watched
        self.polled = polled
        self.limit = limit
        self.isOwn = isOwn
        self.pollInterval = pollInterval
    }

    /// The limit that is just enough, as far as is known now.
    public var needed: Int { limit + polled }

    /// How many folders there are and how many have a watch.
    public var message: String {
        "\(grouped(polled)) of \(grouped(watched + polled)) folders are polled: "
            + "the limit of \(grouped(limit)) inotify watches is reached, \(grouped(needed)) are needed"
    }

    /// What that means.
    public var detail: String? {
        "New pictures there are noticed every \(pollInterval.components.seconds) s; a higher limit takes "
            + "effect at the next full scan."
    }

    /// The line that raises the system's limit.
    public var hint: String? {
        isOwn ? nil : "sudo sysctl fs.inotify.max_user_watches=\(needed)"
    }
}
