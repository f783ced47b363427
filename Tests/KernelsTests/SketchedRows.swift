import CKernels

/// Rows and what the kernels say of them with one projection.
struct SketchedRows: CustomStringConvertible {
    let rows: [[Float]]
    let projection: Projection
    let description: String
    private let heads: [Float]
    private let tails: [Float]
    /// How far the basis is from orthonormal.
    let defect: Double
    private let codes: [Int8]
    private let terms: [lk_code_terms]

    init(_ rows: [[Float]], _ projection: Projection, _ description: String, _ table: KernelTable) {
        (self.rows, self.projection, self.description) = (rows, projection, description)
        let (heads, tails) = projection.sketches(of: rows, table)
        (self.heads, self.tails) = (heads, tails)
        defect = projection.defect(table)
        let m = projection.m
        let quantized = tails.indices.map { row in
            QuantizedHead(Array(heads[(row * m)..<((row + 1) * m)]), tail: tails[row])
        }
        codes = quantized.flatMap(\.codes)
        terms = quantized.map(\.terms)
    }

    func head(_ row: Int) -> ArraySlice<Float> { heads[(row * projection.m)..<((row + 1) * projection.m)] }
    func tail(_ row: Int) -> Float { tails[row] }

    /// What the header allows the sketch of this row to be off by.
    func slack(_ row: Int) -> Double { lk_sketch_slack(defect, projection.radius(of: rows[row])) }

    /// The bounds of all rows against one of them as the query.
    func bounds(query: Int, _ table: KernelTable) -> [Float] {
        let m = projection.m
        var bounds = [Float](repeating: .nan, count: rows.count)
        table.functions.sketch_bounds(
            Array(head(query)), tails[query], heads, m, tails, rows.count, m, &bounds)
        return bounds
    }

    /// The same from int8 heads.
    func codeBounds(query: Int, _ table: KernelTable) -> [Float] {
        let m = projection.m
        var bounds = [Float](repeating: .nan, count: rows.count)
        var query = QuantizedQuery(Array(head(query)), tail: tails[query])
        table.functions.code_bounds(query.codes, &query.terms, codes, m, terms, rows.count, m, &bounds)
        return bounds
    }
}

/// A head in int8.
struct QuantizedHead {
    var codes: [Int8]
    var terms = lk_code_terms()

    init(_ head: [Float], tail: Float) {
        codes = [Int8](repeating: 0, count: head.count)
        lk_quantize_head(head, tail, head.count, &codes, &terms)
    }
}

/// A query's head in 16 bits.
struct QuantizedQuery {
    var codes: [Int16]
    var terms = lk_code_terms()

    init(_ head: [Float], tail: Float) {
        codes = [Int16](repeating: 0, count: head.count)
        lk_quantize_query(head, tail, head.count, &codes, &terms)
    }
}
