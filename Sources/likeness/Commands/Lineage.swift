import ArgumentParser

struct Lineage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows which pictures were made from which, and records it when that was done elsewhere.",
        discussion: "The pictures must be in the catalog. What 'likeness augment' makes has its lineage at once.",
        subcommands: [LineageImport.self, LineageInfer.self, LineageShow.self])
}
