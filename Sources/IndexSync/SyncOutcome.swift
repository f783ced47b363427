/// What following the feed did to the store of one model.
public struct SyncOutcome: Sendable, Equatable, Encodable {
    /// The model's name.
    public var model: String
    /// Embeddings that were added or took the place of older ones.
    public var added = 0
    /// Rows that were deleted; those that were replaced are not among them.
    public var removed = 0
    /// Indexes that were built.
    public var built: [String] = []
    /// Indexes that were dropped.
    public var dropped: [String] = []
    /// Whether sketches of the rows were trained.
    public var isSketched = false
    /// Whether the rows were written anew without those that were dead.
    public var isCompacted = false
    /// Pictures whose neighbors were searched.
    public var searched = 0
    /// Why everything was read anew; nil when only changes were applied.
    public var rebuiltBecause: String?
    /// Rows that can be found now.
    public var rows = 0
    /// Wall-clock time until the rows were published; the rest went into what was trained, built and compacted.
    public var rowsSeconds = 0.0
    /// Wall-clock time.
    public var seconds = 0.0

    enum CodingKeys: String, CodingKey {
        case model, added, removed, built, dropped, isSketched = "sketched", isCompacted = "compacted"
        case searched = "neighbors_searched", rebuiltBecause = "rebuilt_because", rows
        case rowsSeconds = "rows_seconds", seconds
    }

    init(model: String) { self.model = model }

    /// Whether nothing had to be done.
    public var changedNothing: Bool {
        added + removed + searched == 0 && built.isEmpty && dropped.isEmpty && !isSketched && !isCompacted
    }
}
