/// Lists of rows around centroids, IVFFlat and IVFPQ.
enum InvertedFileIndex {
    /// The index as readers ask it.
    static func open(
        _ entry: Manifest.Index, over store: VectorStore, after earlier: (any SearchableIndex)?
    ) throws(IndexError) -> any SearchableIndex {
        guard let built = entry.built else { preconditionFailure("an index is opened once it is built") }
        return InvertedFile(
            try InvertedFileLists(entry, built, over: store, after: (earlier as? InvertedFile)?.lists))
    }

    /// The index as the writer adds to it.
    static func resume(
        _ entry: Manifest.Index, _ built: Manifest.Generation, in folder: IndexFolder
    ) throws(IndexError) -> any GrowingIndex { try GrowingInvertedFile(entry, built, in: folder) }

    /// Trains a generation and puts all live rows into its lists.
    ///
    /// The next generation of ``GenerationJob/Remedy/recenter`` and ``GenerationJob/Remedy/split`` comes from the
    /// published one; where there is none, or it is damaged, everything is trained anew.
    static func build(
        _ job: GenerationJob, _ rows: StoreRows, in folder: IndexFolder, _ control: BuildControl
    ) throws(IndexError) -> Manifest.Generation {
        let training = InvertedFileTraining(job, rows, control)
        let remedied: RemediedLists?
        if let previous = try training.previous() {
            switch job.remedy {
            case .recenter: remedied = try training.recentered(previous)
            case .split: remedied = try training.split(previous)
            case .full: remedied = nil
            }
        } else {
            remedied = nil
        }
        let lists: RemediedLists
        if let remedied { lists = remedied } else { lists = RemediedLists(try training.trained()) }
        let records = try training.records(lists)
        let quantizer = lists.quantizer
        let name = StoreLayout.padded(job.generation)
        let base = try InvertedFileBase.write(
            quantizer, name + ".centroids", generation: job.generation, in: folder)
        let log = try GenerationFileWriter(name + ".lists", .lists, generation: job.generation, in: folder)
        try log.append(records)
        try log.synchronize()
        var parameters = ["nlist": quantizer.shape.nlist]
        if quantizer.shape.m > 0 {
            parameters["m"] = quantizer.shape.m
            parameters["bits"] = quantizer.shape.bits
            parameters["rerank"] = training.resolved[.rerank]
        }
        var generation = Manifest.Generation(
            base: base, log: log.state, covers: rows.end.rawValue, rows: training.slots.count,
            trainedRows: training.slots.count, parameters: parameters, recallAt10: nil)
        let entry = Manifest.Index(
            specification: job.specification, generation: job.generation, builtAt: job.store.manifest.publishedAt,
            built: generation)
        let index = InvertedFile(try InvertedFileLists(entry, generation, over: job.store))
        let chosen = try training.chooseProbes(for: index)
        generation.parameters["nprobe"] = chosen.nprobe
        generation.recallAt10 = chosen.recall
        return generation
    }
}

extension InvertedFileTraining {
    /// Share of the ten nearest that the number of probed lists is chosen for.
    private static let wantedRecall = 0.98

    /// The number of lists to probe, as it was asked for or else the smallest that finds the wanted share of the ten
    /// nearest, and the share that it finds; nil where there is no row to measure with.
    ///
    /// Where re-ranking misses more than that even in all lists, the smallest number that gets within half a percent.
    func chooseProbes(for index: InvertedFile) throws(IndexError) -> (nprobe: Int, recall: Double?) {
        let nlist = index.lists.shape.nlist
        let exact = try ExactAnswers(
            over: job.store, queries: 100, k: 10, seed: UInt64(job.generation), threads: job.threads
        ) { share throws(IndexError) in
            control.report("measuring recall", share)
            try control.check(job.specification.name)
        }
        let asked = job.specification.parameters["nprobe"].map { min(max(1, $0), nlist) }
        if exact.isEmpty { return (asked ?? 1, nil) }
        let measure = { (nprobe: Int) throws(IndexError) -> Double in
            try control.check(job.specification.name)
            return try exact.recall(of: index.with(parameters: ["nprobe": nprobe]), threads: job.threads).recall
        }
        if let asked { return (asked, try measure(asked)) }
        // Doubled until it is enough, so that no more is read than a few times what will be.
        var wanted = Self.wantedRecall
        var high = 1
        var recall = try measure(high)
        while recall < wanted, high < nlist {
            high = min(2 * high, nlist)
            recall = try measure(high)
        }
        if recall < wanted { wanted = recall - 0.005 }
        // More lists hardly ever find less, so what lies below half of it was not enough.
        var low = recall < Self.wantedRecall ? 0 : high / 2
        while high - low > 1 {
            let middle = (low + high) / 2
            let found = try measure(middle)
            if found >= wanted { (high, recall) = (middle, found) } else { low = middle }
        }
        return (high, recall)
    }
}
