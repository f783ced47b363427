import Catalog
import Embeddings
import Faults
import Glibc
import Imaging
import Postgres

/// What to ask with.
public enum QuerySubject: Sendable, Equatable {
    /// A file, by its path's bytes; it need not be in the catalog.
    case file([UInt8])
    /// A picture of the catalog.
    case image(ImageID)

    /// The file's path; nil for a picture of the catalog.
    var pathBytes: [UInt8]? { if case .file(let path) = self { path } else { nil } }

    /// The file's path as text; nil for a picture of the catalog.
    var path: String? { pathBytes.map { String(validating: $0, as: UTF8.self) ?? printableName($0) } }

    /// The file's path as the catalog knows it: absolute, without symbolic links.
    var absolutePath: [UInt8]? {
        guard case .file(let path) = self else { return nil }
        let resolved = (path + [0]).withUnsafeBytes { realpath($0.bindMemory(to: CChar.self).baseAddress!, nil) }
        guard let resolved else { return nil }
        defer { free(resolved) }
        return UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map(UInt8.init(bitPattern:))
    }

    /// The subject for people.
    var name: String {
        switch self {
        case .file(let path): printableName(path)
        case .image(let image): "image \(image)"
        }
    }
}

/// A subject whose vector is known.
struct QueryVector: Sendable {
    let subject: QuerySubject
    /// The picture of the catalog that it is.
    let image: ImageID?
    let vector: [Float]
    var decode: Duration = .zero
    var embed: Duration = .zero
}

/// Finds the vectors of what is asked with: in the catalog where it has them, else by the network.
///
/// A file that the catalog knows by its bytes is not embedded again: the embedding is there, and is the very one that the
/// index holds, so that a picture finds itself at distance 0.
struct QueryVectors: Sendable {
    let database: Database
    let model: StoredModel
    let loadEmbedder: @Sendable () async throws -> any Embedder

    /// The vectors in the order of the subjects, without those that have none.
    ///
    /// - Throws: what concerns all subjects: the database, the network's weights.
    func find(_ subjects: [QuerySubject]) async throws -> (vectors: [QueryVector], failures: [FailedQuery]) {
        var vectors: [QueryVector] = []
        var failures: [FailedQuery] = []
        var embedder: (any Embedder)?
        for subject in subjects {
            do {
                switch subject {
                case .image(let image): vectors.append(try await vector(of: image))
                case .file(let path): vectors.append(try await vector(ofFile: path, &embedder))
                }
            } catch let fault as any Fault where Self.concernsOneSubject(fault) {
                failures.append(FailedQuery(query: subject.name, fault: fault))
            }
        }
        return (vectors, failures)
    }

    private static func concernsOneSubject(_ fault: any Fault) -> Bool {
        fault is ImagingError || fault is UnreadableFile || fault is SearchError
    }

    private func vector(of image: ImageID) async throws -> QueryVector {
        let modelID = model.id
        let found = try await database.run { connection in
            let catalog = Catalog(connection)
            if let vector = try catalog.embedding(of: image, model: modelID) { return Found.vector(vector) }
            return try catalog.hasImage(image) ? Found.picture : Found.nothing
        }
        switch found {
        case .vector(let vector): return QueryVector(subject: .image(image), image: image, vector: vector)
        case .picture: throw SearchError.notEmbedded(image, model: model.name)
        case .nothing: throw SearchError.noSuchImage(image)
        }
    }

    private enum Found: Sendable {
        case vector([Float])
        case picture
        case nothing
    }

    private func vector(ofFile path: [UInt8], _ embedder: inout (any Embedder)?) async throws -> QueryVector {
        let clock = ContinuousClock()
        let start = clock.now
        let content = try FileContent.read(path)
        let hashed = clock.now
        let (digest, modelID) = (ContentDigest(rawValue: content.sha256), model.id)
        let known = try await database.run { connection -> (ImageID?, [Float]?) in
            guard let digest else { return (nil, nil) }
            let catalog = Catalog(connection)
            let image = try catalog.images(of: [digest])[digest]
            return (image, try image.flatMap { try catalog.embedding(of: $0, model: modelID) })
        }
        if let vector = known.1 {
            return QueryVector(subject: .file(path), image: known.0, vector: vector, decode: hashed - start)
        }
        let looked = clock.now
        let ready: any Embedder
        if let embedder { ready = embedder } else { ready = try await loadEmbedder() }
        embedder = ready
        let loaded = clock.now
        let decoded = try ImageDecoder.decode(content.bytes, scale: ready.preparation.decodeScale)
        let decodedAt = clock.now
        let vector = try await ready.embed(decoded.image)
        return QueryVector(
            subject: .file(path), image: known.0, vector: vector, decode: (hashed - start) + (decodedAt - loaded),
            embed: (loaded - looked) + (clock.now - decodedAt))
    }
}
