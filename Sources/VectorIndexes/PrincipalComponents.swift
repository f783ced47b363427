import CFaiss

/// The directions along which rows differ most, found by going over the rows some times.
///
/// One thread at a time: it is not Sendable.
final class PrincipalComponents {
    /// How often all rows must be added before the directions are good: the last time for ``directions()``.
    static let passes = 5

    private let handle: OpaquePointer
    private let dimension: Int
    private let count: Int

    /// - Parameter count: directions to find, 1 to `dimension`.
    init(_ count: Int, dimension: Int) throws(IndexError) {
        precondition((1...dimension).contains(count))
        var made: OpaquePointer?
        try Faiss.call { cfaiss_components_new(dimension, count, &made, $0, $1) }
        guard let made else { throw .native("no components were made") }
        handle = made
        self.dimension = dimension
        self.count = count
    }

    deinit { cfaiss_components_free(handle) }

    /// Adds n × dimension values, the center taken off, none above 1 in magnitude.
    ///
    /// - Complexity: 4 n × count × dimension operations.
    func add(_ rows: ArraySlice<Float>) throws(IndexError) {
        precondition(rows.count.isMultiple(of: dimension))
        try Faiss.call { message, capacity in
            rows.withUnsafeBufferPointer { rows in
                guard let start = rows.baseAddress else { return CFAISS_OK }
                return cfaiss_components_add(handle, start, rows.count / dimension, message, capacity)
            }
        }
    }

    /// Ends a pass over all rows but the last.
    func iterate() throws(IndexError) { try Faiss.call { cfaiss_components_iterate(handle, $0, $1) } }

    /// Ends the last pass.
    ///
    /// - Returns: count × dimension values, row-major: orthonormal rows, the direction of the greatest spread first.
    func directions() throws(IndexError) -> [Double] {
        var basis = [Double](repeating: 0, count: count * dimension)
        try Faiss.call { cfaiss_components_finish(handle, &basis, $0, $1) }
        return basis
    }
}
