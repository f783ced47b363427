import SystemPackage

/// Where everything lies in a store's folder.
///
///     manifest.json                           what is current
///     writer.lock                             held while somebody writes
///     vectors/00000001.vectors                a chunk's rows
///     vectors/00000001.records                a chunk's ids and checksums, row by row
///     vectors/00000001.tombstones-00000007    a chunk's deleted rows, as of publication 7
///     .compaction/                            a copy without deleted rows, while it is made
///     vectors/projection-00000002             what sketches of generation 2 were made with
///     vectors/00000001.sketches-00000002      a chunk's sketches of that generation, row by row
///     NAME/00000003.graph-00000007            generation 3 of index NAME, as publication 7 began it: a graph,
///     NAME/00000003.links-00000007            and what was added to it since;
///     NAME/00000003.centroids, .lists         centroids and the lists of rows around them. A flat index has no files
struct StoreLayout: Sendable {
    static let vectorsFolder = "vectors"
    /// Ends the names of files that are not complete.
    static let temporarySuffix = ".tmp"

    let folder: FilePath

    var manifest: FilePath { folder.appending("manifest.json") }
    var lock: FilePath { folder.appending("writer.lock") }
    var vectors: FilePath { folder.appending(Self.vectorsFolder) }

    /// Where a compacted copy of the store is made; no index can have this name.
    var compaction: FilePath { folder.appending(".compaction") }
    func index(_ name: String) -> FilePath { folder.appending(name) }
    func vectors(_ chunk: Int) -> FilePath { vectors.appending(Self.vectorsName(chunk)) }
    func records(_ chunk: Int) -> FilePath { vectors.appending(Self.recordsName(chunk)) }
    func tombstones(_ chunk: Int, _ publication: Int) -> FilePath {
        vectors.appending(Self.tombstonesName(chunk, publication))
    }

    func projection(_ generation: Int) -> FilePath { vectors.appending(Self.projectionName(generation)) }
    func sketches(_ chunk: Int, _ generation: Int) -> FilePath {
        vectors.appending(Self.sketchesName(chunk, generation))
    }

    /// The names in the folder of the vectors that `manifest` needs.
    static func names(in manifest: Manifest) -> Set<String> {
        var names: Set<String> = []
        for chunk in manifest.chunks {
            names.formUnion([vectorsName(chunk.number), recordsName(chunk.number)])
            if let tombstones = chunk.tombstones {
                names.insert(tombstonesName(chunk.number, tombstones.publication))
            }
            if let sketch = manifest.sketch { names.insert(sketchesName(chunk.number, sketch.generation)) }
        }
        if let sketch = manifest.sketch { names.insert(projectionName(sketch.generation)) }
        return names
    }

    /// The number of the chunk that a file of this name belongs to; nil for a name that the store does not give.
    static func chunkNumber(of name: String) -> Int? {
        guard let dot = name.firstIndex(of: "."), let number = Int(name[..<dot]), number > 0 else { return nil }
        return number
    }

    /// The generation of the sketches that a file of this name belongs to; nil for the name of any other file.
    static func sketchGeneration(of name: String) -> Int? {
        let start =
            name.hasPrefix(projectionPrefix)
            ? name.dropFirst(projectionPrefix.count) : name.firstRange(of: sketchesInfix).map { name[$0.upperBound...] }
        guard let start, let generation = Int(start), generation > 0 else { return nil }
        return generation
    }

    private static let projectionPrefix = "projection-"
    private static let sketchesInfix = ".sketches-"

    static func projectionName(_ generation: Int) -> String { projectionPrefix + padded(generation) }
    static func sketchesName(_ chunk: Int, _ generation: Int) -> String {
        padded(chunk) + sketchesInfix + padded(generation)
    }
    private static func vectorsName(_ chunk: Int) -> String { padded(chunk) + ".vectors" }
    private static func recordsName(_ chunk: Int) -> String { padded(chunk) + ".records" }
    private static func tombstonesName(_ chunk: Int, _ publication: Int) -> String {
        padded(chunk) + ".tombstones-" + padded(publication)
    }

    static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}
