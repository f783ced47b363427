import CKernels
import SystemPackage

/// A center and directions: what turns a row into its sketch. Whatever they are, answers are exact; the better they suit
/// the rows, the fewer distances a search computes.
///
/// Its file holds behind the header:
///
///     0   4  m, the number of directions
///     4   4  0
///     8   8  how far the directions are from orthonormal, float64
///     16  48 0
///     64  …  the center, d × float32, and zeros up to a multiple of 64 bytes
///     …   …  the directions, m × d × float32, row-major
final class SketchProjection: Sendable {
    let m: Int
    let d: Int
    private let file: SketchedFile
    private let checksum: UInt32

    /// Maps a projection that a manifest names. Nothing but its header and its length is checked yet.
    init(_ entry: Manifest.Sketch, of manifest: Manifest, layout: StoreLayout) throws(IndexError) {
        m = entry.components
        d = manifest.identity.dimension
        checksum = entry.checksum
        file = try SketchedFile(
            layout.projection(entry.generation),
            Self.header(entry.generation, manifest), byteCount: Self.byteCount(m: m, d: d))
    }

    /// The file and the checksums of all that is in it.
    var parts: (SketchedFile, [SketchedFile.Part]) { (file, [(0..<file.content.count, checksum)]) }

    /// Holds the whole file against its checksum.
    func check() throws(IndexError) {
        try file.check(parts.1)
        let found = Int(file.content.load(as: UInt32.self))
        guard found == m else { throw .damaged(file.path, what: "has \(found) directions, not \(m)") }
    }

    /// How far any sketch of a row within `radius` of the center is off, at most; see lk_sketch_slack. Infinite when the
    /// directions are so far from orthonormal that nothing is known.
    func slack(radius: Double) -> Double {
        lk_sketch_slack(file.content.load(fromByteOffset: 8, as: Double.self), radius)
    }

    /// A number that the row's distance from the center is not above.
    func radius(of row: UnsafePointer<Float>) -> Double { Self.radius(of: row, from: center, d) }

    /// As ``radius(of:)`` from any center.
    static func radius(of row: UnsafePointer<Float>, from center: UnsafePointer<Float>, _ d: Int) -> Double {
        let squared = Double(lk_kernels_of_this_cpu().pointee.squared_l2(row, center, d))
        // 2^-10 is far above the rounding of a distance; see ckernels.h.
        if squared.isFinite { return squared.squareRoot() * (1 + 0x1p-10) + 0x1p-60 }
        return (0..<d).reduce(0.0) { $0 + abs(Double(row[$1]) - Double(center[$1])) }
    }

    private var center: UnsafePointer<Float> {
        (file.content.baseAddress.unsafelyUnwrapped + Self.centerOffset).assumingMemoryBound(to: Float.self)
    }

    private var basis: UnsafePointer<Float> {
        (file.content.baseAddress.unsafelyUnwrapped + Self.basisOffset(d)).assumingMemoryBound(to: Float.self)
    }

    /// Sketches n rows that lie one after the other.
    ///
    /// - Parameters:
    ///   - heads: set to n × m values, row-major.
    ///   - tails: set to n values.
    ///   - scratch: ``scratchCount`` values.
    func sketch(
        _ rows: UnsafePointer<Float>, _ n: Int, heads: UnsafeMutablePointer<Float>, tails: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Double>
    ) {
        var projection = lk_projection(basis: basis, stride: d, center: center, m: m, d: d)
        lk_sketch(lk_kernels_of_this_cpu(), &projection, rows, d, n, heads, m, tails, scratch)
    }

    var scratchCount: Int { lk_sketch_scratch(m, d) }

