extension HNSWIndex {
    /// Rows that are added between two looks at whether to go on: a thread adds some hundreds in a second.
    private static let rowsAtOnce = 256

    /// Builds a generation over all live rows.
    static func build(
        _ job: GenerationJob, _ rows: StoreRows, in folder: IndexFolder, _ control: BuildControl
    ) throws(IndexError) -> Manifest.Generation {
        let parameters = try HNSWParameters(job.specification.parameters)
        let slots = rows.liveSlots()
        var adder = HNSWAdder(
            try HNSWStructure(parameters, dimension: folder.dimension), [], dimension: folder.dimension)
        for first in stride(from: 0, to: slots.count, by: rowsAtOnce) {
            try control.check(job.specification.name)
            control.report("adding rows", Double(first) / Double(slots.count))
            let added = slots[first..<min(first + rowsAtOnce, slots.count)].compactMap { slot in
                rows.vector(slot).map { AddedRow(slot: slot, vector: $0) }
            }
            try withExtendedLifetime(job.store) { () throws(IndexError) in
                try adder.add(added, recording: false, threads: job.threads)
            }
        }
        try control.check(job.specification.name)
        control.report("writing", 1)
        let written = try HNSWFiles.begin(
            adder.structure, m: parameters.m, generation: job.generation,
            publication: job.store.manifest.publication, in: folder)
        return Manifest.Generation(
            base: written.base, log: written.log.state, covers: rows.end.rawValue, rows: adder.structure.rowCount,
            trainedRows: adder.structure.rowCount, parameters: parameters.dictionary)
    }
}
