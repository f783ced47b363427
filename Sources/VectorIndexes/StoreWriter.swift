public import FoundationEssentials
public import SystemPackage

/// Changes the store of one model: appends vectors, deletes them, keeps the list of indexes, and publishes all of that at
/// once.
///
/// Nothing that was appended or deleted shows to readers, or survives a crash, before ``publish(position:)`` returns. All
/// calls block; use a writer from one thread, such as that of an actor of its own. There is one writer at a time: the
/// folder is locked against other processes of this machine, and the fencing number, which the caller gets with a lock
/// that all machines see, keeps out a writer that lost that lock without noticing.
///
/// Memory: about 40 bytes a live row.
public final class StoreWriter {
    /// Where the store lies.
    public let folder: FilePath
    let layout: StoreLayout
    var pending: PendingStore
    var published: Manifest?
    let now: @Sendable () -> Date
    /// The files of chunks with rows that are not sure to be on the disk, and of the chunk that has room.
    var files: [Int: ChunkFiles] = [:]
    /// What a writer that begins with nothing goes back to; nil once it has published.
    var emptyStart: PendingStore?
    /// Indexes that have structure of their own, by name, as they are to be after the next publication; loaded when rows
    /// come.
    var growing: [String: LoadedIndex] = [:]
    /// The vectors of chunks, by number, where indexes refer to them.
    var mappings: [Int: MappedBytes] = [:]
    /// What rows are sketched with; loaded when rows come.
    var sketcher: Sketcher?
    private var lock: WriterLock?
    /// What makes every further call useless: see ``IndexError/FileOperation/synchronize``.
    private var fatal: IndexError?

    /// Opens the store in a folder for writing, and creates both when they are not there.
    ///
    /// What an earlier writer left unpublished is thrown away. A store that is new, or that has a smaller fencing number,
    /// is published at once, so that an earlier writer is kept out from here on.
    ///
    /// - Parameters:
    ///   - identity: whose vectors these are; must be what the store was created with.
    ///   - fence: the caller's fencing number; not below the one of the last publication.
    ///   - store: the number by which a catalog knows this store; must be what the store was created with. nil: any, and
    ///     a random one for a new store.
    ///   - rowsPerChunk: for a new store, ``StoreLimits/rowsPerChunk``.
    ///   - keepingDrafts: whether generations are being built, or a compaction is being made, for this store right now; else
    ///     what an earlier process left of them is removed.
    ///   - damaged: what is to be made anew: no manifest names it from here on. ``DamagedPart/store`` is let pass.
    ///   - now: tells the time for manifests.
    /// - Throws: ``IndexError/wrongModel(have:need:)``, ``IndexError/wrongStore(have:need:)``,
    ///   ``IndexError/fenced(have:need:)``, ``IndexError/locked(_:by:)``, ``IndexError/damaged(_:what:)``,
    ///   ``IndexError/newerFormat(_:have:know:)``, ``IndexError/file(_:_:_:)`` and those for an identity that no store can
    ///   have.
    public static func open(
        _ folder: FilePath, identity: StoreIdentity, fence: UInt64, store: UUID? = nil,
        rowsPerChunk: Int = StoreLimits.defaultRowsPerChunk, keepingDrafts: Bool = false,
        leavingOut damaged: Set<DamagedPart> = [], now: @escaping @Sendable () -> Date = { Date() }
    ) throws(IndexError) -> StoreWriter {
        let layout = StoreLayout(folder: folder)
        let new = try newManifest(identity, fence, store, rowsPerChunk, now)
        let lock = try lock(layout)
        let published = try ManifestFile.read(layout)
        if let published { try check(published, identity, fence, store) }
        let pending = try published.map { manifest throws(IndexError) in
            var manifest = manifest
            manifest.leaveOut(damaged)
            return try PendingStore(manifest, layout: layout)
        }
        let writer = StoreWriter(layout, lock, pending, startingEmpty: PendingStore(new), published: published, now)
        writer.pending.manifest.fence = fence
        try writer.removeLeftovers(keepingDrafts: keepingDrafts)
        if published?.fence != fence || writer.pending.manifest != published { try writer.publish() }
        return writer
    }

    /// Opens a folder to write its store anew from nothing, whatever is in it, damaged files included.
    ///
    /// Readers keep finding what was published until the first ``publish(position:)``, which replaces it as a whole. The
    /// list of indexes, and the store's number when none is given, are taken over if the old manifest can be read.
    ///
    /// - Parameters: as for ``open(_:identity:fence:store:rowsPerChunk:now:)``; the identity may differ from the old one.
    /// - Throws: ``IndexError/fenced(have:need:)``, ``IndexError/locked(_:by:)``, ``IndexError/file(_:_:_:)`` and those
    ///   for an identity that no store can have.
    public static func rebuild(
        _ folder: FilePath, identity: StoreIdentity, fence: UInt64, store: UUID? = nil,
        rowsPerChunk: Int = StoreLimits.defaultRowsPerChunk, now: @escaping @Sendable () -> Date = { Date() }
    ) throws(IndexError) -> StoreWriter {
        let layout = StoreLayout(folder: folder)
        let lock = try lock(layout)
        let published = try readableManifest(layout)
        if let published, published.fence > fence { throw .fenced(have: published.fence, need: fence) }
        var manifest = try newManifest(identity, fence, store ?? published?.store, rowsPerChunk, now)
        if let published {
            manifest.publication = published.publication
            // Slots will be others: indexes are built anew.
            manifest.indexes = published.indexes.map { index in
                var index = index
                index.built = nil
                return index
            }
        }
        let numbers = try names(in: layout.vectors).compactMap(StoreLayout.chunkNumber(of:))
        manifest.nextChunk = max(published?.nextChunk ?? 1, (numbers.max() ?? 0) + 1)
        return StoreWriter(layout, lock, nil, startingEmpty: PendingStore(manifest), published: published, now)
    }