    /// Writes a projection that no manifest names yet, and waits until the disk has it.
    ///
    /// - Parameters:
    ///   - center: d finite values.
    ///   - basis: m × d finite values, row-major.
    /// - Returns: the checksum that the manifest is to name.
    static func write(
        _ generation: Int, center: [Float], basis: [Float], for manifest: Manifest, layout: StoreLayout
    ) throws(IndexError) -> UInt32 {
        let d = center.count
        let m = basis.count / d
        precondition(d == manifest.identity.dimension && m >= 1 && m <= d && m <= SketchLimits.components)
        var content = littleEndian(UInt32(m)) + littleEndian(UInt32(0))
        content += littleEndian(defect(basis, m: m, d: d).bitPattern)
        content += [UInt8](repeating: 0, count: centerOffset - content.count)
        center.withUnsafeBytes { content += $0 }
        content += [UInt8](repeating: 0, count: basisOffset(d) - content.count)
        basis.withUnsafeBytes { content += $0 }
        let file = try OpenFile(layout.projection(generation), for: .write, truncating: true)
        try file.write(header(generation, manifest).bytes, at: 0)
        try file.write(content, at: FileHeader.size)
        try file.synchronize()
        return CRC32C.checksum(content)
    }

    private static func defect(_ basis: [Float], m: Int, d: Int) -> Double {
        var scratch = [Double](repeating: 0, count: lk_sketch_scratch(m, d))
        return basis.withUnsafeBufferPointer { basis in
            // A basis has a row at least; the center takes no part.
            let start = basis.baseAddress.unsafelyUnwrapped
            var projection = lk_projection(basis: start, stride: d, center: start, m: m, d: d)
            return lk_orthonormality_defect(lk_kernels_of_this_cpu(), &projection, &scratch)
        }
    }

    private static func header(_ generation: Int, _ manifest: Manifest) -> FileHeader {
        FileHeader(
            kind: .projection, dimension: manifest.identity.dimension, chunk: generation, store: manifest.store)
    }

    private static let centerOffset = 64
    private static func basisOffset(_ d: Int) -> Int { centerOffset + (4 * d + 63) / 64 * 64 }
    static func byteCount(m: Int, d: Int) -> Int { basisOffset(d) + 4 * m * d }
}

/// A mapped file of sketches or of what makes them, whose contents are checked later, when they are first used.
struct SketchedFile: Sendable {
    let path: FilePath
    private let mapping: MappedBytes

    /// Maps a file and holds its header against what it must be.
    init(_ path: FilePath, _ header: FileHeader, byteCount: Int) throws(IndexError) {
        self.path = path
        let file: OpenFile
        do {
            file = try OpenFile(path, for: .read)
        } catch .file(_, _, .noSuchFileOrDirectory) {
            throw .damaged(path, what: "is missing")
        }
        let needed = FileHeader.size + byteCount
        let size = try file.size()
        guard size >= needed else {
            throw .damaged(path, what: "has \(size) bytes, fewer than the \(needed) that the manifest names")
        }
        mapping = try file.map(count: needed)
        try header.check(mapping.bytes, of: path)
    }

    /// The bytes behind the header, which lie at a multiple of 64, valid while `self` lives.
    var content: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: mapping.bytes[FileHeader.size...])
    }

    /// Some of the bytes behind the header, and their CRC-32C.
    typealias Part = (bytes: Range<Int>, checksum: UInt32)

    /// Holds parts of the file, as it is mapped, against their checksums.
    func check(_ parts: [Part]) throws(IndexError) {
        if let what = Self.difference(content, parts) { throw .damaged(path, what: what) }
    }

    /// What differs from the checksums when the file is read, not mapped, so that a disk that fails is an error; nil when
    /// nothing does.
    func difference(in parts: [Part]) throws(IndexError) -> String? {
        let count = content.count
        do {
            let bytes = try OpenFile(path, for: .read).read(count: count, at: FileHeader.size)
            guard bytes.count == count else { return "has \(bytes.count) bytes behind its header, not \(count)" }
            return bytes.withUnsafeBytes { Self.difference($0, parts) }
        } catch .file(_, _, .noSuchFileOrDirectory) {
            return "is missing"
        }
    }

    private static func difference(_ content: UnsafeRawBufferPointer, _ parts: [Part]) -> String? {
        for part in parts {
            let found = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: content[part.bytes]))
            if found != part.checksum {
                return "has checksum \(hexadecimal(found)), not \(hexadecimal(part.checksum))"
            }
        }
        return nil
    }
}
