import ArgumentParser

struct Lineage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Records which pictures were made from which, when that was done elsewhere.",
        discussion:
            "Pictures must be in the catalog already. What 'likeness augment' makes has its lineage from the start.",
        subcommands: [LineageImport.self, LineageInfer.self])
}
