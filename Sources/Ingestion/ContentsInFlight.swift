import Catalog
import Synchronization

/// The contents that lanes of this process are working on, so that two of them with the same content do it once.
///
/// A content is in flight until the result that holds it is gone, which is to be after it was committed: who asks the
/// catalog before would not find it there.
public final class ContentsInFlight: Sendable {
    private let contents = Mutex<[ContentDigest: ContentInFlight]>([:])

    /// Nothing is in flight.
    public init() {}

    /// Takes the contents that nobody has, and says who has the others.
    func claim(_ digests: some Sequence<ContentDigest>) -> ClaimedContents {
        contents.withLock { contents in
            var mine: [ContentDigest: ContentInFlight] = [:]
            var others: [ContentDigest: ContentInFlight] = [:]
            for digest in digests where mine[digest] == nil && others[digest] == nil {
                if let other = contents[digest] {
                    others[digest] = other
                } else {
                    let content = ContentInFlight()
                    contents[digest] = content
                    mine[digest] = content
                }
            }
            return ClaimedContents(mine: mine, others: others, registry: self)
        }
    }

    fileprivate func release(_ digests: some Sequence<ContentDigest>) {
        contents.withLock { contents in
            for digest in digests { contents[digest] = nil }
        }
    }
}

/// The contents that a group of files holds, its own to work on or another's. Released with the last reference.
final class ClaimedContents: Sendable {
    let mine: [ContentDigest: ContentInFlight]
    let others: [ContentDigest: ContentInFlight]
    private let registry: ContentsInFlight

    fileprivate init(
        mine: [ContentDigest: ContentInFlight], others: [ContentDigest: ContentInFlight], registry: ContentsInFlight
    ) {
        self.mine = mine
        self.others = others
        self.registry = registry
    }

    deinit {
        // Who waits for what was not done is told so; what was done stays as it is.
        for content in mine.values { content.settle(.postponed) }
        registry.release(mine.keys)
    }
}

/// A content that one lane works on and others may wait for.
final class ContentInFlight: Sendable {
    private struct State {
        var outcome: ContentOutcome?
        var line: [CheckedContinuation<ContentOutcome, Never>] = []
    }

    private let state = Mutex(State())

    /// What became of it; waits until that is known.
    var outcome: ContentOutcome {
        get async {
            await withCheckedContinuation { turn in
                let outcome = state.withLock { state -> ContentOutcome? in
                    if state.outcome == nil { state.line.append(turn) }
                    return state.outcome
                }
                if let outcome { turn.resume(returning: outcome) }
            }
        }
    }

    /// Says what became of it; the first word counts.
    func settle(_ outcome: ContentOutcome) {
        let line = state.withLock { state -> [CheckedContinuation<ContentOutcome, Never>] in
            guard state.outcome == nil else { return [] }
            state.outcome = outcome
            defer { state.line = [] }
            return state.line
        }
        for turn in line { turn.resume(returning: outcome) }
    }
}

/// What became of a content.
enum ContentOutcome: Sendable {
    /// The catalog has it.
    case known
    case embedded(IngestedContent)
    case failed(RefusedPicture)
    /// Another process has it in work, or its lane was stopped.
    case postponed
}
