import ArgumentParser

struct Lineage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Records which pictures were made from which, when that was done elsewhere.",
        discussion: "The pictures must be in the catalog. What 'likeness augment' makes has its lineage at once.",
        subcommands: [LineageImport.self, LineageInfer.self])
}
