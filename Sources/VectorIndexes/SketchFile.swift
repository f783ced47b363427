import CKernels
import SystemPackage

/// Where the sketches of a chunk lie in its file, behind the header:
///
///     0  16 × rows in a full chunk   what stands beside the codes, struct lk_code_terms, row by row
///     …  m × rows                    codes, int8, row by row, from a multiple of 64 bytes on
///
/// Both are written row by row, so rows are appended without touching others, and both lie as kernels read them fastest.
/// What has not been written yet of the first part takes up no space on the disk.
struct SketchFileLayout: Sendable {
    let m: Int
    let codesOffset: Int

    static let termsSize = MemoryLayout<lk_code_terms>.stride

    init(m: Int, rowsPerChunk: Int) {
        self.m = m
        codesOffset = (Self.termsSize * rowsPerChunk + 63) / 64 * 64
    }

    func byteCount(rows: Int) -> Int { codesOffset + m * rows }

    static func header(_ chunk: Int, _ generation: Int, _ manifest: Manifest) -> FileHeader {
        FileHeader(
            kind: .sketches, dimension: manifest.identity.dimension, chunk: chunk, store: manifest.store,
            publication: generation)
    }
}

/// The sketches of the published rows of a chunk, mapped.
struct ChunkSketches: Sendable {
    let rows: Int
    let radius: Double
    private let file: SketchedFile
    private let entry: Manifest.ChunkSketch
    private let layout: SketchFileLayout

    /// Maps the sketches that a manifest names. Nothing but their header and their length is checked yet.
    init(
        _ chunk: Manifest.Chunk, _ entry: Manifest.ChunkSketch, _ sketch: Manifest.Sketch, of manifest: Manifest,
        layout store: StoreLayout
    ) throws(IndexError) {
        rows = chunk.rows
        radius = entry.radius
        self.entry = entry
        layout = SketchFileLayout(m: sketch.components, rowsPerChunk: manifest.rowsPerChunk)
        file = try SketchedFile(
            store.sketches(chunk.number, sketch.generation),
            SketchFileLayout.header(chunk.number, sketch.generation, manifest), byteCount: layout.byteCount(rows: rows))
    }

    /// The file and the checksums of all that is in it.
    var parts: (SketchedFile, [SketchedFile.Part]) {
        let terms = 0..<rows * SketchFileLayout.termsSize
        let codes = layout.codesOffset..<layout.byteCount(rows: rows)
        return (file, [(terms, entry.termsChecksum), (codes, entry.codesChecksum)])
    }

    /// Holds all sketches against their checksums.
    func check() throws(IndexError) { try file.check(parts.1) }

    /// Where the sketch of a row lies; readable while `self` lives.
    func sketch(of row: Int) -> lk_code_row {
        precondition((0..<rows).contains(row))
        let start = file.content.baseAddress.unsafelyUnwrapped
        return lk_code_row(
            codes: (start + layout.byteCount(rows: row)).assumingMemoryBound(to: Int8.self),
            terms: start.assumingMemoryBound(to: lk_code_terms.self) + row)
    }

    /// Sets `bounds` to numbers that the squared distances of some rows and the query are not below, but for the slack.
    func bounds(
        _ query: UnsafePointer<Int16>, _ terms: lk_code_terms, _ rows: Range<Int>,
        into bounds: UnsafeMutablePointer<Float>
    ) {
        let start = file.content.baseAddress.unsafelyUnwrapped
        let codes = (start + layout.codesOffset).assumingMemoryBound(to: Int8.self)
        let rowTerms = start.assumingMemoryBound(to: lk_code_terms.self)
        var terms = terms
        lk_kernels_of_this_cpu().pointee.code_bounds(
            query, &terms, codes + rows.lowerBound * layout.m, layout.m, rowTerms + rows.lowerBound, rows.count,
            layout.m, bounds)
    }
}

/// A file of sketches to which rows are appended.
struct SketchFile {
    private let file: OpenFile
    private let layout: SketchFileLayout

