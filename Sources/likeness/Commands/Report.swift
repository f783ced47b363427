import ArgumentParser
import Catalog
import Postgres

struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows a report of the catalog; without a name it lists them.",
        discussion: """
            A report is a view in PostgreSQL, likeness.NAME, for psql and Grafana as well; 'likeness db psql' and \\d+ show
            what its columns hold. --format can also be html: one page, with the pictures where files hold them.

            --where is a condition in SQL over the columns of the report. It can read the views and nothing else, and
            has 10 s.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The report.")
    var name: String?

    @Option(name: .customLong("where"), help: "Which rows: \"relation = 'lineage' and pictures > 2\".")
    var condition: String?

    @Option(help: "At most so many rows; all.")
    var limit: Int?

    @Option(help: "How long --where may take, such as 500ms, 60s or 5m; 10s.")
    var timeout: DurationArgument?

    func validate() throws {
        if name == nil, condition != nil || limit != nil {
            throw ValidationError("--where and --limit need the name of a report")
        }
        if let limit, limit < 0 { throw ValidationError("--limit must be 0 or more, not \(limit)") }
    }

    func run() async throws {
        let format = try global.formatOrPage
        let (name, condition, limit, isQuiet) = (name, condition, limit, global.isQuiet)
        let timeout = timeout?.duration ?? Catalog.conditionTimeout
        try await global.openDatabase(orPage: true).run { connection in
            let catalog = Catalog(connection)
            guard let name else { return try Self.list(try catalog.reports(), format) }
            let report = try catalog.report(named: name)
            var output = ReportOutput(title: report.name, comment: report.comment, columns: report.columns, format)
            try catalog.read(
                report, where: condition, limit: limit, as: format == .json ? .json : .cells, timeout: timeout
            ) { output.write($0) }
            output.end()
            if output.rows == 0, limit != 0, !isQuiet { StandardError.notice("report \(name) has no rows") }
        }
    }

    private struct Entry: Encodable {
        let report: String
        let description: String
    }

    private static func list(_ reports: [CatalogReport], _ format: FormatArgument) throws {
        let columns = [
            CatalogReport.Column(name: "report", type: "text", comment: "The name of the report."),
            CatalogReport.Column(name: "description", type: "text", comment: "What it shows."),
        ]
        if format == .json {
            let entries = reports.map { Entry(report: $0.name, description: $0.summary) }
            return StandardOutput.write(try JSON.text(entries))
        }
        var output = ReportOutput(
            title: "reports", comment: "What can be asked of the catalog.", columns: columns, format)
        for report in reports { output.write([report.name, report.summary]) }
        output.end()
    }
}
