/// What tells whether an inverted file still fits its rows.
public struct InvertedFileStatistics: Sendable, Equatable {
    /// Lists.
    public let nlist: Int
    /// Records in the log, those of dead rows included.
    public let rows: Int
    /// Records of rows that live.
    public let liveRows: Int
    /// Rows that were added since the lists were made.
    public let rowsSinceTraining: Int
    /// nlist × the sum of the squared lengths of the lists / liveRows²: 1 when all are equally long, nlist when one list has
    /// all rows; 1 without rows. Source: faiss, `imbalance_factor`.
    public let imbalanceFactor: Double
    /// Live rows of the longest list.
    public let longestList: Int
    /// Mean squared distance from their centroids of the rows that the lists were made of; nil when there are none.
    public let trainedResidual: Double?
    /// The same of the rows that came since; nil when there are none.
    public let addedResidual: Double?

    /// Reads the records of an opened IVFFlat or IVFPQ index; nil for an index of another type.
    ///
    /// - Complexity: O(rows + nlist); reads no vector.
    public init?(_ index: any SearchableIndex) {
        guard let lists = (index as? InvertedFile)?.lists else { return nil }
        nlist = lists.shape.nlist
        rows = lists.built.rows
        liveRows = lists.count
        rowsSinceTraining = max(0, lists.built.rows - lists.built.trainedRows)
        let lengths = (0..<lists.shape.nlist).map { Double(lists.entries(of: $0).count) }
        let squares = lengths.reduce(0) { $0 + $1 * $1 }
        imbalanceFactor =
            liveRows == 0 ? 1 : Double(lists.shape.nlist) * squares / (Double(liveRows) * Double(liveRows))
        longestList = Int(lengths.max() ?? 0)
        let residuals = (0..<lists.built.rows).map { ordinal in
            let offset = ordinal * lists.shape.recordSize + InvertedFileShape.residualOffset
            return Double(lists.records.loadUnaligned(fromByteOffset: offset, as: Float.self))
        }
        trainedResidual = mean(residuals.prefix(max(0, lists.built.trainedRows)))
        addedResidual = mean(residuals.dropFirst(max(0, lists.built.trainedRows)))
    }
}

private func mean(_ values: ArraySlice<Double>) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
}
