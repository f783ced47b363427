import CKernels
import TestSupport
import Testing

/// Heads in int8: what was lost is known, and the bound never counts it.
@Suite struct CodeBoundTests {
    /// What the header allows a bound from codes to exceed that of the float32 heads by.
    private func limit(_ exact: Double) -> Double { exact * (1 + 8 * unitRoundoff) + 0x1p-140 }

    @Test(arguments: KernelTable.all)
    func `a bound from codes never exceeds the one from the heads`(_ table: KernelTable) {
        var random = SplitMix(state: 21)
        for m in lengths + [4096, 8192] {
            for scale: Float in [1e-30, 1e-18, 1e-14, 1e-11, 1e-3, 1, 1e8, 1e15] {
                let heads = (0..<9).map { _ in random.normals(m, scale: scale) }
                let query = random.normals(m, scale: scale)
                let tails = random.normals(9, scale: scale).map(abs)
                let bounds = codeBounds(heads, tails, query: query, tail: scale, table)
                for row in heads.indices {
                    let difference = Double(tails[row]) - Double(scale)
                    let exact = exactDistance(query, heads[row]) + difference * difference
                    #expect(Double(bounds[row]) <= limit(exact), "m = \(m), scale \(scale), row \(row)")
                }
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `a bound from codes loses no more than the errors`(_ table: KernelTable) {
        var random = SplitMix(state: 22)
        for m in lengths where m > 0 {
            let heads = (0..<11).map { _ in random.normals(m) }
            let query = random.normals(m)
            let bounds = codeBounds(heads, [Float](repeating: 0.25, count: 11), query: query, tail: 0, table)
            for row in heads.indices {
                let quantized = QuantizedHead(heads[row], tail: 0)
                let errors = Double(quantized.terms.error + QuantizedQuery(query, tail: 0).terms.error)
                let least = max(0, exactDistance(query, heads[row]).squareRoot() * (1 - 1e-5) - 2 * errors - 1e-3)
                #expect(Double(bounds[row]) >= (least * least + 0.0625) * (1 - 1e-6), "m = \(m), row \(row)")
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `near and equal heads get no bound above their distance`(_ table: KernelTable) {
        var random = SplitMix(state: 23)
        for m in lengths where m > 0 {
            let query = random.normals(m)
            let heads = [0, 1e-7, 1e-4, 0.01].map { (distance: Float) in query.map { $0 + distance * random.normal() } }
            let bounds = codeBounds(heads, [1, 1, 1, 1], query: query, tail: 1, table)
            #expect(bounds[0] == 0, "m = \(m)")
            for row in heads.indices {
                #expect(Double(bounds[row]) <= limit(exactDistance(query, heads[row])), "m = \(m), row \(row)")
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `the longest sums of codes stay exact`(_ table: KernelTable) {
        for m in [128, 512, 516, 1000, 2048, Int(LK_MAX_CODES)] {
            for sign: Float in [1, -1] {
                let heads = [[Float](repeating: sign, count: m)]
                let query = [Float](repeating: 1, count: m)
                let exact = exactDistance(query, heads[0])
                let bound = codeBounds(heads, [0], query: query, tail: 0, table)[0]
                #expect(Double(bound) <= limit(exact) && Double(bound) >= exact * 0.999, "m = \(m), sign \(sign)")
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `nothing past the end of codes and terms is read or written`(_ table: KernelTable) {
        var random = SplitMix(state: 24)
        for m in lengths {
            for n in [0, 1, 5, 8, 13] {
                let heads = (0..<n).map { _ in random.normals(m) }
                let quantized = heads.map { QuantizedHead($0, tail: 0.5) }
                var query = QuantizedQuery(random.normals(m), tail: 0)
                let codes = GuardedMemory(quantized.flatMap(\.codes))
                let terms = GuardedMemory(quantized.map(\.terms))
                let queryCodes = GuardedMemory(query.codes)
                let out = GuardedMemory([Float](repeating: .nan, count: n))
                table.functions.code_bounds(
                    queryCodes.start, &query.terms, codes.start, m, terms.start, n, m, out.start)
                #expect(out.elements.allSatisfy { $0 >= 0.25 }, "m = \(m), n = \(n)")
            }
        }
    }

    @Test func `the error of a quantized head is what was lost`() {
        var random = SplitMix(state: 25)
        for m in lengths {
            let head = random.normals(m)
            let quantized = QuantizedHead(head, tail: 0.75)
            let restored = quantized.codes.map { Double($0) * Double(quantized.terms.scale) }
            let lost = zip(head, restored).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }.squareRoot()
            #expect(Double(quantized.terms.error) >= lost, "m = \(m)")
            #expect(Double(quantized.terms.error) <= lost * 1.00001 + 1e-30, "m = \(m)")
            let norm = restored.reduce(0) { $0 + $1 * $1 }
            #expect(abs(Double(quantized.terms.norm) - norm) <= norm * unitRoundoff, "m = \(m)")
            #expect(quantized.terms.tail == 0.75)
            #expect(m == 0 || quantized.codes.contains { abs(Int($0)) == 127 })
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity], KernelTable.all)
    func `a head that is not finite is never ruled out`(_ value: Float, _ table: KernelTable) {
        for position in [0, 3, 9] {
            var head = [Float](repeating: 1, count: 10)
            head[position] = value
            let query = [Float](repeating: -1, count: 10)
            #expect(codeBounds([head], [2], query: query, tail: 2, table) == [0])
            #expect(codeBounds([query], [2], query: head, tail: 2, table) == [0])
        }
    }

    @Test func `every table gives nearly the same bounds`() {
        var random = SplitMix(state: 26)
        let heads = (0..<20).map { _ in random.normals(100) }
        let query = random.normals(100)
        let tails = [Float](repeating: 1, count: 20)
        let all: [[Float]] = KernelTable.all.map { codeBounds(heads, tails, query: query, tail: 0, $0) }
        for bounds in all {
            for (bound, first) in zip(bounds, all[0]) { #expect(abs(bound - first) <= 1e-5 * first) }
        }
    }

    private func codeBounds(
        _ heads: [[Float]], _ tails: [Float], query: [Float], tail: Float, _ table: KernelTable
    ) -> [Float] {
        let quantized = zip(heads, tails).map { QuantizedHead($0, tail: $1) }
        var query = QuantizedQuery(query, tail: tail)
        var bounds = [Float](repeating: .nan, count: heads.count)
        let codes = quantized.flatMap(\.codes)
        let terms = quantized.map(\.terms)
        let m = query.codes.count
        table.functions.code_bounds(query.codes, &query.terms, codes, m, terms, heads.count, m, &bounds)
        return bounds
    }
}
