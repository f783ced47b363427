import CKernels

/// Centroids and codebooks that were trained: gives each row its list and its codes.
final class InvertedFileQuantizer: Sendable {
    let shape: InvertedFileShape
    /// nlist × dimension.
    let centroids: [Float]
    /// m × entries × codeDimension.
    let codebooks: [Float]
    private let packed: PackedCentroids
    private let packedCodebooks: [PackedCentroids]

    init(_ shape: InvertedFileShape, centroids: [Float], codebooks: [Float]) {
        precondition(centroids.count == shape.centroidValues && codebooks.count == shape.codebookValues)
        self.shape = shape
        self.centroids = centroids
        self.codebooks = codebooks
        packed = PackedCentroids(centroids, count: shape.nlist, dimension: shape.dimension)
        packedCodebooks = (0..<shape.m).map { code in
            codebooks.withUnsafeBufferPointer { codebooks in
                PackedCentroids(
                    codebooks.baseAddress.unsafelyUnwrapped + code * shape.entries * shape.codeDimension,
                    count: shape.entries, dimension: shape.codeDimension)
            }
        }
    }

    /// A copy of what a base has.
    convenience init(_ base: InvertedFileBase) {
        let shape = base.shape
        self.init(
            shape, centroids: Array(UnsafeBufferPointer(start: base.centroids, count: shape.centroidValues)),
            codebooks: Array(UnsafeBufferPointer(start: base.codebooks, count: shape.codebookValues)))
    }

    /// Rows that ``encode(_:threads:into:)`` does in well under a second.
    var block: Int { PackedCentroids.block(centroids: shape.nlist + shape.entries, dimension: shape.dimension) }

    /// The nearest centroid of each row.
    ///
    /// - Complexity: O(rows × nlist × dimension).
    func lists(of rows: [UnsafePointer<Float>], threads: Int) -> [UInt32] {
        var lists = [UInt32](repeating: 0, count: rows.count)
        rows.withUnsafeBufferPointer { rows in
            lists.withUnsafeMutableBufferPointer { lists in
                // Safe to share: each thread writes the lists of its own parts.
                nonisolated(unsafe) let shared = (rows: rows, lists: lists)
                TrainingThreads.shareOut(rows.count, inPartsOf: PackedCentroids.part, among: threads) { part in
                    guard let first = shared.rows.baseAddress, let labels = shared.lists.baseAddress else { return }
                    var scores = [Float](repeating: 0, count: part.count)
                    self.packed.nearest(first + part.lowerBound, count: part.count, labels + part.lowerBound, &scores)
                }
            }
        }
        return lists
    }

    /// The records of rows. A row's record depends on nothing but the row, the centroids and the codebooks.
    ///
    /// - Parameter records: set to rows.count records.
    /// - Complexity: O(rows × (nlist + entries) × dimension).
    func encode(_ rows: [AddedRow], threads: Int, into records: UnsafeMutableRawBufferPointer) {
        precondition(records.count == rows.count * shape.recordSize)
        let lists = lists(of: rows.map(\.vector), threads: threads)
        rows.withUnsafeBufferPointer { rows in
            // Safe to share: each thread writes the records of its own parts.
            nonisolated(unsafe) let shared = (rows: rows, records: records)
            TrainingThreads.shareOut(rows.count, inPartsOf: PackedCentroids.part, among: threads) { part in
                self.encode(part, of: shared.rows, lists, into: shared.records)
            }
        }
    }

    private func encode(
        _ part: Range<Int>, of rows: UnsafeBufferPointer<AddedRow>, _ lists: [UInt32],
        into records: UnsafeMutableRawBufferPointer
    ) {
        let dimension = shape.dimension
        let distance = lk_kernels_of_this_cpu().pointee.squared_l2
        centroids.withUnsafeBufferPointer { centroids in
            guard let centroids = centroids.baseAddress else { return }
            for place in part {
                let list = lists[place]
                let residual = distance(rows[place].vector, centroids + Int(list) * dimension, dimension)
                let offset = place * shape.recordSize
                records.storeBytes(of: rows[place].slot.rawValue, toByteOffset: offset, as: UInt32.self)
                records.storeBytes(of: list, toByteOffset: offset + InvertedFileShape.listOffset, as: UInt32.self)
                records.storeBytes(
                    of: residual, toByteOffset: offset + InvertedFileShape.residualOffset, as: Float.self)
            }
            if shape.m > 0 { compress(part, of: rows, lists, centroids, into: records) }
        }
    }

    /// Codes and terms.
    private func compress(
        _ part: Range<Int>, of rows: UnsafeBufferPointer<AddedRow>, _ lists: [UInt32],
        _ centroids: UnsafePointer<Float>, into records: UnsafeMutableRawBufferPointer
    ) {
        let (dimension, length) = (shape.dimension, shape.codeDimension)
        var residuals = [Float](repeating: 0, count: part.count * dimension)
        for (row, place) in part.enumerated() {
            let (vector, centroid) = (rows[place].vector, centroids + Int(lists[place]) * dimension)
            for component in 0..<dimension {
                residuals[row * dimension + component] = vector[component] - centroid[component]
            }
        }
        var terms = [Double](repeating: 0, count: part.count)
        var codes = [UInt32](repeating: 0, count: part.count)
        var scores = [Float](repeating: 0, count: part.count)
        residuals.withUnsafeBufferPointer { residuals in
            codebooks.withUnsafeBufferPointer { codebooks in
                guard let residuals = residuals.baseAddress, let codebooks = codebooks.baseAddress else { return }
                for code in 0..<shape.m {
                    let addresses = (0..<part.count).map { residuals + $0 * dimension + code * length }
                    packedCodebooks[code].nearest(addresses, count: part.count, &codes, &scores)
                    for (row, place) in part.enumerated() {
                        let entry = codebooks + (code * shape.entries + Int(codes[row])) * length
                        let centroid = centroids + Int(lists[place]) * dimension + code * length
                        for component in 0..<length {
                            terms[row] +=
                                Double(entry[component]) * (Double(entry[component]) + 2 * Double(centroid[component]))
                        }
                        let offset = place * shape.recordSize + InvertedFileShape.codesOffset + code
                        records.storeBytes(of: UInt8(codes[row]), toByteOffset: offset, as: UInt8.self)
                    }
                }
            }
        }
        for (row, place) in part.enumerated() {
            records.storeBytes(
                of: Float(terms[row]), toByteOffset: place * shape.recordSize + InvertedFileShape.termOffset,
                as: Float.self)
        }
    }
}
