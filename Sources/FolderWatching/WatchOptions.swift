/// How folders are watched.
public struct WatchOptions: Sendable {
    /// For how long a file must stay as it is before it counts as complete, unless its writer was seen to close it.
    public var settlingTime: Duration = .seconds(2)
    /// Time between two scans of everything, which mend whatever events did not tell.
    public var rescanInterval: Duration = .seconds(3600)
    /// Time between two looks at folders in which events do not tell: network file systems and folders beyond the limit.
    public var pollInterval: Duration = .seconds(30)
    /// Time between two looks whether the roots are there and are the ones that they were.
    public var rootCheckInterval: Duration = .seconds(5)
    /// Whether all folders are polled, whatever their file system.
    public var polls = false
    /// Whether symbolic links are followed; a link to a folder around it is not.
    public var followsLinks = false
    /// How many watches to use at the most; nil for as many as the system allows.
    public var maxWatches: Int?

    /// The values that a watcher has unless told otherwise.
    public init() {}
}
