/// A graph as the writer adds to it.
final class GrowingHNSWIndex: GrowingIndex {
    /// A log may grow to this before the graph is written anew, however small that is.
    static let smallLog = 4 << 20
    /// From so many rows on that come at once, and are a quarter of what there is, all threads add, and the graph is written
    /// anew: nearly all lists change anyway.
    static let manyRows = 1_024

    private let folder: IndexFolder
    private let generation: Int
    private let parameters: HNSWParameters
    private var adder: HNSWAdder
    /// What the files hold.
    private var written: Manifest.Generation
    private var log: GenerationFileWriter?
    private var writtenNodes: Int
    private var writtenTwins: Int
    private var isBehind = false
    private var isSynchronized = true

    init(
        _ entry: Manifest.Index, _ built: Manifest.Generation, in folder: IndexFolder, _ vector: RowVectors
    ) throws(IndexError) {
        let reading = try HNSWReading(built, generation: entry.generation, in: folder, vector)
        self.folder = folder
        generation = entry.generation
        parameters = try HNSWParameters(built.parameters)
        adder = HNSWAdder(reading.structure, reading.addresses, dimension: folder.dimension)
        written = built
        writtenNodes = reading.structure.slots.count
        writtenTwins = reading.structure.twins.count
    }

    func add(_ rows: [AddedRow], threads: Int) throws(IndexError) {
        let isMany = rows.count >= Self.manyRows && rows.count >= adder.structure.rowCount / 4
        try adder.add(rows, recording: !isMany, threads: threads)
        if isMany { isBehind = true }
    }

    func write(for publication: Int) throws(IndexError) -> Manifest.Generation {
        let structure = adder.structure
        let nodes = writtenNodes..<structure.slots.count
        let twins = writtenTwins..<structure.twins.count
        if !nodes.isEmpty || !twins.isEmpty {
            let block =
                isBehind
                ? []
                : HNSWFiles.block(
                    structure, nodes: nodes, twins: twins, lists: try structure.graph.changes())
            if isBehind || written.log.bytes + 4 * block.count > max(written.base.bytes, Self.smallLog) {
                let begun = try HNSWFiles.begin(
                    structure, m: parameters.m, generation: generation, publication: publication, in: folder)
                log = begun.log
                written.base = begun.base
            } else {
                if log == nil { log = try GenerationFileWriter(resuming: written.log, .links, in: folder) }
                try log?.append(words: block)
                isSynchronized = false
            }
            if let log { written.log = log.state }
            written.rows = structure.rowCount
            writtenNodes = nodes.upperBound
            writtenTwins = twins.upperBound
            isBehind = false
            structure.graph.forgetChanges()
        }
        if !isSynchronized { try log?.synchronize() }
        isSynchronized = true
        return written
    }
}
