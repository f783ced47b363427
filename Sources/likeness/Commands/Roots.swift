import ArgumentParser

struct Roots: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the folders that are watched, and retires those that are not to be any more.",
        subcommands: [RootsList.self, RootsRetire.self])
}