    /// Begins the file of a chunk without rows, or goes on behind its rows and cuts off what stands there.
    init(
        _ chunk: Int, generation: Int, m: Int, of manifest: Manifest, layout store: StoreLayout, rows: Int
    ) throws(IndexError) {
        layout = SketchFileLayout(m: m, rowsPerChunk: manifest.rowsPerChunk)
        file = try OpenFile(store.sketches(chunk, generation), for: .write, truncating: rows == 0)
        if rows == 0 { try file.write(SketchFileLayout.header(chunk, generation, manifest).bytes, at: 0) }
        try file.resize(to: FileHeader.size + layout.byteCount(rows: rows))
    }

    /// Writes sketches of the rows from `firstRow` on. After an error the same call may be made again.
    ///
    /// - Returns: `entry` with them.
    func write(
        _ sketches: RowSketches, firstRow: Int, after entry: Manifest.ChunkSketch?
    ) throws(IndexError) -> Manifest.ChunkSketch {
        try sketches.withBytes { codes, terms throws(IndexError) in
            try file.write(terms, at: FileHeader.size + firstRow * SketchFileLayout.termsSize)
            try file.write(codes, at: FileHeader.size + layout.byteCount(rows: firstRow))
            var codesChecksum = CRC32C(entry?.codesChecksum ?? 0)
            var termsChecksum = CRC32C(entry?.termsChecksum ?? 0)
            codesChecksum.update(codes)
            termsChecksum.update(terms)
            return .init(
                codesChecksum: codesChecksum.value, termsChecksum: termsChecksum.value,
                radius: max(entry?.radius ?? 0, sketches.radius))
        }
    }

    func synchronize() throws(IndexError) { try file.synchronize() }
}

/// Sketches of some rows in memory.
final class RowSketches {
    private let codes: UnsafeMutableBufferPointer<Int8>
    private let terms: UnsafeMutableBufferPointer<lk_code_terms>
    /// None of the rows is farther than this from the center.
    let radius: Double

    /// Sketches rows that lie one after the other.
    ///
    /// - Complexity: 2 n × m × d operations.
    init(of rows: UnsafePointer<Float>, _ count: Int, _ projection: SketchProjection, threads: Int) {
        let (m, d) = (projection.m, projection.d)
        codes = .allocate(capacity: count * m)
        terms = .allocate(capacity: count)
        terms.initialize(repeating: lk_code_terms())
        let radii = UnsafeMutableBufferPointer<Double>.allocate(capacity: count)
        defer { radii.deallocate() }
        // Safe to share: each part of the rows has its own part of each of these.
        nonisolated(unsafe) let shared = (rows: rows, codes: codes, terms: terms, radii: radii)
        let partLength = 64
        Kernels.shareOut(count, inPartsOf: partLength, among: threads) { part in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: partLength * (m + 1)) { heads in
                withUnsafeTemporaryAllocation(of: Double.self, capacity: projection.scratchCount) { scratch in
                    guard let heads = heads.baseAddress, let scratch = scratch.baseAddress else { return }
                    let tails = heads + partLength * m
                    projection.sketch(
                        shared.rows + part.lowerBound * d, part.count, heads: heads, tails: tails, scratch: scratch)
                    for (place, row) in part.enumerated() {
                        guard let code = shared.codes.baseAddress, let term = shared.terms.baseAddress else { return }
                        lk_quantize_head(heads + place * m, tails[place], m, code + row * m, term + row)
                        shared.radii[row] = projection.radius(of: shared.rows + row * d)
                    }
                }
            }
        }
        radius = radii.reduce(0, max)
    }

    deinit {
        codes.deallocate()
        terms.deallocate()
    }

    func withBytes<Result>(
        _ body: (_ codes: UnsafeRawBufferPointer, _ terms: UnsafeRawBufferPointer) throws(IndexError) -> Result
    ) throws(IndexError) -> Result {
        try withExtendedLifetime(self) { () throws(IndexError) in
            try body(UnsafeRawBufferPointer(codes), UnsafeRawBufferPointer(terms))
        }
    }
}