    private init(
        _ layout: StoreLayout, _ lock: WriterLock, _ pending: PendingStore?, startingEmpty empty: PendingStore,
        published: Manifest?, _ now: @escaping @Sendable () -> Date
    ) {
        folder = layout.folder
        self.layout = layout
        self.lock = lock
        self.pending = pending ?? empty
        emptyStart = pending == nil ? empty : nil
        self.published = published
        self.now = now
    }

    /// What the next publication would say but for its number, time and position.
    public var manifest: Manifest { pending.manifest }

    /// Rows that live, unpublished ones included.
    public var liveCount: Int { pending.rows.count }

    /// Rows that are deleted, unpublished ones included.
    public var deadCount: Int { pending.tombstones.reduce(0) { $0 + $1.count } }

    /// Whether there is something that readers do not see yet.
    public var hasChanges: Bool { pending.isChanged }

    /// Whether a row of this id lives, unpublished ones included.
    ///
    /// - Complexity: O(1).
    public func contains(_ id: VectorID) -> Bool { pending.rows[id] != nil }

    /// The ids of all live rows, unpublished ones included, in order.
    ///
    /// - Complexity: O(n log n).
    public func liveIDs() -> [VectorID] { pending.rows.keys.sorted() }

    /// Forgets what has not been published.
    public func discard() throws(IndexError) {
        try checkUsable()
        files = [:]
        growing = [:]
        sketcher = nil
        if let emptyStart {
            pending = emptyStart
        } else if let published {
            pending = try PendingStore(published, layout: layout)
        }
    }

    /// Lets the next writer in. What has not been published is lost; every further call is refused.
    public func close() {
        files = [:]
        growing = [:]
        mappings = [:]
        sketcher = nil
        lock = nil
    }

    /// Refuses a writer that is closed, or that no longer knows what the disk holds.
    func checkUsable() throws(IndexError) {
        if let fatal { throw fatal }
        if lock == nil { throw .closed(folder) }
    }

    /// Runs what synchronizes files. When that fails nothing more may be published: what the disk holds is known again
    /// only to a writer that opens the store anew.
    func synchronizing(_ body: () throws(IndexError) -> Void) throws(IndexError) {
        do {
            try body()
        } catch {
            if case .file(.synchronize, _, _) = error { fatal = error }
            throw error
        }
    }
}

extension StoreWriter {
    private static func lock(_ layout: StoreLayout) throws(IndexError) -> WriterLock {
        try createFolder(layout.vectors)
        return try WriterLock(layout)
    }

    private static func newManifest(
        _ identity: StoreIdentity, _ fence: UInt64, _ store: UUID?, _ rowsPerChunk: Int, _ now: () -> Date
    ) throws(IndexError) -> Manifest {
        guard StoreLimits.rowsPerChunk.contains(rowsPerChunk) else {
            throw .outOfRange(name: "rows in a chunk", value: rowsPerChunk, allowed: StoreLimits.rowsPerChunk)
        }
        return Manifest(
            store: store ?? UUID(), identity: try identity.validated(), fence: fence, publication: 0,
            publishedAt: wholeSeconds(now()), position: nil, rowsPerChunk: rowsPerChunk, nextChunk: 1, chunks: [],
            indexes: [])
    }

    private static func check(
        _ published: Manifest, _ identity: StoreIdentity, _ fence: UInt64, _ store: UUID?
    ) throws(IndexError) {
        guard published.identity == identity else { throw .wrongModel(have: published.identity, need: identity) }
        if let store, store != published.store {
            throw .wrongStore(have: published.store.uuidString, need: store.uuidString)
        }
        guard published.fence <= fence else { throw .fenced(have: published.fence, need: fence) }
    }

    /// What a folder's manifest says, whatever state the other files are in; nil where there is none that can be relied on.
    ///
    /// - Throws: ``IndexError/newerFormat(_:have:know:)`` or ``IndexError/file(_:_:_:)``.
    public static func publishedManifest(in folder: FilePath) throws(IndexError) -> Manifest? {
        try readableManifest(StoreLayout(folder: folder))
    }

    /// The manifest, or nil where there is none that can be relied on.
    static func readableManifest(_ layout: StoreLayout) throws(IndexError) -> Manifest? {
        do {
            return try ManifestFile.read(layout)
        } catch {
            if case .damaged = error { return nil }
            throw error
        }
    }

    /// Removes the files that no manifest names: those of a writer that ended before it could publish, or before it could
    /// remove what it had replaced.
    ///
    /// - Parameter keepingDrafts: leaves alone what is being built for this store.
    func removeLeftovers(keepingDrafts: Bool) throws(IndexError) {
        let needed = StoreLayout.names(in: published ?? pending.manifest)
        for name in try names(in: layout.vectors) where !needed.contains(name) {
            guard StoreLayout.chunkNumber(of: name) != nil || StoreLayout.sketchGeneration(of: name) != nil,
                !(keepingDrafts && mayBeDraft(name))
            else { continue }
            removeFile(layout.vectors.appending(name))
        }
        if !keepingDrafts { try removeTree(layout.compaction) }
        try removeIndexLeftovers(keepingDrafts: keepingDrafts)
    }
}

/// A date as manifests keep it.
func wholeSeconds(_ date: Date) -> Date {
    Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
}
