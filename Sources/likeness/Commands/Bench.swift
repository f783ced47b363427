import ArgumentParser

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures, on this machine.",
        subcommands: [BenchIndexes.self, BenchEmbed.self, BenchDecode.self], defaultSubcommand: BenchIndexes.self)
}
