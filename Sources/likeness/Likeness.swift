import ArgumentParser

@main
struct Likeness: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "likeness")
}
