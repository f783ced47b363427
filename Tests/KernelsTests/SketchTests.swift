import CKernels
import TestSupport
import Testing

/// Sketches and the bounds from them: never above the distance by more than the slack that the header states.
@Suite struct SketchTests {
    private static let shapes = [
        (1, 0), (1, 1), (7, 3), (7, 7), (33, 17), (33, 33), (64, 8), (130, 67), (2048, 4), (2049, 5),
    ]

    @Test(arguments: KernelTable.all)
    func `no bound exceeds the distance and the slack`(_ table: KernelTable) {
        forEachSketch(table) { sketched in
            let m = sketched.projection.m
            for query in sketched.rows.indices {
                let bounds = sketched.bounds(query: query, table)
                let tooHigh = sketched.rows.indices.filter { row in
                    let distance = exactDistance(sketched.rows[row], sketched.rows[query]).squareRoot()
                    let reach = distance + sketched.slack(row) + sketched.slack(query)
                    let limit = reach * reach * (1 + gamma(roundings(ofBound: m))) + Double(m + 1) * 0x1p-148
                    return !(Double(bounds[row]) <= limit)
                }
                #expect(tooHigh.isEmpty, "\(sketched), query \(query)")
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `the threshold for a row's own distance keeps the row, by either kind of bound`(_ table: KernelTable) {
        forEachSketch(table) { sketched in
            let d = sketched.projection.d
            for query in sketched.rows.indices {
                let bounds = sketched.bounds(query: query, table)
                let codeBounds = sketched.codeBounds(query: query, table)
                let lost = sketched.rows.indices.filter { row in
                    let distance = table.functions.squared_l2(sketched.rows[query], sketched.rows[row], d)
                    let slack = sketched.slack(row) + sketched.slack(query)
                    let threshold = lk_bound_threshold(distance, slack, sketched.projection.m, d)
                    return !(threshold > distance && bounds[row] <= threshold && codeBounds[row] <= threshold)
                }
                #expect(lost.isEmpty, "\(sketched), query \(query)")
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `heads and tails are right to the promised error`(_ table: KernelTable) {
        forEachSketch(table) { sketched in
            let projection = sketched.projection
            let defect = sketched.defect
            guard defect < 0.1 else { return }
            let exactSketches = projection.exactSketches(of: sketched.rows)
            let wrong = sketched.rows.indices.filter { row in
                let exact = exactSketches[row]
                let length = projection.radius(of: sketched.rows[row])
                // Numbers below float32's normal ones have an absolute error instead.
                let tiny = Double(projection.m + 1) * 0x1p-149
                let headError = zip(sketched.head(row), exact.head).reduce(0) { sum, pair in
                    sum + (Double(pair.0) - pair.1) * (Double(pair.0) - pair.1)
                }
                let tailError = abs(Double(sketched.tail(row)) - exact.tail)
                let share = unitRoundoff + 0x1p-30
                return headError.squareRoot() > share * length + tiny
                    || tailError > (32 * defect + share) * length + tiny
            }
            #expect(wrong.isEmpty, "\(sketched)")
        }
    }

    @Test(arguments: KernelTable.all)
    func `a bound is the distance of the sketches to the promised rounding`(_ table: KernelTable) {
        var random = SplitMix(state: 11)
        for m in lengths {
            for n in [0, 1, 3, 7, 8, 9, 17] {
                let stride = m + 2
                let head = GuardedMemory(random.normals(m + 1).dropLast())
                let heads = GuardedMemory(random.normals(max(n * stride - 2, 0)))
                let tails = GuardedMemory(random.normals(n).map(abs))
                let out = GuardedMemory([Float](repeating: -1, count: n))
                table.functions.sketch_bounds(
                    head.start, 0.5, heads.start, stride, tails.start, n, m, out.start)
                for row in 0..<n {
                    let difference = Double(tails.elements[row]) - 0.5
                    let rowHead = heads.elements[(row * stride)..<(row * stride + m)]
                    let exact = exactDistance(head.elements, rowHead) + difference * difference
                    let error = abs(Double(out.elements[row]) - exact)
                    #expect(error <= gamma(roundings(ofBound: m)) * exact, "m = \(m), row \(row) of \(n)")
                }
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `a bound does not depend on how many rows are asked about`(_ table: KernelTable) {
        var random = SplitMix(state: 12)
        let m = 37
        let head = random.normals(m)
        let heads = random.normals(20 * m)
        let tails = random.normals(20)
        var whole = [Float](repeating: 0, count: 20)
        table.functions.sketch_bounds(head, 0.1, heads, m, tails, 20, m, &whole)
        for row in 0..<20 {
            var single: Float = 0
            table.functions.sketch_bounds(head, 0.1, Array(heads[(row * m)...]), m, [tails[row]], 1, m, &single)
            #expect(single == whole[row])
        }
    }

    @Test(arguments: KernelTable.all)
    func `the bound of vectors that the basis holds whole is their distance`(_ table: KernelTable) {
        var random = SplitMix(state: 13)
        let d = 33
        let rows = RowPattern.random.rows(12, d: d, random: &random)
        let projection = Projection(.random, m: d, rows: rows, center: random.normals(d), random: &random)
        let sketched = SketchedRows(rows, projection, "all dimensions", table)
        for query in rows.indices {
            let bounds = sketched.bounds(query: query, table)
            for row in rows.indices {
                let distance = exactDistance(rows[query], rows[row]).squareRoot()
                let slack = sketched.slack(row) + sketched.slack(query)
                #expect(abs(Double(bounds[row]).squareRoot() - distance) <= slack + distance * 1e-5)
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `the sketch of a row does not depend on its neighbors`(_ table: KernelTable) {
        var random = SplitMix(state: 14)
        for (d, m) in Self.shapes where d < 2048 {
            let rows = RowPattern.clustered.rows(7, d: d, random: &random)
            let projection = Projection(.random, m: m, rows: rows, center: random.normals(d), random: &random)
            let together = projection.sketches(of: rows, table)
            for row in rows.indices {
                let alone = projection.sketches(of: [rows[row]], table)
                #expect(alone.heads == Array(together.heads[(row * m)..<((row + 1) * m)]))
                #expect(alone.tails[0] == together.tails[row])
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `the defect of a basis is what double precision says`(_ table: KernelTable) {
        var random = SplitMix(state: 15)
        for kind in Projection.Kind.allCases {
            let projection = Projection(kind, m: 9, rows: [], center: random.normals(40), random: &random)
            var sum = 0.0
            for i in 0..<9 {
                for j in 0..<9 {
                    let products: [Double] = (0..<40).map { column in
                        Double(projection.basis[i * 40 + column]) * Double(projection.basis[j * 40 + column])
                    }
                    let entry = products.reduce(0, +) - (i == j ? 1 : 0)
                    sum += entry * entry
                }
            }
            let defect = projection.defect(table)
            #expect(defect >= sum.squareRoot() && defect <= sum.squareRoot() * 1.00001 + 1e-10, "\(kind)")
        }
    }

    @Test(arguments: [(0, 1), (1, 1), (64, 2048), (512, 2048), (8192, 8192)])
    func `the threshold is the header's formula, rounded up`(_ m: Int, _ d: Int) {
        for distance: Float in [0, 1e-30, 1e-6, 0.3, 2, 1e20] {
            for slack in [0, 1e-6, 0.1] {
                let nearest = Double(distance) / (1 - gamma(roundings(ofDistance: d)))
                let reach = nearest.squareRoot() + slack
                let formula = reach * reach * (1 + gamma(roundings(ofBound: m)))
                let threshold = Double(lk_bound_threshold(distance, slack, m, d))
                #expect(threshold >= formula + Double(m) * 0x1p-148, "distance \(distance), slack \(slack)")
                #expect(threshold <= (formula + 1e-40) * (1 + 1e-6) + 1e-21 * slack, "distance \(distance)")
            }
        }
    }

    @Test func `what is not a number rules nothing out`() {
        for value: Float in [.nan, .infinity] {
            #expect(lk_bound_threshold(value, 0.1, 64, 2048) == .infinity)
            #expect(lk_bound_threshold(1, Double(value), 64, 2048) == .infinity)
        }
        #expect(lk_bound_threshold(.greatestFiniteMagnitude, 0.1, 64, 2048) == .infinity)
        #expect(lk_bound_threshold(0, 0, 0, 1) > 0)
        #expect(lk_bound_threshold(0.5, 1e-6, 256, 2048) < 0.50002)
    }

    /// Every shape, kind of basis and pattern of rows; equal patterns give equal rows for every table.
    private func forEachSketch(_ table: KernelTable, _ body: (SketchedRows) -> Void) {
        var random = SplitMix(state: 16)
        for (d, m) in Self.shapes {
            for pattern in RowPattern.allCases {
                let rows = pattern.rows(11, d: d, random: &random)
                let center = rows[0].map { $0 / 2 }
                for kind in Projection.Kind.allCases {
                    let projection = Projection(kind, m: m, rows: rows, center: center, random: &random)
                    body(SketchedRows(rows, projection, "d = \(d), m = \(m), \(pattern), \(kind)", table))
                }
            }
        }
    }
}
