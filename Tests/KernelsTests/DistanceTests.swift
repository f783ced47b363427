import CKernels
import TestSupport
import Testing

/// Distances against double precision, within the error that the header promises.
@Suite struct DistanceTests {
    @Test(arguments: KernelTable.all)
    func `a squared distance is right to the promised rounding`(_ table: KernelTable) {
        var random = SplitMix(state: 1)
        for d in lengths {
            let x = random.normals(d)
            let y = random.normals(d)
            let exact = exactDistance(x, y)
            let error = abs(Double(table.functions.squared_l2(x, y, d)) - exact)
            #expect(error <= gamma(roundings(ofDistance: d)) * exact, "d = \(d)")
        }
    }

    @Test(arguments: KernelTable.all)
    func `an inner product is right to the promised rounding`(_ table: KernelTable) {
        var random = SplitMix(state: 2)
        for d in lengths {
            let x = random.normals(d)
            let y = random.normals(d)
            let products = zip(x, y).map { Double($0) * Double($1) }
            let error = abs(Double(table.functions.inner_product(x, y, d)) - products.reduce(0, +))
            #expect(error <= gamma(roundings(ofDistance: d)) * products.reduce(0) { $0 + abs($1) }, "d = \(d)")
        }
    }

    @Test(arguments: KernelTable.all)
    func `equal vectors are exactly 0 apart`(_ table: KernelTable) {
        var random = SplitMix(state: 3)
        for d in lengths {
            for scale: Float in [0, 0x1p-146, 1e-20, 1, 1e30, 3e37] {
                let x = random.normals(d, scale: scale)
                #expect(table.functions.squared_l2(x, x, d) == 0, "d = \(d), scale \(scale)")
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `the distance does not depend on the function, the neighbors or the alignment`(_ table: KernelTable) {
        let k = table.functions
        var random = SplitMix(state: 4)
        for d in lengths where d > 0 {
            let stride = d + 3
            let n = 5
            let q = random.normals(d)
            let rows = random.normals(n * stride + 1)
            rows.withUnsafeBufferPointer { buffer in
                // One float off a round address, as rows of an odd stride are.
                let start = buffer.baseAddress! + 1
                let single = (0..<n).map { k.squared_l2(q, start + $0 * stride, d) }
                let products = (0..<n).map { k.inner_product(q, start + $0 * stride, d) }
                for count in 0...n {
                    var distances = [Float](repeating: -1, count: n)
                    k.squared_l2_rows(q, start, stride, count, d, &distances)
                    #expect(Array(distances[..<count]) == Array(single[..<count]), "d = \(d)")
                    #expect(distances[count...].allSatisfy { $0 == -1 }, "d = \(d)")
                    var inner = [Float](repeating: -1, count: n)
                    k.inner_product_rows(q, start, stride, count, d, &inner)
                    #expect(Array(inner[..<count]) == Array(products[..<count]), "d = \(d)")
                }
                let backwards = (0..<n).reversed().map { start + $0 * stride }
                var gathered = [Float](repeating: -1, count: n)
                k.squared_l2_gather(q, backwards, n, d, &gathered)
                #expect(gathered == single.reversed(), "d = \(d)")
                #expect(k.squared_l2(start, q, d) == single[0], "d = \(d): the distance is symmetric")
            }
        }
    }

    @Test(arguments: KernelTable.all)
    func `nothing past the end of a vector is read`(_ table: KernelTable) {
        let k = table.functions
        var random = SplitMix(state: 5)
        for d in lengths where d > 0 {
            let q = GuardedMemory(random.normals(d))
            let rows = GuardedMemory(random.normals(2 * d))
            let exact = exactDistance(q.elements, rows.elements[d...])
            let tolerance = gamma(roundings(ofDistance: d)) * exact
            let out = GuardedMemory<Float>([0, 0])
            k.squared_l2_rows(q.start, rows.start, d, 2, d, out.start)
            #expect(abs(Double(out.elements[1]) - exact) <= tolerance, "d = \(d)")
            k.squared_l2_gather(q.start, [UnsafePointer(rows.start + d)], 1, d, out.start)
            #expect(abs(Double(out.elements[0]) - exact) <= tolerance, "d = \(d)")
            k.inner_product_rows(q.start, rows.start, d, 2, d, out.start)
            #expect(out.elements[1] == k.inner_product(q.start, rows.start + d, d), "d = \(d)")
        }
    }

    @Test(arguments: KernelTable.all)
    func `huge and tiny numbers stay within the promised error`(_ table: KernelTable) {
        var random = SplitMix(state: 7)
        for d in lengths where d > 0 {
            for scale: Float in [0x1p-146, 0x1p-133, 1e-30, 1e-22, 1e-19, 1e-10, 1e10, 1e16] {
                let x = random.normals(d, scale: scale)
                let y = random.normals(d, scale: scale)
                let exact = exactDistance(x, y)
                let error = abs(Double(table.functions.squared_l2(x, y, d)) - exact)
                #expect(
                    error <= gamma(roundings(ofDistance: d)) * exact + Double(d) * 0x1p-148,
                    "d = \(d), scale \(scale)")
            }
            let far = [Float](repeating: 3e38, count: d)
            #expect(table.functions.squared_l2(far, [Float](repeating: 0, count: d), d) == .infinity)
        }
    }

    @Test(arguments: KernelTable.all)
    func `a NaN anywhere makes the distance NaN`(_ table: KernelTable) {
        var random = SplitMix(state: 8)
        for d in lengths where d > 0 {
            for position in [0, d / 2, d - 1] {
                let x = random.normals(d)
                var y = x
                y[position] = .nan
                #expect(table.functions.squared_l2(x, y, d).isNaN, "d = \(d), position \(position)")
                #expect(table.functions.inner_product(x, y, d).isNaN, "d = \(d), position \(position)")
            }
        }
    }
}
