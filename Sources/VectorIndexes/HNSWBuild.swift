extension HNSWIndex {
    /// Builds a generation over all live rows.
    static func build(
        _ job: GenerationJob, _ rows: StoreRows, in folder: IndexFolder, _ control: BuildControl
    ) throws(IndexError) -> Manifest.Generation {
        let parameters = try HNSWParameters(job.specification.parameters)
        let structure = try withExtendedLifetime(job.store) { () throws(IndexError) in
            try HNSWStructure(over: rows, parameters, threads: job.threads) { share throws(IndexError) in
                try control.check(job.specification.name)
                control.report("adding rows", share)
            }
        }
        try control.check(job.specification.name)
        control.report("writing", 1)
        let written = try HNSWFiles.begin(
            structure, m: parameters.m, generation: job.generation,
            publication: job.store.manifest.publication, in: folder)
        return Manifest.Generation(
            base: written.base, log: written.log.state, covers: rows.end.rawValue, rows: structure.rowCount,
            trainedRows: structure.rowCount, parameters: parameters.dictionary)
    }
}

extension HNSWStructure {
    /// Rows that are added between two looks at whether to go on: a thread adds some hundreds in a second.
    private static let rowsAtOnce = 256

    /// Builds a graph over all live rows.
    ///
    /// - Parameters:
    ///   - rows: mapped as long as the structure is used.
    ///   - goingOn: called with the share that is done, again and again; what it throws ends the building.
    init(
        over rows: StoreRows, _ parameters: HNSWParameters, threads: Int,
        goingOn: (Double) throws(IndexError) -> Void
    ) throws(IndexError) {
        let slots = rows.liveSlots()
        var adder = HNSWAdder(
            try HNSWStructure(parameters, dimension: rows.dimension), [], dimension: rows.dimension)
        for first in stride(from: 0, to: slots.count, by: Self.rowsAtOnce) {
            try goingOn(Double(first) / Double(slots.count))
            let added = slots[first..<min(first + Self.rowsAtOnce, slots.count)].compactMap { slot in
                rows.vector(slot).map { AddedRow(slot: slot, vector: $0) }
            }
            try adder.add(added, recording: false, threads: threads)
        }
        self = adder.structure
    }
}
