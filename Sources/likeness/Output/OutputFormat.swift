import ArgumentParser

/// How an answer is written to standard output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, json, csv
}
