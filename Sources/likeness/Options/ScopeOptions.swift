import ArgumentParser
import Catalog
import Search

/// Which pictures a query may find, and how many of a family.
struct ScopeOptions: ParsableArguments {
    /// What pictures are folded by.
    enum Collapse: String, ExpressibleByArgument, CaseIterable {
        case lineage
    }

    @Option(
        help: "One result a family: its nearest member, with how many others it stands for. (LIKENESS_COLLAPSE)")
    var collapse: Collapse?

    @Flag(help: "Leave out the query's own family, itself included. (LIKENESS_EXCLUDE_FAMILY)")
    var excludeFamily = false

    @Option(help: "Find originals alone, or what was made from others alone. (LIKENESS_ONLY)")
    var only: FamilyPart?

    @Option(
        name: .customLong("where"),
        help: "Only pictures that satisfy this SQL condition over image_overview. (LIKENESS_WHERE)")
    var condition: String?

    /// What was typed, or what the environment says.
    var searchScope: SearchScope {
        get throws {
            var scope = SearchScope()
            scope.collapsesFamilies =
                try (collapse ?? EnvironmentTwin.value("LIKENESS_COLLAPSE")) != nil
            scope.excludesOwnFamily = excludeFamily || EnvironmentTwin.flag("LIKENESS_EXCLUDE_FAMILY")
            scope.only = try only ?? EnvironmentTwin.value("LIKENESS_ONLY")
            if let condition = condition ?? EnvironmentTwin.text("LIKENESS_WHERE") {
                scope.matching = { try $0.images(where: condition) }
            }
            return scope
        }
    }
}

extension FamilyPart: ExpressibleByArgument {}
