import Faults
import Postgres

/// One step of lineage: this picture was made from that one.
public struct LineageEdge: Sendable, Hashable {
    /// The picture that was made.
    public var child: ImageID
    /// The picture it was made from.
    public var parent: ImageID
    /// The operations in order, a JSON array of objects with `operation` and parameters; `[]` when it is not known how.
    public var recipe: JSON
    /// The seed that the parameters were drawn with; nil when unknown.
    public var seed: Int64?
    /// Which of the parent's copies it is, counted from 0; nil when unknown.
    public var ordinal: Int?

    /// Describes a step.
    public init(
        child: ImageID, parent: ImageID, recipe: JSON = JSON("[]"), seed: Int64? = nil, ordinal: Int? = nil
    ) {
        self.child = child
        self.parent = parent
        self.recipe = recipe
        self.seed = seed
        self.ordinal = ordinal
    }
}

/// Lineage of a picture that the catalog need not have yet.
public struct LineageAnnouncement: Sendable, Hashable {
    /// The digest of the bytes of the file that was, or will be, written.
    public var child: ContentDigest
    /// The picture it was made from.
    public var parent: ImageID
    /// The operations in order, a JSON array of objects with `operation` and parameters.
    public var recipe: JSON
    /// The seed that the parameters were drawn with; nil when unknown.
    public var seed: Int64?
    /// Which of the parent's copies it is, counted from 0; nil when unknown.
    public var ordinal: Int?

    /// Describes an announcement.
    public init(
        child: ContentDigest, parent: ImageID, recipe: JSON, seed: Int64? = nil, ordinal: Int? = nil
    ) {
        self.child = child
        self.parent = parent
        self.recipe = recipe
        self.seed = seed
        self.ordinal = ordinal
    }
}

/// What became of edges or announcements.
public struct LineageOutcome: Sendable, Hashable {
    /// Pictures that have lineage now and had none.
    public var recorded = 0
    /// Pictures whose parent was known and whose recipe, seed or ordinal was not.
    public var completed = 0
    /// What was known already.
    public var unchanged = 0
    /// Announcements that wait for their pictures.
    public var pending = 0
    /// What was refused; empty when all was to be recorded or nothing.
    public var refusals: [LineageRefusal] = []

    /// Nothing yet.
    public init() {}
}

/// Why one edge or announcement cannot be recorded.
public struct LineageRefusal: Sendable, Hashable {
    /// Its place among those that were given, from 0.
    public let place: Int
    /// Why.
    public let reason: Reason

    /// Names an edge and what speaks against it.
    public init(place: Int, reason: Reason) {
        self.place = place
        self.reason = reason
    }

    /// What speaks against it, with both values.
    public enum Reason: Sendable, Hashable {
        /// The catalog has no picture of the child's number.
        case noChild(ImageID)
        /// The catalog has no picture of the parent's number.
        case noParent(ImageID)
        /// Child and parent are one picture.
        case isItsOwnParent(ImageID)
        /// The catalog, or an earlier one of those that were given, has another parent.
        case hasAnotherParent(String, recorded: ImageID, given: ImageID)
        /// The parent is the recorded one, but how the child was made is told differently.
        case wasMadeOtherwise(ImageID, parent: ImageID, recorded: String, given: String)
        /// The parent descends from the child: the pictures from the child up to itself.
        case isCycle([ImageID])
        /// The recipe is JSON, but no array.
        case recipeIsNoArray(String)
    }

    /// The reason in one line.
    public var message: String {
        switch reason {
        case .noChild(let image): "the catalog has no image \(image) that could be a child"
        case .noParent(let image): "the catalog has no image \(image) that could be a parent"
        case .isItsOwnParent(let image): "child and parent are the same picture, image \(image)"
        case .hasAnotherParent(let child, let recorded, let given):
            "\(child) was made from image \(recorded), not from image \(given)"
        case .wasMadeOtherwise(let child, let parent, let recorded, let given):
            "image \(child) was made from image \(parent) by \(recorded), not by \(given)"
        case .isCycle(let images):
            "image \(images.first.map(String.init(describing:)) ?? "") would descend from itself: "
                + images.map(String.init(describing:)).joined(separator: " from ")
        case .recipeIsNoArray(let text): "a recipe is a JSON array of operations, not \(text)"
        }
    }
}

/// Lineage was refused, and nothing of what was given with it was recorded.
public struct LineageRefused: Fault, Equatable {
    /// All that was refused, in the order in which it was given.
    public let refusals: [LineageRefusal]
    /// How many edges or announcements were given.
    public let given: Int

    /// Refuses them all.
    public init(refusals: [LineageRefusal], given: Int) {
        self.refusals = refusals
        self.given = given
    }

    /// The first reason, and how many there are.
    public var message: String {
        let first = refusals.first.map { "edge \($0.place + 1): \($0.message)" } ?? ""
        return refusals.count == 1
            ? first : "\(grouped(refusals.count)) of \(grouped(given)) edges of lineage contradict: \(first)"
    }
    /// That nothing was done.
    public var detail: String? { "Nothing was recorded." }
    /// How to see what is recorded.
    public var hint: String? {
        "See what is recorded: likeness db psql -- -c 'select * from likeness.lineage_tree'"
    }
}
