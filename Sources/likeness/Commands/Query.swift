import ArgumentParser
import Postgres
import Catalog
import Embeddings
import Faults
import Search
import VectorIndexes

struct Query: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Finds the pictures like some, nearest first.",
        discussion: """
            Distances are squared L2 between normalized embeddings: 0 identical, 2 unrelated. A picture that the catalog
            knows by its bytes is not embedded again. A name that begins with a dash goes behind --. Once distances are \
            calibrated ('likeness calibrate'), each has a percentage: how probably it is the same picture.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions

    @Argument(help: "Image files; they need not be in the catalog.")
    var images: [PathArgument] = []

    @Option(help: "A picture of the catalog by its number; may be repeated.")
    var id: [Int64] = []

    @Option(name: .customShort("k"), help: "How many pictures to find; 5. (LIKENESS_K)")
    var k: Int?

    @Option(help: "The index to ask; 'default', else the first of the model. (LIKENESS_INDEX)")
    var index: String?

    @OptionGroup var scope: ScopeOptions

    @Flag(help: "Say which original each picture is, or is an augmented copy of. (LIKENESS_ORIGIN)")
    var origin = false

    @Flag(
        help: """
            Search what the index has not seen as well, straight from PostgreSQL: what is committed is found even while no \
            sync daemon runs. (LIKENESS_FRESH)
            """)
    var fresh = false

    @Option(help: "Write the answers to this file as well, as one page of HTML with the pictures in it.")
    var html: PathArgument?

    func run() async throws {
        let start = ContinuousClock.now
        guard !images.isEmpty || !id.isEmpty else { throw CommandFault.nothingToAsk }
        let k = try k ?? EnvironmentTwin.value("LIKENESS_K") ?? 5
        guard SearchLimits.neighbors.contains(k) else {
            throw IndexError.outOfRange(name: "k", value: k, allowed: SearchLimits.neighbors)
        }
        let database = try await global.openDatabase()
        let chooser = ModelChooser(database: database, global: global)
        let index = index ?? EnvironmentTwin.text("LIKENESS_INDEX")
        let chosen = try await choose(index: index, chooser)
        let global = global
        let engine = QueryEngine(
            database: database, folders: IndexFolders(home: global.homeFolder), model: chosen.stored, indexName: index
        ) {
            let embedder = try await chooser.embedder(of: chosen, mayDiffer: true)
            if embedder.model.precision.rawValue != chosen.stored.identity.precision {
                global.notice(
                    "this CPU has no \(chosen.stored.identity.precision): the query is embedded in "
                        + "\(embedder.model.precision.rawValue), distances differ a little")
            }
            return embedder
        }
        let subjects = images.map { QuerySubject.file($0.bytes) } + id.map { .image(ImageID(rawValue: $0)) }
        let (answers, failures) = try await engine.answer(
            subjects, k: k, scope: try scope.searchScope,
            findsOrigins: origin || EnvironmentTwin.flag("LIKENESS_ORIGIN"),
            isFresh: fresh || EnvironmentTwin.flag("LIKENESS_FRESH"), start: start)
        if let html, !answers.isEmpty {
            let page = QueryPage(answers: answers, asked: try await asked(answers, database))
            try CannotWrite.writing(page.html.utf8, to: html.filePath)
        }
        try QueryReport(answers: answers).write(try global.outputFormat)
        for failure in failures { StandardError.write("\(failure)\n") }
        if !failures.isEmpty {
            throw answers.isEmpty ? CommandFault.everyInputFailed(count: failures.count) : SomeInputsFailed()
        }
    }

    /// What the catalog knows of the pictures that were asked with by their numbers.
    private func asked(_ answers: [QueryAnswer], _ database: Database) async throws -> [CatalogResult] {
        let hits = answers.compactMap { answer in
            answer.queryPath == nil
                ? answer.queryID.map { SearchHit(image: ImageID(rawValue: $0), distance: 0) } : nil
        }
        return try await database.run { try Catalog($0).results(for: [hits]).results.first ?? [] }
    }

    /// `--model`; else the model of `--index`; else LIKENESS_MODEL or the catalog's default.
    private func choose(index: String?, _ chooser: ModelChooser) async throws -> ChosenModel {
        guard model.model == nil, let index else { return try await chooser.choose(model.wanted) }
        return try await chooser.database.run { connection in
            let catalog = Catalog(connection)
            let stored = try catalog.index(named: index)
            guard let model = try catalog.models().first(where: { $0.model.id == stored.model })?.model else {
                throw CommandFault.noModel
            }
            return ChosenModel(stored: model)
        }
    }
}
