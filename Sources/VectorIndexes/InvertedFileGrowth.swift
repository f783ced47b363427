import SystemPackage

/// An inverted file as the writer adds to it: each row gets a record, which is appended to the log.
///
/// The base never changes. Memory: the centroids and codebooks twice, and the records that were not written yet.
final class GrowingInvertedFile: GrowingIndex {
    private let folder: IndexFolder
    private let quantizer: InvertedFileQuantizer
    /// What is on the disk.
    private var built: Manifest.Generation
    /// Records that are not.
    private var pending: [UInt8] = []

    init(
        _ entry: Manifest.Index, _ built: Manifest.Generation, in folder: IndexFolder
    ) throws(IndexError) {
        self.folder = folder
        self.built = built
        quantizer = InvertedFileQuantizer(try InvertedFileBase(built, entry, in: folder))
        let size = quantizer.shape.recordSize
        guard built.rows >= 0, built.rows <= built.log.bytes, built.log.bytes == built.rows * size else {
            throw .damaged(
                folder.path.appending(built.log.name),
                what: "has \(built.log.bytes) bytes, not \(size) for each of \(built.rows) rows")
        }
    }

    func add(_ rows: [AddedRow], threads: Int) throws(IndexError) {
        let size = quantizer.shape.recordSize
        let start = pending.count
        pending += [UInt8](repeating: 0, count: rows.count * size)
        pending.withUnsafeMutableBytes { pending in
            quantizer.encode(
                rows, threads: threads, into: UnsafeMutableRawBufferPointer(rebasing: pending[start...]))
        }
    }

    func write(for publication: Int) throws(IndexError) -> Manifest.Generation {
        if pending.isEmpty { return built }
        // Anew each time, from what is known to be on the disk: what an attempt before left behind that is cut off.
        let writer = try GenerationFileWriter(resuming: built.log, .lists, in: folder)
        try writer.append(pending)
        try writer.synchronize()
        built.log = writer.state
        built.rows += pending.count / quantizer.shape.recordSize
        pending = []
        return built
    }
}
