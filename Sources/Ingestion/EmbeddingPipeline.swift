import Catalog
import Embeddings
import FolderWatching
import Imaging

/// Two batches in turn: one is filled by the decoder while the network embeds the other.
struct EmbeddingPipeline {
    let reader: PictureReader
    /// Contents that could not be decoded.
    private(set) var failures: [ContentDigest: FailedFile] = [:]

    private let embedder: any Embedder
    private let writer: BatchWriter
    private var filling: PreparedBatch
    private var spare: PreparedBatch
    private var pictures: [PreparedPicture] = []
    private var inFlight: Task<[IngestedPicture], any Error>?

    init(embedder: any Embedder, reader: PictureReader, writer: BatchWriter) {
        self.embedder = embedder
        self.reader = reader
        self.writer = writer
        filling = embedder.makeBatch()
        spare = embedder.makeBatch()
    }

    /// Decodes a picture into the batch that is being filled, and hands that to the network when it is full.
    mutating func embed(_ read: ReadFile) async throws {
        switch await reader.prepare(read, into: filling) {
        case .success(let picture):
            pictures.append(picture)
            if filling.isFull { try await handOver() }
        case .failure(let failure):
            failures[read.digest] = failure
            try await writer.add(failures: [failure])
        }
    }

    /// Embeds what is left and waits for it.
    mutating func finish() async throws {
        if !pictures.isEmpty { try await handOver() }
        try await collect()
    }

    /// Waits for the batch that the network has, and gives it the one that is filled.
    private mutating func handOver() async throws {
        try await collect()
        let (embedder, batch, pictures) = (embedder, filling, pictures)
        inFlight = Task {
            let vectors = try await embedder.embed(batch)
            let dimension = embedder.model.dimension
            return pictures.enumerated().map { index, picture in
                IngestedPicture(picture, vector: Array(vectors[index * dimension..<(index + 1) * dimension]))
            }
        }
        swap(&filling, &spare)
        filling.removeAll()
        self.pictures = []
    }

    private mutating func collect() async throws {
        guard let task = inFlight else { return }
        inFlight = nil
        try await writer.add(try await task.value)
    }
}

/// A picture with its embedding, as the catalog takes it.
struct IngestedPicture: Sendable {
    let content: IngestedContent
    let sighting: FileSighting

    init(_ picture: PreparedPicture, vector: [Float]) {
        let header = picture.header
        var content = IngestedContent(
            digest: picture.digest, width: header.orientedWidth, height: header.orientedHeight,
            bytes: picture.file.size, format: header.format.rawValue, orientation: header.orientation.rawValue,
            vector: vector)
        content.camera = header.camera?.name
        content.capturedAt = header.captureTime?.timestamp
        content.capturedOffsetMinutes = header.captureTime?.utcOffsetMinutes
        content.latitude = header.gps?.latitude
        content.longitude = header.gps?.longitude
        self.content = content
        sighting = FileSighting(path: picture.file.path, content: picture.digest, stamp: picture.file.stamp)
    }
}
