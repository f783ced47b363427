import Catalog
import Embeddings
import Faults
import FolderWatching
import Glibc
import Imaging
import Ingestion
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// A folder of pictures and decode workers of the built binary, which are known from those of other tests by their name.
struct Scene {
    let folder: TemporaryFolder
    private let tools: TemporaryFolder
    let decoders: DecodePool
    private let embedder: CountingEmbedder
    let intake: Intake

    init(workers: Int = 2, timeLimit: Duration = .seconds(60), limits: DecodeLimits = .shared) throws {
        folder = try TemporaryFolder()
        tools = try TemporaryFolder()
        let program = tools.path.appending("likeness")
        symlink(LikenessBinary.path.string, program.string)
        embedder = CountingEmbedder()
        decoders = DecodePool(
            preparation: embedder.preparation, workers: workers, timeLimit: timeLimit, limits: limits, program: program)
        intake = Intake(embedder: embedder, decoders: decoders, limits: limits)
    }

    /// How many pictures were embedded.
    var embedded: Int { embedder.embedded }

    /// The worker processes that run now.
    var workers: [pid_t] {
        // They end with the pool, which nobody may have need of any more.
        withExtendedLifetime(decoders) { processes { $0.hasPrefix(tools.path.string) } }
    }

    /// Writes a file into the folder.
    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> FilePath {
        let path = folder.path.appending(name)
        try write(bytes, to: path)
        return path
    }

    func write(_ bytes: [UInt8], to path: FilePath) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWrite)
        _ = try file.closeAfter { try file.writeAll(bytes) }
    }

    /// The pictures below a path, the folder unless given.
    func files(_ path: FilePath? = nil) -> [FoundFile] {
        FolderWalk([(path ?? folder.path).bytes]).compactMap { if case .file(let file) = $0 { file } else { nil } }
    }

    /// Takes files with a lane of their own; the catalog has nothing.
    func take(_ files: [FoundFile]) async throws -> IntakeResult {
        try await IntakeLane(intake).take(files) { _ in [:] }
    }
}

/// The built-in descriptor, which counts what it embeds.
final class CountingEmbedder: Embedder {
    private let descriptor = StructureDescriptor()
    private let count = Atomic(0)

    var embedded: Int { count.load(ordering: .relaxed) }
    var model: EmbeddingModel { descriptor.model }
    var preparation: PicturePreparation { descriptor.preparation }
    var preferredBatch: Int { 8 }

    func embed(_ batch: PreparedBatch) async throws(EmbeddingError) -> [Float] {
        count.add(batch.count, ordering: .relaxed)
        return try await descriptor.embed(batch)
    }
}

/// The processes that run now and whose command line is as wanted.
func processes(_ isWanted: (String) -> Bool) -> [pid_t] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var found: [pid_t] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard let number = pid_t(name), let command = contents("/proc/\(name)/cmdline") else { continue }
        // One that has ended and was not waited for has no command line.
        if !command.isEmpty, isWanted(command) { found.append(number) }
    }
    return found
}

/// The text of a file of /proc; nil when the process is gone.
func contents(_ path: String) -> String? {
    guard let file = try? FileDescriptor.open(path, .readOnly) else { return nil }
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    guard let count = try? bytes.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
    return String(decoding: bytes[..<count], as: UTF8.self)
}

/// Hundredths of a second that a process has computed so far.
func computed(_ process: pid_t) -> Int {
    guard let status = contents("/proc/\(process)/stat"), let end = status.lastIndex(of: ")") else { return 0 }
    let fields = status[end...].split(separator: " ")
    return fields.count > 12 ? (Int(fields[11]) ?? 0) + (Int(fields[12]) ?? 0) : 0
}

/// A progressive JPEG that takes a decoder seconds; made once, for making it takes seconds as well.
enum SlowPicture {
    static func bytes() throws -> [UInt8] { try made.get() }

    private static let made = Result {
        let side = 9000
        var numbers = SplitMix(state: 1)
        let noise = (0..<4099).map { _ in UInt8.random(in: 0 ... .max, using: &numbers) }
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * side * side) { buffer, count in
            for index in 0..<3 * side * side { buffer[index] = noise[index % 4099] }
            count = 3 * side * side
        }
        return try JPEGEncoder.encode(
            RGBImage(width: side, height: side, pixels: pixels), quality: 90, isProgressive: true)
    }
}

func photo(_ path: String) throws -> [UInt8] {
    try FileContent.read(Array(SharedData.path(path).string.utf8)).bytes
}

extension IntakeResult {
    /// The outcomes in words, in the order of the files.
    var words: [String] {
        files.map { taken in
            switch taken.outcome {
            case .added: "added"
            case .known: "known"
            case .failed(let failure): failure.errorClass
            case .changed: "changed"
            case .postponed: "postponed"
            }
        }
    }

    var failures: [FailedFile] {
        files.compactMap { if case .failed(let failure) = $0.outcome { failure } else { nil } }
    }
}
