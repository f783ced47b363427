import SystemPackage

/// The numbers that fix the layout of an inverted file's two files.
///
/// The base, `0000000G.centroids`, behind the header; everything little-endian:
///
///     0   4  nlist
///     4   4  m; 0 for lists of bare rows
///     8   4  bits; 0 with m
///     12  52 0
///     64     centroids: nlist × dimension float32
///            codebooks: m × 2^bits × dimension/m float32
///
/// The log, `0000000G.lists`: a record a row, in the order in which they were added.
///
///     0   4  slot
///     4   4  list, below nlist
///     8   4  float32: the row's squared distance from its centroid
///     12  4  float32, with m only: |r|² + 2⟨c, r⟩ of centroid c and the decoded residual r
///     16  m  codes, each below 2^bits
struct InvertedFileShape: Equatable, Sendable {
    let dimension: Int
    let nlist: Int
    /// 0 for IVFFlat.
    let m: Int
    /// 0 for IVFFlat.
    let bits: Int

    static let baseHeaderSize = 64
    static let listOffset = 4
    static let residualOffset = 8
    static let termOffset = 12
    static let codesOffset = 16

    /// Entries of a codebook.
    var entries: Int { 1 << bits }
    /// Components that a code stands for.
    var codeDimension: Int { m == 0 ? 0 : dimension / m }
    var recordSize: Int { m == 0 ? Self.termOffset : Self.codesOffset + m }
    var centroidValues: Int { nlist * dimension }
    var codebookValues: Int { m == 0 ? 0 : dimension * entries }
    var baseSize: Int { Self.baseHeaderSize + 4 * (centroidValues + codebookValues) }

    /// The first bytes of the base.
    var baseHeader: [UInt8] {
        let numbers = [nlist, m, bits].flatMap { littleEndian(UInt32($0)) }
        return numbers + [UInt8](repeating: 0, count: Self.baseHeaderSize - numbers.count)
    }
}

/// A generation's base, mapped: centroids and codebooks where they lie in the file.
struct InvertedFileBase: Sendable {
    let shape: InvertedFileShape
    private let file: CheckedFile

    /// Maps the base of a generation, once its numbers have been found to fit its size and the index's type.
    init(
        _ built: Manifest.Generation, _ entry: Manifest.Index, in folder: IndexFolder
    ) throws(IndexError) {
        file = try folder.map(built.base, .centroids, generation: entry.generation)
        guard file.content.count >= InvertedFileShape.baseHeaderSize else {
            throw .damaged(file.path, what: "has no room for its numbers")
        }
        let content = file.content
        let numbers = (0..<3).map { Int(content.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
        let (nlist, m, bits) = (numbers[0], numbers[1], numbers[2])
        guard nlist >= 1 else { throw .damaged(file.path, what: "has no lists") }
        switch entry.specification.type {
        case .ivfpq:
            guard (1...folder.dimension).contains(m), folder.dimension.isMultiple(of: m), (1...8).contains(bits) else {
                throw .damaged(
                    file.path, what: "has \(m) codes of \(bits) bits for vectors of \(folder.dimension) dimensions")
            }
        default:
            guard m == 0, bits == 0 else {
                throw .damaged(file.path, what: "has \(m) codes of \(bits) bits, but the index has bare rows")
            }
        }
        shape = InvertedFileShape(dimension: folder.dimension, nlist: nlist, m: m, bits: bits)
        guard content.count == shape.baseSize else {
            throw .damaged(
                file.path, what: "has \(content.count) bytes for \(nlist) lists, not the \(shape.baseSize) they need")
        }
    }

    /// nlist × dimension, valid while `self` lives.
    var centroids: UnsafePointer<Float> {
        (file.content.baseAddress.unsafelyUnwrapped + InvertedFileShape.baseHeaderSize)
            .assumingMemoryBound(to: Float.self)
    }

    /// m × entries × codeDimension, valid while `self` lives.
    var codebooks: UnsafePointer<Float> { centroids + shape.centroidValues }

    /// Writes a base.
    static func write(
        _ quantizer: InvertedFileQuantizer, _ name: String, generation: Int, in folder: IndexFolder
    ) throws(IndexError) -> Manifest.Generation.File {
        let writer = try GenerationFileWriter(name, .centroids, generation: generation, in: folder)
        try writer.append(quantizer.shape.baseHeader)
        for values in [quantizer.centroids, quantizer.codebooks] where !values.isEmpty {
            try values.withUnsafeBufferPointer { values throws(IndexError) in
                try writer.append(UnsafeRawBufferPointer(values))
            }
        }
        try writer.synchronize()
        return writer.state
    }
}
