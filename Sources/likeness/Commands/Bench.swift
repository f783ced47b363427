import ArgumentParser

struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures, on this machine.",
        subcommands: [BenchEmbed.self, BenchDecode.self])
}
