import ArgumentParser
import VectorIndexes

struct Index: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Creates, lists, rebuilds, tunes, exports and drops indexes.",
        discussion: "An index belongs to one model. 'likeness sync' builds what was created and keeps it up to date.",
        subcommands: [
            IndexCreate.self, IndexList.self, IndexRebuild.self, IndexTune.self, IndexExport.self, IndexDrop.self,
        ])
}

extension IndexType: ExpressibleByArgument {}
