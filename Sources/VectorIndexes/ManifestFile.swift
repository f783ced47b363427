import FoundationEssentials
import SystemPackage

/// A manifest as a file: one JSON object whose first line holds the CRC-32C of all that follows that line.
///
///     { "checksum": "9ae0daaf",
///       "chunks" : [ … ],
///       "format" : 1, … }
enum ManifestFile {
    private static let lineStart = "{ \"checksum\": \""
    private static let lineEnd = "\",\n"

    static func encode(_ manifest: Manifest) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        // Nothing in a manifest can refuse: it has neither numbers that are not finite nor keys that are not strings.
        guard let json = try? encoder.encode(manifest) else { preconditionFailure("a manifest can be written as JSON") }
        let body = json.drop { $0 != UInt8(ascii: "\n") }.dropFirst() + [UInt8(ascii: "\n")]
        return Array((lineStart + hexadecimal(CRC32C.checksum(body)) + lineEnd).utf8) + body
    }

    /// What the folder's manifest says, once its checksum and its numbers have been found right; nil when there is none.
    static func read(_ layout: StoreLayout) throws(IndexError) -> Manifest? {
        let path = layout.manifest
        guard let bytes = try contents(of: path) else {
            let chunks = try names(in: layout.vectors).filter { StoreLayout.chunkNumber(of: $0) != nil }
            if chunks.isEmpty { return nil }
            throw .damaged(path, what: "is missing, but there are \(chunks.count) files of vectors")
        }
        return try decode(bytes, of: path)
    }

    static func decode(_ bytes: [UInt8], of path: FilePath) throws(IndexError) -> Manifest {
        let lineLength = lineStart.utf8.count + 8 + lineEnd.utf8.count
        guard bytes.count > lineLength else {
            throw .damaged(path, what: "has \(bytes.count) bytes, fewer than its first line of \(lineLength)")
        }
        let body = bytes[lineLength...]
        let checksum = hexadecimal(CRC32C.checksum(body))
        guard bytes.prefix(lineLength).elementsEqual((lineStart + checksum + lineEnd).utf8) else {
            throw .damaged(path, what: "differs from its checksum")
        }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let json = Data(bytes)
        guard let format = try? decoder.decode(Format.self, from: json).format else {
            throw .damaged(path, what: "does not say which format it has")
        }
        guard format <= Manifest.currentFormat else {
            throw .newerFormat(path, have: format, know: Manifest.currentFormat)
        }
        guard let manifest = try? decoder.decode(Manifest.self, from: json) else {
            throw .damaged(path, what: "lacks something that format \(format) has")
        }
        if let contradiction = manifest.contradiction { throw .damaged(path, what: contradiction) }
        return manifest
    }

    private struct Format: Decodable {
        let format: Int
    }
}

extension Manifest {
    /// What in these numbers no writer would write; nil when they may be relied on.
    fileprivate var contradiction: String? {
        if !StoreLimits.dimensions.contains(identity.dimension) { return "has dimension \(identity.dimension)" }
        if !StoreLimits.rowsPerChunk.contains(rowsPerChunk) { return "has \(rowsPerChunk) rows in a chunk" }
        if publication < 1 { return "has publication \(publication)" }
        var numbers: Set<Int> = []
        for chunk in chunks {
            if !(1...rowsPerChunk).contains(chunk.rows) { return "has \(chunk.rows) rows in chunk \(chunk.number)" }
            if !(1..<nextChunk).contains(chunk.number) { return "has a chunk \(chunk.number) of \(nextChunk - 1)" }
            if !numbers.insert(chunk.number).inserted { return "names chunk \(chunk.number) twice" }
            if let tombstones = chunk.tombstones, !(1...chunk.rows).contains(tombstones.dead) {
                return "has \(tombstones.dead) deleted rows of \(chunk.rows) in chunk \(chunk.number)"
            }
        }
        if let contradiction = sketchContradiction { return contradiction }
        if let name = indexes.map(\.specification.name).first(where: { !IndexSpecification.isUsable(name: $0) }) {
            return "has an index whose name has \(name.utf8.count) bytes and is not usable"
        }
        return nil
    }

    private var sketchContradiction: String? {
        if let chunk = chunks.first(where: { ($0.sketch == nil) != (sketch == nil) }) {
            return "has \(sketch == nil ? "sketches" : "no sketches") of chunk \(chunk.number)"
        }
        guard let sketch else { return nil }
        if sketch.generation < 1 { return "has sketches of generation \(sketch.generation)" }
        if !(1...min(identity.dimension, SketchLimits.components)).contains(sketch.components) {
            return "has sketches of \(sketch.components) numbers"
        }
        let isNumber = chunks.allSatisfy { $0.sketch.map { $0.radius >= 0 && $0.radius.isFinite } ?? true }
        return isNumber ? nil : "has sketches farther from their center than there is"
    }
}
