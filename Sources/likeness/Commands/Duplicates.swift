import ArgumentParser

struct Duplicates: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judges near-duplicates.",
        discussion: """
            Near-duplicates are found as pictures arrive: 'likeness report near_duplicates' and 'likeness report
            duplicate_groups' show them. What a person judges stays, whatever a model says.
            """,
        subcommands: [DuplicatesJudge.self])
}
