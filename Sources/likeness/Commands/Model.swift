import ArgumentParser

struct Model: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Registers what pictures are embedded with.",
        discussion: """
            Every embedding names its model: the weights' SHA-256, the architecture, the preprocessing and the precision.
            Weights stay where they are; the catalog remembers their hash and this machine where they lie.
            """,
        subcommands: [ModelAdd.self, ModelList.self, ModelFetch.self])
}
