public import FoundationEssentials

/// Whose vectors a store holds. All three must agree before a row is added.
public struct StoreIdentity: Sendable, Codable, Equatable {
    /// The model's name, for people: 1 to 100 of letters, digits, `.`, `_` and `-`, so that it can name a folder.
    public let model: String
    /// What makes vectors of this model comparable with one another (weights' SHA-256, preprocessing, precision), as the
    /// caller writes it. Compared, never read.
    public let modelIdentity: String
    /// Numbers in a vector: 1 to 65,536.
    public let dimension: Int

    /// Nothing is checked here: opening a writer does that.
    public init(model: String, modelIdentity: String, dimension: Int) {
        self.model = model
        self.modelIdentity = modelIdentity
        self.dimension = dimension
    }
}

/// How far the caller had followed its source of changes when the rows were published, in the caller's own words.
///
/// The store keeps it in the same file that makes the rows current, so that the two cannot disagree after a crash. It
/// never reads it.
public struct Position: Codable, Sendable, Equatable {
    /// What the caller wrote.
    public let text: String

    /// Takes any text.
    public init(_ text: String) { self.text = text }

    /// Reads the text.
    public init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// What is current in a store, what it covers, and the checksums of everything that has structure.
///
/// A manifest names no file that is not complete on the disk. It is replaced as a whole by each publication.
public struct Manifest: Codable, Sendable, Equatable {
    /// The version of manifests that this module writes; a reader refuses a higher one.
    ///
    /// 2 has generations of indexes; 1, which is read as well, had none.
    public static let currentFormat = 2

    /// One pair of files of rows, and the rows in it that are deleted.
    public struct Chunk: Codable, Sendable, Equatable {
        /// The number in the names of its files; never used twice in a store.
        public let number: Int
        /// Rows that are published. The files may be longer: what follows is not part of the store.
        public var rows: Int
        /// CRC-32C of the records of these rows.
        public var recordsChecksum: UInt32
        /// nil while no row of the chunk is deleted.
        public var tombstones: Tombstones?
        /// The sketches of these rows; nil when the store has none.
        public var sketch: ChunkSketch?
    }

    /// How the sketches of all rows were made: with one center and one set of directions.
    public struct Sketch: Codable, Sendable, Equatable {
        /// Counts the trainings, from 1 on; the number in the names of its files.
        public let generation: Int
        /// Directions, which is numbers in a sketch.
        public let components: Int
        /// CRC-32C of the projection, behind its header.
        public let checksum: UInt32
        /// Rows that the directions were found from.
        public let trainedRows: Int
        /// Rows that were live when they were sketched first.
        public let sketchedRows: Int
        /// Share of the live rows whose distances an exact search for ten had to compute then, 0 to 1, on average over
        /// sampled queries. A store whose share is now some times as large wants new directions.
        public let survivorShare: Double
        /// When the directions were found; whole seconds.
        public let builtAt: Date
    }

    /// The sketches of a chunk's rows.
    public struct ChunkSketch: Codable, Sendable, Equatable {
        /// CRC-32C of the codes of these rows.
        public var codesChecksum: UInt32
        /// CRC-32C of what stands beside the codes.
        public var termsChecksum: UInt32
        /// No row is farther than this from the center.
        public var radius: Double
    }

    /// One version of a chunk's tombstones.
    public struct Tombstones: Codable, Sendable, Equatable {
        /// The publication that wrote the file, and the number in its name.
        public let publication: Int
        /// Rows of the chunk that are deleted.
        public let dead: Int
        /// CRC-32C of the bitmap.
        public let checksum: UInt32
    }

    /// An index over the rows.
    public struct Index: Codable, Sendable, Equatable {
        /// What was asked for.
        public let specification: IndexSpecification
        /// Counts the trainings, from 1 on; 0 before the first. A flat index needs none and stays at 1.
        public let generation: Int
        /// When this generation was built; whole seconds.
        public let builtAt: Date
        /// What it consists of; nil for a flat index, which is the rows themselves.
        public var built: Generation?
    }

    /// The version of the files that this manifest names, and its own.
    public var format = Manifest.currentFormat
    /// The number by which a catalog knows this store.
    public let store: UUID
    /// Whose vectors these are.
    public let identity: StoreIdentity
    /// The fencing number of the writer that published this.
    public var fence: UInt64
    /// Counts the publications of the store, from 1 on.
    public var publication: Int
    /// Whole seconds.
    public var publishedAt: Date
    /// nil until rows were first published with a position.
    public var position: Position?
    /// Rows after which a chunk is sealed and another one is begun.
    public let rowsPerChunk: Int
    /// The number that the next chunk gets.
    public var nextChunk: Int
    /// In the order in which they were begun; the last one is open while it has fewer than `rowsPerChunk` rows.
    public var chunks: [Chunk]
    /// Ordered by name.
    public var indexes: [Index]
    /// nil while rows have no sketches.
    public var sketch: Sketch?

    /// Rows on the disk, deleted ones included.
    public var rowCount: Int { chunks.reduce(0) { $0 + $1.rows } }
    /// Rows that are deleted but still take up space.
    public var deadCount: Int { chunks.reduce(0) { $0 + ($1.tombstones?.dead ?? 0) } }
    /// Rows that a search can find.
    public var liveCount: Int { rowCount - deadCount }
}
