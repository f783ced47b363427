import ArgumentParser
import Catalog
import Faults
import Imaging
import Postgres

struct LineageImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Reads lineage from a file: CSV with a header, or a JSON object on each line.",
        discussion: """
            Columns, or keys: child, parent, operation, parameters (a JSON object), seed, ordinal; parameters may be a JSON \
            array of objects with an "operation" each instead. A picture is named by its path, absolute or from --base; by \
            the end of its path, if one picture alone has it; by its number, #12; or by the SHA-256 of its file. All rows are \
            recorded or none.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The file.")
    var file: PathArgument

    @Option(help: "The folder that relative paths begin in; the current one. (LIKENESS_BASE)")
    var base: PathArgument?

    @Flag(help: "Say what would be recorded, and record nothing.")
    var dryRun = false

    func run() async throws {
        let name = printableName(file.bytes)
        let rows = try LineageFile(try FileContent.read(file.bytes).bytes, name: name).rows
        let base = (base ?? EnvironmentTwin.text("LIKENESS_BASE").map { PathArgument(argument: $0) })
        let folder = (base ?? PathArgument(bytes: Array(".".utf8))).resolved.bytes
        let database = try await global.openDatabase()
        let isDryRun = dryRun
        let (outcome, edges, refused) = try await database.run { connection in
            try LineageImporter(catalog: Catalog(connection), rows: rows, base: folder).run(isDryRun: isDryRun)
        }
        try LineageReport(outcome, isDryRun: dryRun, edges: edges, refused: refused)
            .write(try global.outputFormat, file: name)
        if !refused.isEmpty {
            throw LineageNotImported(file: name, rows: rows.count, refused: refused.count)
        }
    }
}

/// Records the rows of a file, all or none.
struct LineageImporter {
    let catalog: Catalog
    let rows: [LineageRow]
    let base: [UInt8]

    /// - Returns: what was or would be recorded, nothing when some rows are refused; all rows but those; and those.
    func run(
        isDryRun: Bool
    ) throws -> (outcome: LineageOutcome, edges: [LineageReport.Edge], refused: [LineageReport.Edge]) {
        let usable = rows.filter { $0.problem == nil }
        let matches = try catalog.pictures(
            usable.flatMap { [PictureReference($0.child, base: base), PictureReference($0.parent, base: base)] })
        var refused = rows.filter { $0.problem != nil }.map { Self.edge($0, reason: $0.problem) }
        var edges: [(row: LineageRow, edge: LineageEdge)] = []
        for (place, row) in usable.enumerated() {
            let (child, parent) = (matches[2 * place], matches[2 * place + 1])
            guard case .image(let childImage) = child, case .image(let parentImage) = parent else {
                let reasons = [Self.objection("child", row.child, child), Self.objection("parent", row.parent, parent)]
                refused.append(Self.edge(row, reason: reasons.compactMap { $0 }.joined(separator: "; ")))
                continue
            }
            edges.append(
                (
                    row,
                    LineageEdge(
                        child: childImage, parent: parentImage, recipe: row.recipe, seed: row.seed,
                        ordinal: row.ordinal)
                ))
        }
        var outcome: LineageOutcome
        if isDryRun || !refused.isEmpty {
            outcome = try catalog.lineageOutcome(of: edges.map(\.edge))
        } else {
            do {
                outcome = try catalog.recordLineage(edges.map(\.edge))
            } catch let error as LineageRefused {
                outcome = LineageOutcome()
                outcome.refusals = error.refusals
            }
        }
        let objections = Dictionary(uniqueKeysWithValues: outcome.refusals.map { ($0.place, $0.message) })
        let told = edges.enumerated().map { Self.edge($1.row, $1.edge, reason: objections[$0]) }
        refused = (refused + told.filter { $0.reason != nil }).sorted { ($0.line ?? 0) < ($1.line ?? 0) }
        return (refused.isEmpty ? outcome : LineageOutcome(), told.filter { $0.reason == nil }, refused)
    }

    private static func objection(_ role: String, _ text: [UInt8], _ match: PictureMatch) -> String? {
        switch match {
        case .image: nil
        case .nothing: "the catalog has no picture \(printableName(text)) that could be a \(role)"
        case .several(let first, let second):
            "\(role) \(printableName(text)) may be \(printableName(first)) or \(printableName(second))"
        }
    }

    private static func edge(_ row: LineageRow, _ edge: LineageEdge? = nil, reason: String?) -> LineageReport.Edge {
        LineageReport.Edge(
            line: row.line, child: printableName(row.child), parent: printableName(row.parent),
            childID: edge?.child.rawValue, parentID: edge?.parent.rawValue, reason: reason)
    }
}

/// Some rows of a file cannot be recorded, and so none was.
struct LineageNotImported: Fault {
    let file: String
    let rows: Int
    let refused: Int

    var message: String { "\(grouped(refused)) of \(grouped(rows)) rows of \(file) cannot be recorded" }
    var detail: String? { "Nothing was imported." }
    var hint: String? { "Correct or remove them, and look first: likeness lineage import \(file) --dry-run" }
}
