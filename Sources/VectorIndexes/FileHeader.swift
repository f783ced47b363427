import FoundationEssentials
import SystemPackage

#if _endian(big)
    #error("the files of a store are little-endian and are used as they lie in memory")
#endif

/// The first 64 bytes of every binary file of a store: what it is, whose it is, and a checksum of that.
///
///     0   8  "LIKENESS"
///     8   4  kind, four letters
///     12  4  format
///     16  4  dimension
///     20  4  0
///     24  8  number of the chunk, or of the generation
///     32  16 store
///     48  8  publication that wrote the file, of sketches their generation; 0 for other files that grow
///     56  4  0
///     60  4  CRC-32C of bytes 0 to 59
///
/// Numbers are little-endian and unsigned.
struct FileHeader: Equatable {
    static let size = 64
    /// The version of everything behind headers; a reader refuses a higher one.
    static let currentFormat = 1

    enum Kind: String {
        case vectors = "VECS"
        case records = "RECS"
        case tombstones = "TOMB"
        /// A whole graph of HNSW, and the lists of links that changed since.
        case graph = "GRPH"
        case links = "LINK"
        /// Centroids and codebooks of IVF, and which rows are in which lists.
        case centroids = "CENT"
        case lists = "LIST"
        /// A center and directions, and the sketches of a chunk's rows that were made with them.
        case projection = "PROJ"
        case sketches = "SKCH"

        /// Where the contents begin. Rows begin on a page of their own, so that a row of 8 KiB lies on two pages, not on
        /// three.
        var contentOffset: Int { self == .vectors ? 4096 : FileHeader.size }
    }

    let kind: Kind
    let dimension: Int
    let chunk: Int
    let store: UUID
    var publication = 0

    /// The header's bytes, up to where the contents begin.
    var bytes: [UInt8] {
        var bytes = Array("LIKENESS".utf8) + Array(kind.rawValue.utf8)
        bytes += littleEndian(UInt32(Self.currentFormat))
        bytes += littleEndian(UInt32(dimension)) + littleEndian(UInt32(0))
        bytes += littleEndian(UInt64(chunk))
        withUnsafeBytes(of: store.uuid) { bytes += $0 }
        bytes += littleEndian(UInt64(publication)) + littleEndian(UInt32(0))
        bytes += littleEndian(CRC32C.checksum(bytes))
        return bytes + [UInt8](repeating: 0, count: kind.contentOffset - bytes.count)
    }

    /// Holds the beginning of `file` against what its header must be, and says in what they differ.
    func check(_ found: UnsafeRawBufferPointer, of file: FilePath) throws(IndexError) {
        guard found.count >= kind.contentOffset else {
            throw .damaged(file, what: "has \(found.count) bytes, fewer than its header of \(kind.contentOffset)")
        }
        let expected = bytes
        guard found.prefix(8).elementsEqual(expected.prefix(8)) else {
            throw .damaged(file, what: "is not a file of an index: it does not begin with LIKENESS")
        }
        let checksum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: found.prefix(60)))
        guard found.loadUnaligned(fromByteOffset: 60, as: UInt32.self) == checksum else {
            throw .damaged(file, what: "has a header that differs from its checksum")
        }
        let format = Int(found.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        guard format <= Self.currentFormat else {
            throw .newerFormat(file, have: format, know: Self.currentFormat)
        }
        guard found.prefix(expected.count).elementsEqual(expected) else {
            throw .damaged(file, what: "has the header of another file")
        }
    }
}

/// The bytes of a number, lowest first.
func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
