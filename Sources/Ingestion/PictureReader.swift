import Catalog
import Embeddings
import FolderWatching
import Imaging
import NativeThreads

/// A file whose bytes were read, not yet decoded.
struct ReadFile: Sendable {
    let file: FoundFile
    let bytes: [UInt8]
    let digest: ContentDigest
}

/// A picture in a batch that waits for the network.
struct PreparedPicture: Sendable {
    let file: FoundFile
    let digest: ContentDigest
    let header: ImageHeader
}

/// Reads, hashes, decodes and prepares on one thread of its own, while the network computes on others.
actor PictureReader {
    private let thread = NativeThreadExecutor(name: "decode")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let embedder: any Embedder
    private let limits: DecodeLimits

    init(embedder: any Embedder, limits: DecodeLimits) {
        self.embedder = embedder
        self.limits = limits
    }

    /// Everything below some paths; looking at the files blocks this thread and no other.
    func walk(_ paths: [[UInt8]]) -> Walked { Walked(paths) }

    /// The bytes of the files, and those files that cannot be read.
    func read(_ files: ArraySlice<FoundFile>) -> (files: [ReadFile], failures: [FailedFile]) {
        var read: [ReadFile] = []
        var failures: [FailedFile] = []
        for file in files {
            do throws(UnreadableFile) {
                let content = try FileContent.read(file.path, maxBytes: limits.maxFileBytes)
                guard let digest = ContentDigest(rawValue: content.sha256) else { continue }
                read.append(ReadFile(file: file, bytes: content.bytes, digest: digest))
            } catch {
                failures.append(FailedFile(file, error))
            }
        }
        return (read, failures)
    }

    /// Decodes a picture and writes the network's input behind those that are in `batch`; a picture that cannot be decoded
    /// takes no room there.
    func prepare(_ read: ReadFile, into batch: PreparedBatch) -> Result<PreparedPicture, FailedFile> {
        do throws(ImagingError) {
            let decoded = try ImageDecoder.decode(read.bytes, scale: embedder.decodeScale, limits: limits)
            batch.append { embedder.prepare(decoded.image, into: $0) }
            return .success(PreparedPicture(file: read.file, digest: read.digest, header: decoded.header))
        } catch {
            return .failure(FailedFile(read.file, error))
        }
    }
}
