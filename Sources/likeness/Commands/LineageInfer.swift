import ArgumentParser
import Catalog
import Faults
import Postgres

struct LineageInfer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "infer",
        abstract: "Finds out by the names of files which pictures were made from which.",
        discussion: """
            A file whose name fits the pattern was made from {stem}.* in the same folder, or in --originals. A file without \
            an original is passed over; one that may have several is named and left out, and the exit status is 2.
            """)

    @OptionGroup var global: GlobalOptions

    @Option(
        help: """
            How copies are named, '{stem}_{n}.jpg': {stem} is the original's name without extension, {n} a number, \
            * anything.
            """
    )
    var pattern: PathArgument

    @Option(help: "Only copies in this folder and below. (LIKENESS_WITHIN)")
    var within: PathArgument?

    @Option(help: "The folder where the originals are; that of each copy. (LIKENESS_ORIGINALS)")
    var originals: PathArgument?

    @Flag(help: "Say what would be recorded, and record nothing.")
    var dryRun = false

    func run() async throws {
        let pattern = try NamePattern(pattern.bytes)
        func folder(_ option: PathArgument?, _ variable: String) -> [UInt8]? {
            (option ?? EnvironmentTwin.text(variable).map { PathArgument(argument: $0) })?.resolved.bytes
        }
        let inference = LineageInference(
            pattern: pattern, within: folder(within, "LIKENESS_WITHIN"),
            originals: folder(originals, "LIKENESS_ORIGINALS"))
        let isDryRun = dryRun
        let result = try await global.openDatabase().run { connection in
            try inference.run(Catalog(connection), isDryRun: isDryRun)
        }
        guard result.fitting > 0 else {
            throw NamePatternFault.matchesNothing(printableName(self.pattern.bytes), files: result.files)
        }
        try LineageReport(result.outcome, isDryRun: dryRun, edges: result.edges, refused: result.refused)
            .write(try global.outputFormat)
        if result.withoutOriginal > 0 {
            global.notice("\(grouped(result.withoutOriginal)) files fit the pattern and have no original")
        }
        if result.exactCopies > 0 {
            global.notice("\(grouped(result.exactCopies)) files are exact copies of their originals, the same picture")
        }
        if !result.refused.isEmpty { throw SomeInputsFailed() }
    }
}

/// Finds copies and originals among the files of the catalog by their names.
struct LineageInference {
    let pattern: NamePattern
    /// nil for all files.
    let within: [UInt8]?
    /// nil for the folder of each copy.
    let originals: [UInt8]?

    struct Result {
        var outcome = LineageOutcome()
        var edges: [LineageReport.Edge] = []
        var refused: [LineageReport.Edge] = []
        /// Files that were looked at.
        var files = 0
        /// Those whose names fit.
        var fitting = 0
        var withoutOriginal = 0
        var exactCopies = 0
    }

    private struct File {
        let path: [UInt8]
        let image: ImageID
    }

    /// Records what can be recorded, or says what would be.
    func run(_ catalog: Catalog, isDryRun: Bool) throws -> Result {
        var result = Result()
        var files: [File] = []
        try catalog.forEachFile(under: within) { files.append(File(path: $0, image: $1)) }
        result.files = files.count
        var byStem: [[UInt8]: [File]] = [:]
        func enter(_ file: File) {
            if let stem = Self.withoutExtension(file.path) { byStem[stem, default: []].append(file) }
        }
        if let originals {
            try catalog.forEachFile(under: originals) { enter(File(path: $0, image: $1)) }
        } else {
            files.forEach(enter)
        }
        var found: [(child: File, parent: File)] = []
        for child in files {
            let slash = child.path.lastIndex(of: UInt8(ascii: "/")) ?? 0
            let stems = pattern.stems(of: Array(child.path[(slash + 1)...]))
            if stems.isEmpty { continue }
            result.fitting += 1
            let folder = (originals ?? Array(child.path[..<slash])) + [UInt8(ascii: "/")]
            let parents = stems.flatMap { byStem[folder + $0] ?? [] }.filter { $0.path != child.path }
                .sorted { $0.path.lexicographicallyPrecedes($1.path) }
            if let first = parents.first {
                if let other = parents.first(where: { $0.image != first.image }) {
                    result.refused.append(
                        Self.edge(
                            child, first,
                            reason: "its original may be \(printableName(first.path)) or \(printableName(other.path))"))
                } else if first.image == child.image {
                    result.exactCopies += 1
                } else {
                    found.append((child, first))
                }
            } else {
                result.withoutOriginal += 1
            }
        }
        let edges = found.map { LineageEdge(child: $0.child.image, parent: $0.parent.image) }
        result.outcome =
            isDryRun ? try catalog.lineageOutcome(of: edges) : try catalog.recordLineage(edges, isPartial: true)
        let objections = Dictionary(uniqueKeysWithValues: result.outcome.refusals.map { ($0.place, $0.message) })
        for (place, pair) in found.enumerated() {
            let edge = Self.edge(pair.child, pair.parent, reason: objections[place])
            if edge.reason == nil { result.edges.append(edge) } else { result.refused.append(edge) }
        }
        return result
    }

    /// The path up to the last dot of the name; nil without one.
    private static func withoutExtension(_ path: [UInt8]) -> [UInt8]? {
        guard let dot = path.lastIndex(of: UInt8(ascii: ".")), let slash = path.lastIndex(of: UInt8(ascii: "/")),
            dot > slash + 1
        else { return nil }
        return Array(path[..<dot])
    }

    private static func edge(_ child: File, _ parent: File, reason: String?) -> LineageReport.Edge {
        LineageReport.Edge(
            line: nil, child: printableName(child.path), parent: printableName(parent.path),
            childID: child.image.rawValue, parentID: parent.image.rawValue, reason: reason)
    }
}
