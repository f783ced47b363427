import ArgumentParser
import Augmentation
import Catalog
import Embeddings
import Faults
import FolderWatching
import Glibc
import Imaging
import Ingestion
import Postgres
import SystemPackage

struct Augment: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        abstract: "Makes augmented copies of the catalog's originals, with their lineage.",
        discussion: """
            Draws --count copies of every picture that is no copy itself, writes them as <stem>_<n>.jpg, and ingests them. The \
            catalog knows which picture each comes from, and by what, before its file can be seen. The same seed, recipe and \
            originals give the same files; what is there already is passed over, so that the same command goes on where it \
            was stopped.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var decoding: DecodeOptions

    @Option(help: "Copies of each original, 1 to 1,000,000.")
    var count = 100

    @Option(help: "Which copies, of all that the recipe allows.")
    var seed: Int64 = 0

    @Option(help: "A file that says what is done to a picture; the classic recipe unless given. See --print-recipe.")
    var recipe: PathArgument?

    @Flag(name: .customLong("print-recipe"), help: "Write the recipe that would be used, and do nothing else.")
    var printRecipe = false

    @Option(help: "The folder that gets the copies; made when it is not there.")
    var output: PathArgument?

    @Option(name: .customLong("where"), help: "Only originals that satisfy this SQL condition over image_overview.")
    var condition: String?

    @Flag(name: .customLong("no-ingest"), help: "Write the files and announce their lineage; ingest them later.")
    var noIngest = false

    func validate() throws {
        guard (1...1_000_000).contains(count) else {
            throw ValidationError("--count must be from 1 to 1,000,000, not \(count)")
        }
        if output == nil && !printRecipe { throw ValidationError("--output DIR is missing: the folder for the copies") }
    }

    func run() async throws {
        let plan = AugmentationPlan(recipe: try chosenRecipe(), seed: seed)
        if printRecipe { return StandardOutput.write(plan.recipe.json) }
        guard let output else { return }
        let folder = try CopyFolder(output)
        let database = try await global.openDatabase()
        let originals = try await chosenOriginals(database)
        let path = folder.path
        if let inside = try await database.run({ try Catalog($0).originalFile(under: path.bytes) }) {
            throw AugmentFault.originalInOutput(original: inside, folder: path)
        }
        let console = AugmentConsole(copies: originals.count * count, quiet: global.isQuiet)
        defer { console.finish() }
        let pass = try await ingestion(of: folder, database)
        let start = ContinuousClock.now
        let run = CopyRun(plan: plan, count: count, folder: folder.path, database: database, console: console)
        var summary = try await run.copies(of: originals, ingestedBy: pass)
        summary.seconds = (ContinuousClock.now - start) / .seconds(1)
        console.finish()
        withExtendedLifetime(folder) {}
        try summary.write(try global.outputFormat)
        let refused = summary.failed + (summary.ingest?.failed ?? 0)
        if summary.failed == summary.copies { throw CommandFault.everyInputFailed(count: originals.count) }
        if refused > 0 { throw SomeInputsFailed() }
    }

    private func chosenRecipe() throws -> Recipe {
        guard let recipe else { return .default }
        // Large enough for any recipe, and no picture by mistake.
        let content = try FileContent.read(recipe.bytes, maxBytes: 1 << 20)
        return try Recipe(json: content.bytes, file: printableName(recipe.bytes))
    }

    private func chosenOriginals(_ database: Database) async throws -> [Original] {
        let condition = condition
        let originals = try await database.run { connection in
            let catalog = Catalog(connection)
            return try catalog.originals(among: try condition.map { try catalog.images(where: $0) })
        }
        if originals.isEmpty { throw AugmentFault.noOriginals(condition: condition) }
        return originals
    }

    /// What brings the copies into the catalog; nil when somebody else does.
    private func ingestion(of folder: CopyFolder, _ database: Database) async throws -> IngestPass? {
        if noIngest { return nil }
        let path = folder.path.bytes
        if try await database.run({ try Catalog($0).isWatched(path) }) {
            global.notice("an ingest daemon watches \(printableName(path)): it takes the copies")
            return nil
        }
        let chooser = ModelChooser(database: database, global: global)
        let chosen = try await chooser.choose(model.wanted)
        let embedder = try await chooser.embedder(of: chosen)
        let intake = Intake(embedder: embedder, decoders: try decoding.pool(for: embedder))
        // A connection of its own: copies are announced while others are written.
        return IngestPass(database: Database(database.target), intake: intake, model: chosen.stored)
    }
}

/// What can be wrong with originals and the folder for their copies.
enum AugmentFault: Fault {
    case noOriginals(condition: String?)
    case originalInOutput(original: [UInt8], folder: FilePath)
    case inUse(FilePath)

    var message: String {
        switch self {
        case .noOriginals(nil): "the catalog has no picture to make copies of"
        case .noOriginals: "no picture that could have copies satisfies the condition"
        case .originalInOutput(let original, let folder):
            "\(printableName(original)) is an original and lies in the output folder \(printableName(folder))"
        case .inUse(let folder): "another process writes copies to \(printableName(folder))"
        }
    }

    var detail: String? {
        switch self {
        case .noOriginals:
            "An original is active, was not made from another picture, and has a file that is there."
        case .originalInOutput: "Copies among originals cannot be told from them by people or programs."
        case .inUse: nil
        }
    }

    var hint: String? {
        switch self {
        case .noOriginals(nil): "Bring pictures in first: likeness ingest FOLDER"
        case .noOriginals:
            "See what there is: likeness db psql -- -c 'select image_id, path from likeness.image_overview'"
        case .originalInOutput: "Choose a folder without originals: likeness augment --output DIR"
        case .inUse: "Wait for it, or choose another folder: likeness augment --output DIR"
        }
    }

    var recovery: Recovery { if case .inUse = self { .retryLater } else { .askOperator } }

    var exitStatus: ExitStatus {
        switch self {
        case .noOriginals: .failed
        case .originalInOutput: .usage
        case .inUse: .tryAgain
        }
    }
}

/// The folder that gets copies, for this process alone as long as it lives.
final class CopyFolder {
    /// Absolute, without links.
    let path: FilePath
    private let descriptor: FileDescriptor

    /// Makes the folder when it is not there, and locks it.
    ///
    /// The lock is on the folder itself: nothing lies in it but copies, and a process that dies leaves nothing behind.
    init(_ argument: PathArgument) throws {
        let folder = argument.filePath
        try Self.make(HomeFolder.absolute(folder))
        guard let resolved = folder.withPlatformString({ realpath($0, nil) }) else {
            throw AugmentationError.file(folder, Errno(rawValue: errno))
        }
        defer { free(resolved) }
        path = FilePath(platformString: resolved)
        do {
            descriptor = try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        } catch {
            throw AugmentationError.file(path, error as? Errno ?? .ioError)
        }
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            try? descriptor.close()
            throw code == EWOULDBLOCK
                ? AugmentFault.inUse(path) : AugmentationError.file(path, Errno(rawValue: code)) as any Error
        }
    }

    deinit { try? descriptor.close() }

    private static func make(_ folder: FilePath) throws {
        let above = folder.removingLastComponent()
        if above != folder, !above.isEmpty, above.withPlatformString({ access($0, F_OK) }) != 0 { try make(above) }
        guard folder.withPlatformString({ mkdir($0, 0o755) }) != 0, errno != EEXIST else { return }
        throw AugmentationError.file(folder, Errno(rawValue: errno))
    }
}
