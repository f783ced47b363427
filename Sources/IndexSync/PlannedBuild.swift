import VectorIndexes

/// A generation that ought to be built.
public struct PlannedBuild: Sendable, Equatable {
    /// The index.
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

/// Decides what is built next: a pure function of what is published and of the names of indexes that may be built now
/// (those whose last attempt failed a moment ago are not among them); nil when nothing is to be built.
public typealias BuildPlanning = @Sendable (_ manifest: Manifest, _ names: Set<String>) -> PlannedBuild?

/// Builds the first generation of each index that has none, once there is a row.
public func firstGeneration(_ manifest: Manifest, _ names: Set<String>) -> PlannedBuild? {
    guard manifest.liveCount > 0 else { return nil }
    return manifest.indexes.first { index in
        index.built == nil && index.specification.type != .flat && names.contains(index.specification.name)
    }.map { PlannedBuild($0.specification, remedy: .full, reason: "first generation") }
}
