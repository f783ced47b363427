public import VectorIndexes

/// A generation that ought to be built.
public struct PlannedBuild: Sendable, Equatable {
    /// What the index is to be from then on.
    public let specification: IndexSpecification
    /// How much of the present generation is to be thrown away.
    public let remedy: GenerationJob.Remedy
    /// Why, in words for people.
    public let reason: String

    /// Describes a build.
    public init(_ specification: IndexSpecification, remedy: GenerationJob.Remedy, reason: String) {
        self.specification = specification
        self.remedy = remedy
        self.reason = reason
    }
}

/// Something that takes longer than a step may, and is done beside the steps, one such thing at a time.
public enum PlannedWork: Sendable, Equatable {
    /// A generation of an index is built.
    case build(PlannedBuild)
    /// The sketches of all rows are trained and made.
    case trainSketches(reason: String)
    /// The store is written anew without its dead rows.
    case compact(reason: String)

    /// What is worked on: what failed is tried again later, and only once in a foreground run.
    public enum Subject: Sendable, Hashable {
        /// The index of this name.
        case index(String)
        /// The sketches of all rows.
        case sketches
        /// All rows.
        case rows
    }

    /// What is worked on.
    public var subject: Subject {
        switch self {
        case .build(let plan): .index(plan.specification.name)
        case .trainSketches: .sketches
        case .compact: .rows
        }
    }

    /// Why, in words for people.
    public var reason: String {
        switch self {
        case .build(let plan): plan.reason
        case .trainSketches(let reason), .compact(let reason): reason
        }
    }
}
