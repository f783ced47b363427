import ArgumentParser

/// How an answer is written to standard output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json, csv
}

/// What --format can be: what every command writes, and a page, which only some can.
enum FormatArgument: String, ExpressibleByArgument, Sendable {
    case table, json, csv, html

    /// What is offered everywhere.
    static let allValueStrings = OutputFormat.allCases.map(\.rawValue)
}
