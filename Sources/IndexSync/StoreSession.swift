import Catalog
import Daemons
import Faults
import FoundationEssentials
import Postgres
import SystemPackage
import VectorIndexes

/// The right to write the index files of one model, and the writer that has it: advisory lock, fencing number, open files.
///
/// It works in bounded steps, ``step(limit:publishing:)``, each of which can be repeated without harm. After any error the
/// session is closed and forgotten; the next one begins from what was published. It lives on one connection, whose loss
/// ends the lock: then nothing can be published any more, because each publication records its position there first.
///
/// Blocking, on the thread of the connection.
package final class StoreSession {
    /// Changes in a step: with 2048 dimensions 32 MiB of vectors.
    package static let changesInStep = 4096
    /// Rows gathered before they are appended: 2 MiB.
    static let rowsInAppend = 256
    /// Bytes gathered before they are appended when everything is read: fewer than a socket holds, 208 KiB on Linux, so that
    /// the server goes on while they are written.
    static let bytesInReading = 128 << 10

    let catalog: Catalog
    let model: StoredModel
    let folder: FilePath
    /// The number by which the catalog knows the store.
    package let store: UUID
    /// What is made anew, and why.
    package let mending: Mending
    /// Why everything is read anew; nil when changes do.
    package var rebuildReason: String? { mending.rebuildReason }
    let writer: StoreWriter
    /// What was applied, published or not; nil: everything is still to be read.
    var position: FeedPosition?
    /// Indexes that readers do not see yet and that need no building.
    var unannounced: Set<String> = []
    /// Embeddings that no index can hold.
    package internal(set) var setAside: Set<ImageID> = []
    /// Why the generation of an index was thrown away, by name.
    var damageReasons: [String: String] = [:]
    /// What the catalog says of the generations that answer.
    var histories: [IndexID: GenerationHistory] = [:]
    /// What it says of sketches that gain nothing; a nil that is there says that it says nothing.
    var gainless: [IndexID: (rows: Int, at: Timestamp)?] = [:]
    /// Called again and again while much is read; what it throws ends the step, with nothing published.
    package var interruption: () throws -> Void = {}

    /// Takes the lock and opens the files for writing; damaged or foreign ones, and those of a later state of the database,
    /// are to be read anew from the catalog.
    ///
    /// - Parameters:
    ///   - mending: what is made anew, and why; empty when changes will do.
    ///   - keepingDrafts: whether something is being made for this store beside the writer.
    /// - Throws: `CatalogError.storeLocked(folder:by:)` or `IndexError.locked(_:by:)` when somebody else writes. An error
    ///   whose recovery is `rebuildIndex` asks to be added to what the next attempt mends: ``Mending/add(_:in:)``.
    package static func open(
        catalog: Catalog, model: StoredModel, folder: FilePath, mending: Mending = Mending(),
        keepingDrafts: Bool = false
    ) throws -> StoreSession {
        let existing = try Existing(in: folder, of: StoreIdentity(following: model), mending)
        let store = existing.store ?? UUID()
        let (fence, known) = try catalog.lockStore(
            store, model: model.id, host: WriterName.host, folder: printableName(folder), atLeast: existing.fence)
        do {
            let wentBack = (known ?? 0) < existing.fence ? "the database is in an earlier state than the files" : nil
            var mending = existing.mending
            if let wentBack { mending.add(.store, because: wentBack) }
            let session = try StoreSession(
                catalog, model, folder, store, fence: fence, mending, keepingDrafts: keepingDrafts)
            try catalog.endTrainings(store: store)
            return session
        } catch {
            try? catalog.unlockStore(store, model: model.id)
            throw error
        }
    }

    private init(
        _ catalog: Catalog, _ model: StoredModel, _ folder: FilePath, _ store: UUID, fence: UInt64,
        _ mending: Mending, keepingDrafts: Bool
    ) throws {
        self.catalog = catalog
        self.model = model
        self.folder = folder
        self.store = store
        self.mending = mending
        damageReasons = mending.indexReasons
        let identity = StoreIdentity(following: model)
        if mending.rebuildReason != nil {
            writer = try StoreWriter.rebuild(folder, identity: identity, fence: fence, store: store)
        } else {
            writer = try StoreWriter.open(
                folder, identity: identity, fence: fence, store: store, keepingDrafts: keepingDrafts,
                leavingOut: mending.parts)
            position = try writer.manifest.position.map { reached in
                guard let position = FeedPosition(reached.text) else {
                    throw CatalogError.positionOfAnotherCatalog(
                        have: reached.text, need: try catalog.identity().rawValue)
                }
                return position
            }
        }
    }

    /// Lets the next writer in; what was not published is lost.
    package func close() {
        writer.close()
        // A connection that is gone has taken the lock with it.
        try? catalog.unlockStore(store, model: model.id)
    }

    /// Whether the next step reads every embedding.
    package var readsEverything: Bool { position == nil }

    /// Says in the catalog what is being done; nil: it only follows.
    package func setActivity(_ activity: String?) throws {
        try catalog.setActivity(activity, store: store, model: model.id)
    }

    /// Rows that can be found after the next publication.
    package var rows: Int { writer.liveCount }

    /// What is published, but for what was applied since.
    package var manifest: Manifest { writer.manifest }
}

/// What is in a folder before it is opened for writing.
private struct Existing {
    var store: UUID?
    var fence: UInt64 = 0
    /// What was known before to be of no use, and what is now.
    var mending: Mending

    init(in folder: FilePath, of identity: StoreIdentity, _ mending: Mending) throws(IndexError) {
        self.mending = mending
        do {
            guard let manifest = try VectorStore.open(folder)?.manifest else { return }
            take(manifest, identity)
        } catch {
            guard error.recovery == .rebuildIndex else { throw error }
            self.mending.add(error, in: folder)
            // The manifest may be sound although another file is not: its fencing number must be exceeded.
            guard let manifest = try StoreWriter.publishedManifest(in: folder) else {
                self.mending.add(.store, because: error.message)
                return
            }
            take(manifest, identity)
        }
    }

    private mutating func take(_ manifest: Manifest, _ identity: StoreIdentity) {
        store = manifest.store
        fence = manifest.fence
        guard manifest.identity != identity else { return }
        mending.add(.store, because: "the files are of another model: \(manifest.identity.modelIdentity)")
    }
}
