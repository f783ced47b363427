import Catalog
import Embeddings
import FolderWatching
import Imaging
import Postgres

/// One pass over files and folders: what the catalog does not have goes in.
///
/// Files are walked; those that size and time vouch for are passed over unread, the others are read and hashed. Contents
/// that the catalog knows become sightings; new ones are decoded on one thread while the network embeds the batch before on
/// the others and the database writes what was embedded before that. In memory are two batches of prepared pictures, one
/// group of file contents, two batches of rows, and about 300 bytes for each file of the walk.
///
/// Every batch is one transaction: a pass that is killed loses what is in flight, and the next one does it.
public struct IngestPass: Sendable {
    private let database: Database
    private let embedder: any Embedder
    private let model: StoredModel
    private let limits: DecodeLimits

    /// A pass that can be run any number of times.
    ///
    /// - Parameter model: the catalog's row of `embedder.model`.
    public init(database: Database, embedder: any Embedder, model: StoredModel, limits: DecodeLimits = .standard) {
        self.database = database
        self.embedder = embedder
        self.model = model
        self.limits = limits
    }

    /// Ingests everything below `paths`.
    ///
    /// - Parameters:
    ///   - paths: files and folders, as bytes.
    ///   - report: hears of progress and of each file that failed.
    /// - Throws: what the database or the network throws; what was committed stays. A bad file is no error.
    public func run(
        _ paths: [[UInt8]], report: @escaping @Sendable (IngestEvent) -> Void
    ) async throws -> IngestSummary {
        let start = ContinuousClock.now
        let reader = PictureReader(embedder: embedder, limits: limits)
        let walk = await reader.walk(paths)
        let unknown = try await unknownFiles(walk.files)
        let tally = IngestTally(total: walk.files.count + walk.unreadable.count, start: start, report: report)
        tally.count(unchanged: walk.files.count - unknown.count)
        let writer = BatchWriter(database: database, model: model, tally: tally)
        var pipeline = EmbeddingPipeline(embedder: embedder, reader: reader, writer: writer)
        do {
            try await writer.add(failures: walk.unreadable)
            try await ingest(unknown, through: &pipeline, writer: writer)
        } catch {
            await writer.abandon()
            throw error
        }
        return tally.summary(elapsed: .now - start)
    }

    /// The files that the catalog cannot vouch for by size and time, in the order of the walk.
    private func unknownFiles(_ files: [FoundFile]) async throws -> [FoundFile] {
        let modelID = model.id
        return try await database.run { connection in
            var unknown: [FoundFile] = []
            for start in stride(from: 0, to: files.count, by: 10_000) {
                let part = files[start..<min(start + 10_000, files.count)]
                let known = try Catalog(connection).knownFiles(at: part.map(\.path), model: modelID)
                unknown += part.filter { file in
                    guard let match = known[file.path] else { return true }
                    return !match.hasEmbedding || !match.stamp.vouches(for: file.stamp)
                }
            }
            return unknown
        }
    }

    /// Reads files group by group; known contents become sightings, new ones go through the pipeline.
    private func ingest(
        _ files: [FoundFile], through pipeline: inout EmbeddingPipeline, writer: BatchWriter
    ) async throws {
        var claimed: Set<ContentDigest> = []
        var copiesOfClaimed: [(file: FoundFile, digest: ContentDigest)] = []
        for group in ContentGroups(files) {
            let (reads, unreadable) = await pipeline.reader.read(group)
            try await writer.add(failures: unreadable)
            let known = try await knownContents(reads.map(\.digest))
            for read in reads {
                if claimed.contains(read.digest) {
                    copiesOfClaimed.append((read.file, read.digest))
                } else if known.contains(read.digest) {
                    try await writer.add(sighting: read.file, of: read.digest)
                } else {
                    claimed.insert(read.digest)
                    try await pipeline.embed(read)
                }
            }
        }
        try await pipeline.finish()
        // Only now is it known whether the content that these share got in.
        for (file, digest) in copiesOfClaimed {
            if let failure = pipeline.failures[digest] {
                try await writer.add(failures: [failure.of(file)])
            } else {
                try await writer.add(sighting: file, of: digest)
            }
        }
        try await writer.finish()
    }

    /// Those of the contents that the catalog has with an embedding of this model.
    private func knownContents(_ digests: [ContentDigest]) async throws -> Set<ContentDigest> {
        let modelID = model.id
        let known = try await database.run { try Catalog($0).knownContents(digests, model: modelID) }
        return Set(known.filter(\.value.hasEmbedding).keys)
    }
}
