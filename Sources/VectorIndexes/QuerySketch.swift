import CKernels

/// The sketch of one query at a time, and the memory to make it in.
///
/// Unchecked because a pool lends it to one search at a time, on whatever thread that runs: never used by two at once.
final class QuerySketch: @unchecked Sendable {
    let codes: UnsafeMutablePointer<Int16>
    private(set) var terms = lk_code_terms()
    /// Room for codes of rows that lie apart.
    let gathered: UnsafeMutablePointer<Int8>
    private let head: UnsafeMutablePointer<Float>
    private let scratch: UnsafeMutablePointer<Double>

    init(_ projection: SketchProjection) {
        codes = .allocate(capacity: projection.m)
        gathered = .allocate(capacity: lk_code_bounds_scratch(projection.m))
        head = .allocate(capacity: projection.m)
        scratch = .allocate(capacity: projection.scratchCount)
    }

    deinit {
        codes.deallocate()
        gathered.deallocate()
        head.deallocate()
        scratch.deallocate()
    }

    /// Sketches a query and says how far that sketch is off, at most.
    func set(_ query: UnsafePointer<Float>, _ projection: SketchProjection) -> Double {
        var tail: Float = 0
        projection.sketch(query, 1, heads: head, tails: &tail, scratch: scratch)
        lk_quantize_query(head, tail, projection.m, codes, &terms)
        return projection.slack(radius: projection.radius(of: query))
    }
}
