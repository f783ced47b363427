/// What an inverted file is built with where the person named nothing.
enum InvertedFileDefaults {
    /// Rows that each list and each entry of a codebook wants to be trained with: fewer, and the centroids fit the sample
    /// instead of the rows.
    ///
    /// Source: faiss, `ClusteringParameters.min_points_per_centroid`.
    static let rowsPerCentroid = 39

    /// Lists for so many rows: 4 √n, and no more than the rows can train.
    ///
    /// Source: faiss, "Guidelines to choose an index".
    static func nlist(rows: Int) -> Int {
        max(1, min(Int(4 * Double(rows).squareRoot()), rows / rowsPerCentroid))
    }

    /// Codes of a row: the most that divide the dimension evenly, with 32 components or more to a code, or 8 codes.
    static func m(dimension: Int) -> Int {
        let limit = max(dimension / 32, min(dimension, 8))
        return (1...limit).last { dimension.isMultiple(of: $0) } ?? 1
    }

    /// Bits of a code: 8, and fewer where the rows cannot train 256 entries; 4 at the least.
    static func bits(rows: Int) -> Int {
        (4...8).last { rowsPerCentroid << $0 <= rows } ?? 4
    }

    /// Rows that IVFPQ computes exactly for each one that is asked for. Of unrelated photographs at 64 codes, all lists
    /// probed, 10 find 98.0 % of the ten nearest and 20 find 99.5 %; with 10, twice the lists had to be probed for 98 %.
    static let rerank = 20

    /// Share of the ten nearest that the number of probed lists is chosen for.
    static let recall = 0.98
}
