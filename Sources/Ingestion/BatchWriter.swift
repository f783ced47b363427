import Catalog
import FolderWatching
import Postgres

/// Gathers rows and writes them in batches, one transaction each, while the next batch gathers.
actor BatchWriter {
    /// Large enough to make the commit cheap beside the embeddings (1 MiB of them), small enough to lose little.
    private static let batchSize = 128

    private let database: Database
    private let model: StoredModel
    private let tally: IngestTally
    private var gathered = IngestBatch()
    private var writing: Task<IngestBatchOutcome, any Error>?
    private var sightingsInWriting = 0

    init(database: Database, model: StoredModel, tally: IngestTally) {
        self.database = database
        self.model = model
        self.tally = tally
    }

    func add(_ pictures: [IngestedPicture]) async throws {
        gathered.contents += pictures.map(\.content)
        gathered.sightings += pictures.map(\.sighting)
        tally.count(done: pictures.count)
        try await writeIfFull()
    }

    func add(sighting file: FoundFile, of digest: ContentDigest) async throws {
        gathered.sightings.append(FileSighting(path: file.path, content: digest, stamp: file.stamp))
        tally.count(done: 1)
        try await writeIfFull()
    }

    func add(failures: [FailedFile]) async throws {
        for failure in failures { tally.count(failure) }
        // What was typed and does not exist has no absolute path: it is told, and is nothing to try again.
        gathered.failures += failures.filter { $0.path.first == UInt8(ascii: "/") }.map(\.row)
        try await writeIfFull()
    }

    /// Writes what is left and waits for it.
    func finish() async throws {
        try await write()
        try await collect()
    }

    /// Waits for the transaction that runs, whatever comes of it: the error that ended the pass is the one to tell.
    func abandon() async { _ = await writing?.result }

    private func writeIfFull() async throws {
        if gathered.sightings.count + gathered.failures.count >= Self.batchSize { try await write() }
    }

    private func write() async throws {
        try await collect()
        guard !gathered.isEmpty else { return }
        let (database, model, batch) = (database, model, gathered)
        gathered = IngestBatch()
        sightingsInWriting = batch.sightings.count
        writing = Task { try await database.run { try Catalog($0).write(batch, model: model) } }
    }

    private func collect() async throws {
        guard let task = writing else { return }
        writing = nil
        let outcome = try await task.value
        tally.count(written: sightingsInWriting, outcome)
    }
}
