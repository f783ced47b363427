import CKernels
import TestSupport
import Testing

/// The kernels of inverted files against double precision.
@Suite struct ListKernelTests {
    struct Table: Sendable, CustomStringConvertible {
        let name: String
        static let all = ["portable", "avx2", "avx512"].map { Table(name: $0) }.filter {
            lk_list_kernels_named($0.name) != nil
        }
        var functions: lk_list_kernels { lk_list_kernels_named(name)!.pointee }
        var description: String { name }
    }

    @Test(arguments: Table.all)
    func `the nearest centroid is the nearest in double precision, but for rounding`(_ table: Table) {
        var random = SplitMix(state: 1)
        for (n, k, d) in [
            (1, 1, 1), (5, 3, 2), (61, 64, 7), (7, 65, 16), (130, 63, 33), (59, 129, 5), (13, 200, 100), (3, 2, 2048),
            (60, 16, 4), (2, 70, 512),
        ] {
            let x = random.normals(n * d)
            let centroids = random.normals(k * d)
            let (labels, scores) = nearest(table, centroids, k, x, n, d)
            for row in 0..<n {
                let vector = x[row * d..<(row + 1) * d]
                let exact = (0..<k).map { exactDistance(vector, centroids[$0 * d..<($0 + 1) * d]) }
                let norm = exactDistance(vector, [Float](repeating: 0, count: d))
                let label = Int(labels[row])
                let products = (0..<d).reduce(0.0) {
                    $0 + abs(Double(x[row * d + $1]) * Double(centroids[label * d + $1]))
                }
                let centroidNorm = exactDistance(
                    centroids[label * d..<(label + 1) * d], [Float](repeating: 0, count: d))
                let bound = gamma(d + 2) * (2 * products + centroidNorm)
                #expect(abs(Double(scores[row]) - (exact[label] - norm)) <= bound, "\((n, k, d))")
                #expect(exact[label] <= exact.min()! + 1e-5 * (1 + norm + centroidNorm), "\((n, k, d))")
            }
        }
    }

    @Test(arguments: Table.all)
    func `a vector's label and score do not depend on its company`(_ table: Table) {
        var random = SplitMix(state: 2)
        let (n, k, d) = (125, 90, 19)
        let x = random.normals(n * d)
        let centroids = random.normals(k * d)
        let together = nearest(table, centroids, k, x, n, d)
        for row in 0..<n {
            let alone = nearest(table, centroids, k, Array(x[row * d..<(row + 1) * d]), 1, d)
            #expect(alone.labels[0] == together.labels[row] && alone.scores[0] == together.scores[row])
        }
    }

    @Test(arguments: Table.all)
    func `the first of equal centroids is chosen, and never one that is not a number`(_ table: Table) {
        for k in [2, 17, 64, 65, 150] {
            for first in [0, 1, k / 2, k - 1] {
                var centroids = [Float](repeating: 9, count: k * 3)
                for later in first..<k { centroids.replaceSubrange(later * 3..<(later + 1) * 3, with: [1, 2, 3]) }
                #expect(nearest(table, centroids, k, [1, 2, 3], 1, 3).labels == [UInt32(first)])
                centroids[first * 3] = .nan
                let expected = first == k - 1 ? 0 : first + 1
                #expect(nearest(table, centroids, k, [1, 2, 3], 1, 3).labels == [UInt32(expected)])
            }
        }
        #expect(nearest(table, [1, 2, 3, 4], 2, [.nan, 1], 1, 2).labels == [0])
        #expect(nearest(table, [.nan, .nan, .infinity, 4], 2, [1, 1], 1, 2).labels == [0])
    }

    @Test(arguments: Table.all)
    func `estimates are right to the promised rounding`(_ table: Table) {
        var random = SplitMix(state: 3)
        for (n, m, entries) in [(1, 1, 2), (9, 3, 16), (20, 4, 256), (33, 7, 32), (40, 64, 256), (12, 130, 128)] {
            let products = random.normals(m * entries)
            // Records of odd length, so that terms lie at any address.
            let stride = 5 + 4 + m
            var records = (0..<n * stride).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let terms = random.normals(n)
            for row in 0..<n {
                withUnsafeBytes(of: terms[row]) { records.replaceSubrange(row * stride..<row * stride + 4, with: $0) }
                for code in 0..<m { records[row * stride + 4 + code] %= UInt8(clamping: entries) }
            }
            let numbers = (0..<n).map { UInt32($0 * 7 % n) }
            var out = [Float](repeating: .nan, count: n)
            table.functions.estimate(products, entries, records, stride, numbers, n, m, 0.75, &out)
            for (place, number) in numbers.enumerated() {
                let row = Int(number)
                let looked = (0..<m).map { Double(products[$0 * entries + Int(records[row * stride + 4 + $0])]) }
                let exact = 0.75 + Double(terms[row]) - 2 * looked.reduce(0, +)
                let size = 0.75 + abs(Double(terms[row])) + 2 * looked.reduce(0) { $0 + abs($1) }
                #expect(abs(Double(out[place]) - exact) <= gamma(m + 4) * size, "\((n, m, entries))")
            }
        }
    }

    private func nearest(
        _ table: Table, _ centroids: [Float], _ k: Int, _ x: [Float], _ n: Int, _ d: Int
    ) -> (labels: [UInt32], scores: [Float]) {
        var panels = [Float](repeating: .nan, count: lk_panel_rows(k) * d)
        var norms = [Float](repeating: .nan, count: lk_panel_rows(k))
        lk_pack_panels(centroids, k, d, &panels, &norms)
        var labels = [UInt32](repeating: .max, count: n)
        var scores = [Float](repeating: .nan, count: n)
        x.withUnsafeBufferPointer { x in
            let rows = (0..<n).map { x.baseAddress! + $0 * d }
            table.functions.nearest(panels, norms, k, d, rows, n, &labels, &scores)
        }
        return (labels, scores)
    }
}
