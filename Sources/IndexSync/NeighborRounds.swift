import Catalog
import Daemons
import VectorIndexes

/// Where the searching of a model's neighbors stands: pictures that are listed, a search that runs, what it found and is
/// still to be written. While one round is written the next one is searched.
///
/// Nothing of it has to last: the catalog knows whose neighbors are to be searched until they are written.
struct NeighborRounds {
    /// Pictures with their neighbors, and what has changed since the search for them began.
    struct Round<Content> {
        var content: Content
        /// Squared L2 distance that was searched by.
        let threshold: Float
        var changed: Set<ImageID> = []
    }

    /// How long a transaction that writes pairs takes at most, more or less: changes of the catalog wait for it.
    private static let writingTime = Duration.milliseconds(20)

    /// Listed before the present step, to be searched after it.
    private(set) var listed: [ImageID] = []
    private(set) var running: Round<(work: RunningWork, unusable: [NeighborSearch])>?
    private(set) var found: Round<[NeighborSearch]>?
    var trouble: Trouble?
    /// Up to which picture the waiting ones were listed; nil: a pass over them ends with those that are listed.
    private var cursor: ImageID?
    private var total = 0
    private var done = 0
    /// Pairs that are written in one transaction; follows from how long the last one took.
    private var pairsInWrite = 256

    /// Whether the next pictures are to be listed: one pass over those that wait at each look, so that pictures that
    /// cannot be searched neither stand in the way of others nor are asked for without end.
    func wantsList(isTick: Bool) -> Bool {
        guard listed.isEmpty, found == nil, !hasSetback else { return false }
        return cursor == nil ? isTick && running == nil : running?.content.work.outcome.result != nil || running == nil
    }

    /// After which picture the next ones are listed; nil: from the first one.
    var listedUpTo: ImageID? { cursor }

    /// Whether the last attempt failed a short time ago.
    var hasSetback: Bool { trouble.map { $0.retryAt > .now } ?? false }

    /// Whether there is nothing to be done before the next look.
    var isIdle: Bool { listed.isEmpty && running == nil && found == nil && cursor == nil }

    /// - Parameters:
    ///   - isFull: whether others wait behind them.
    ///   - waiting: how many wait altogether; asked for at the beginning of a pass alone.
    mutating func list(_ images: [ImageID], isFull: Bool, waiting: () throws -> Int) rethrows {
        if cursor == nil, isFull { (total, done) = (try waiting(), 0) }
        listed = images
        cursor = isFull ? images.last : nil
    }

    /// The listed pictures are searched.
    mutating func began(_ work: RunningWork, threshold: Float, unusable: [NeighborSearch]) {
        listed = []
        running = Round(content: (work: work, unusable: unusable), threshold: threshold)
    }

    /// Takes over what the search found, once it has ended and what was found before is written.
    ///
    /// - Returns: whether it did.
    mutating func collect() throws -> Bool {
        guard found == nil, let round = running, let outcome = round.content.work.outcome.result else { return false }
        running = nil
        guard case .neighbors(let searches) = try outcome.result.get() else { return true }
        let all = searches + round.content.unusable
        if !all.isEmpty { found = Round(content: all, threshold: round.threshold, changed: round.changed) }
        return true
    }

    /// The embeddings of these pictures may be others than those that are being searched.
    mutating func changed(_ images: some Sequence<ImageID>) {
        running?.changed.formUnion(images)
        found?.changed.formUnion(images)
    }

    /// What is to be written next, without what has changed since: at least one search; nil when there is nothing.
    var nextPart: (searches: [NeighborSearch], threshold: Float, count: Int)? {
        guard let found else { return nil }
        var (pairs, count) = (0, 0)
        for search in found.content {
            if count > 0, pairs + search.neighbors.count > pairsInWrite { break }
            pairs += search.neighbors.count
            count += 1
        }
        let valid = found.content.prefix(count).filter { !found.changed.contains($0.image) }.map { search in
            NeighborSearch(
                image: search.image, neighbors: search.neighbors.filter { !found.changed.contains($0.image) })
        }
        return (valid, found.threshold, count)
    }

    /// The first of what was to be written is written.
    mutating func wrote(_ count: Int, in time: Duration) {
        done += count
        let pairs = found?.content.prefix(count).reduce(0) { $0 + $1.neighbors.count } ?? 0
        if time > Self.writingTime { pairsInWrite = max(64, pairsInWrite / 2) }
        // Few pairs say nothing of many.
        if time < Self.writingTime / 2, pairs > pairsInWrite / 2 { pairsInWrite = min(8_192, pairsInWrite * 2) }
        found?.content.removeFirst(count)
        if found?.content.isEmpty ?? false { found = nil }
    }

    /// Ends the search and forgets everything but the trouble there was.
    mutating func forget() {
        running?.content.work.cancel()
        let trouble = trouble
        self = NeighborRounds()
        self.trouble = trouble
    }

    /// `searching near-duplicates: 43 % of 120000 pictures`; nil when there are few of them.
    var words: String? {
        guard cursor != nil, total > 0 else { return nil }
        return "searching near-duplicates: \(min(99, 100 * done / total)) % of \(total) pictures"
    }
}
