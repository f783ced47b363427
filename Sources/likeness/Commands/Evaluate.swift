import ArgumentParser
import Augmentation
import Benchmarking
import Catalog
import Faults
import FoundationEssentials
import Postgres
import Search
import SystemPackage
import VectorIndexes

struct Evaluate: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        abstract: "Measures which changes of a picture the search survives, from the catalog's own lineage.",
        discussion: """
            Asks each index, and a plain comparison with every row, of which original an augmented copy is one: originals \
            alone can be the answer, so that the figures do not depend on how many other copies there are. And asks with \
            originals, among all pictures: how many of the nearest are of their family? No labels are needed. What it \
            measures is kept: likeness report augmentation_robustness
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions

    @Option(name: .shortAndLong, help: "Originals that a search gives, 5 to 1,000.")
    var k = 5

    @Option(help: "Copies that are asked with, drawn evenly; 0: all of them.")
    var sample = 2_000

    @Option(help: "Which sample.")
    var seed: UInt64 = 0

    @Option(help: "Ask this index alone; one of each type, and a plain comparison with every row.")
    var index: String?

    @Option(help: "Write recall@1 over strength, a line for each operation, to this SVG file.")
    var plot: PathArgument?

    func validate() throws {
        guard (5...1_000).contains(k) else { throw ValidationError("--k must be from 5 to 1,000, not \(k)") }
        guard sample >= 0 else { throw ValidationError("--sample must be 0 or more, not \(sample)") }
    }

    func run() async throws {
        let database = try await global.openDatabase()
        let model = try await ModelChooser(database: database, global: global).choose(model.wanted).stored
        let copies = try await database.run { try Catalog($0).embeddedCopies(model: model.id) }
        guard !copies.isEmpty else { throw EvaluationFault.noCopies(model: model.name) }
        guard let store = try VectorStore.open(IndexFolders(home: global.homeFolder).folder(ofModel: model.name)),
            store.liveCount > 0
        else { throw CommandFault.nothingIndexed(model: model.name) }
        let rows = store.liveCount
        let rivals = try await database.run { try IDFilter.only(.originals, in: Catalog($0), rows: rows) }
        let evaluation = try Evaluation(copies, among: rivals, over: store, k: k, sample: sample, seed: seed)
        let indexes = try chosenIndexes(of: store)
        var bar = ProgressBar(quiet: global.isQuiet)
        var results: [EvaluatedIndex] = []
        for (name, type, index) in indexes {
            let start = ContinuousClock.now
            let probes = try await evaluation.probes(index) { done, total in
                bar.update(done: done, total: total, elapsed: .now - start, note: name)
            }
            let precision = try await evaluation.familyPrecision(index)
            results.append(
                EvaluatedIndex(
                    index: name, familyPrecision: precision, rows: RobustnessRow.table(of: probes.map(\.probe))))
            if let type { try await record(probes, model.id, type, database) }
        }
        bar.clear()
        let report = EvaluationReport(
            model: model.name, pictures: store.liveCount, copies: evaluation.copies.count,
            originals: evaluation.originals.count, candidates: evaluation.candidates, k: k, results: results)
        if let plot { try CannotWrite.writing(report.plot.utf8, to: plot.filePath) }
        try report.write(try global.outputFormat)
    }

    private func chosenIndexes(
        of store: VectorStore
    ) throws -> [(name: String, type: StoredIndexType?, index: any SearchableIndex)] {
        func entry(_ name: String) throws -> (name: String, type: StoredIndexType?, index: any SearchableIndex) {
            let index = try store.index(named: name)
            let type = index.specification.type.rawValue
            return (type, StoredIndexType(rawValue: type), index)
        }
        if let index { return [try entry(index)] }
        var indexes: [(name: String, type: StoredIndexType?, index: any SearchableIndex)] = [
            ("bruteforce", nil, BruteForce(over: store))
        ]
        for specification in store.manifest.indexes.map(\.specification)
        where !indexes.contains(where: { $0.name == specification.type.rawValue }) {
            indexes.append(try entry(specification.name))
        }
        return indexes
    }

    private func record(
        _ probes: [(copy: EvaluatedCopy, probe: RobustnessProbe)], _ model: ModelID, _ type: StoredIndexType,
        _ database: Database
    ) async throws {
        for start in stride(from: 0, to: probes.count, by: 1_000) {
            let outcomes = probes[start..<min(start + 1_000, probes.count)].flatMap { copy, probe in
                ([(name: RobustnessRow.allOperations, strength: nil)] + probe.operations).map { operation in
                    AugmentationOutcome(
                        image: copy.image, operation: operation.name, strength: operation.strength, rank: probe.rank,
                        distance: probe.distance)
                }
            }
            try await database.run { try Catalog($0).writeOutcomes(outcomes, model: model, indexType: type) }
        }
    }
}

/// Why nothing can be evaluated.
enum EvaluationFault: Fault {
    case noCopies(model: String)
    case notIndexed(pictures: Int)

    var message: String {
        switch self {
        case .noCopies(let model): "no augmented copy has an embedding of model \(model), and its original too"
        case .notIndexed(let pictures): "none of the \(grouped(pictures)) augmented copies is in the index files yet"
        }
    }
    var hint: String? {
        switch self {
        case .noCopies: "Make some: likeness augment --output DIR"
        case .notIndexed: "Bring them up to date: likeness sync --once"
        }
    }
}

/// A copy, its original, and what made it.
struct EvaluatedCopy: Sendable {
    let image: ImageID
    let root: ImageID
    let operations: [(name: String, strength: Double?)]
}

/// The questions that all indexes are asked alike.
struct Evaluation: Sendable {
    /// The copies that are asked with.
    let copies: [EvaluatedCopy]
    /// The originals whose families the index files hold.
    let originals: [ImageID]
    /// Originals in the index files, with copies or without: those that can be the answer.
    let candidates: Int
    private let rivals: IDFilter
    private let roots: [ImageID: ImageID]
    private let store: VectorStore
    private let k: Int
    private let thread = SearchThread(name: "evaluate")

    /// Picks the sample.
    ///
    /// Strengths are shares of the strongest that the catalog's copies have, those outside the sample included.
    ///
    /// - Parameter rivals: lets the originals of the catalog pass, and nothing else.
    init(
        _ all: [EmbeddedCopy], among rivals: IDFilter, over store: VectorStore, k: Int, sample: Int, seed: UInt64
    ) throws {
        self.store = store
        self.rivals = rivals
        self.k = k
        let decoder = JSONDecoder()
        let recipes = all.map { copy in
            (try? decoder.decode([DrawnOperation].self, from: Data(copy.recipe.text.utf8))) ?? []
        }
        var strongest: [OperationKind: Double] = [:]
        for operation in recipes.joined() {
            guard let magnitude = operation.magnitude else { continue }
            strongest[operation.kind] = max(strongest[operation.kind] ?? 0, magnitude)
        }
        let held = Set(store.liveIDs())
        candidates = held.count { rivals.admits($0) }
        func isHeld(_ image: ImageID) -> Bool { held.contains(VectorID(image.rawValue)) }
        let usable = zip(all, recipes).filter { isHeld($0.0.image) && isHeld($0.0.root) }.map { copy, recipe in
            var operations: [OperationKind: Double?] = [:]
            for operation in recipe {
                // An operation that was done twice counts once, with its stronger one.
                let most = max(strongest[operation.kind] ?? 1, .leastNormalMagnitude)
                let strength = operation.magnitude.map { $0 / most }
                let known = operations[operation.kind] ?? nil
                operations[operation.kind] = [known, strength].compactMap(\.self).max()
            }
            return EvaluatedCopy(
                image: copy.image, root: copy.root,
                operations: operations.map { ($0.key.rawValue, $0.value) }.sorted { $0.0 < $1.0 })
        }
        if usable.isEmpty { throw EvaluationFault.notIndexed(pictures: all.count) }
        var random = SampleRandom(seed: seed)
        copies =
            sample == 0 || sample >= usable.count
            ? usable
            : usable.indices.shuffled(using: &random).prefix(sample).sorted().map { usable[$0] }
        originals = Set(usable.map(\.root)).sorted()
        var roots: [ImageID: ImageID] = [:]
        for copy in all { roots[copy.image] = copy.root }
        self.roots = roots
    }

    /// Asks with each copy, which original it is a copy of.
    func probes(
        _ index: any SearchableIndex, progress: (Int, Int) -> Void
    ) async throws -> [(copy: EvaluatedCopy, probe: RobustnessProbe)] {
        var probes: [(copy: EvaluatedCopy, probe: RobustnessProbe)] = []
        for start in stride(from: 0, to: copies.count, by: 64) {
            let part = copies[start..<min(start + 64, copies.count)]
            let vectors = part.map { vector(of: $0.image) }
            let found = try await thread.search(index, Array(vectors.joined()), k: k, filter: rivals)
            for (place, copy) in part.enumerated() {
                let rank = found[place].firstIndex { $0.id.rawValue == copy.root.rawValue }.map { $0 + 1 }
                let distance = squaredDistance(vectors[place], vector(of: copy.root))
                probes.append(
                    (copy, RobustnessProbe(rank: rank, distance: distance, operations: copy.operations)))
            }
            progress(start + part.count, copies.count)
        }
        return probes
    }

    /// The share of the five pictures nearest to each original, itself included, that are of its family, 0 to 1.
    func familyPrecision(_ index: any SearchableIndex) async throws -> Double {
        var (hits, answers) = (0, 0)
        for start in stride(from: 0, to: originals.count, by: 64) {
            let part = originals[start..<min(start + 64, originals.count)]
            let found = try await thread.search(index, part.flatMap { vector(of: $0) }, k: 5)
            for (original, neighbors) in zip(part, found) {
                answers += neighbors.count
                hits += neighbors.count { neighbor in
                    let image = ImageID(rawValue: neighbor.id.rawValue)
                    return (roots[image] ?? image) == original
                }
            }
        }
        return answers == 0 ? 0 : Double(hits) / Double(answers)
    }

    private func vector(of image: ImageID) -> [Float] { store.vector(of: VectorID(image.rawValue)) ?? [] }

    private func squaredDistance(_ left: [Float], _ right: [Float]) -> Float {
        zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
}

/// The same numbers for a seed on any machine. Source: G. Steele and others, "Fast splittable pseudorandom number
/// generators" (2014), SplitMix64.
private struct SampleRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
