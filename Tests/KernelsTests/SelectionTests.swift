import CKernels
import TestSupport
import Testing

/// Which rows a threshold leaves, and which table a machine gets.
@Suite struct SelectionTests {
    @Test(arguments: KernelTable.all)
    func `the rows selected are those that a plain filter selects`(_ table: KernelTable) {
        var random = SplitMix(state: 1)
        for n in lengths {
            var values = random.normals(n)
            if n > 3 { values[n / 2] = .nan }
            if n > 9 { values[n / 3] = .infinity }
            let thresholds: [Float] = [-.infinity, -9, -2, 0, 0.5, 9, .infinity, .nan] + values.prefix(1)
            for threshold in thresholds {
                let expected = values.indices.filter { !(values[$0] > threshold) }.map { UInt32($0 + 1000) }
                let input = GuardedMemory(values)
                let output = GuardedMemory([UInt32](repeating: 0, count: n))
                let count = table.functions.select(input.start, n, threshold, 1000, output.start)
                #expect(Array(output.elements[..<count]) == expected, "n = \(n), threshold \(threshold)")
            }
        }
    }

    @Test func `a machine gets the last of the tables that it runs`() {
        #expect(lk_kernels_of_this_cpu() == KernelTable.all.last?.pointer)
        #expect(KernelTable.all.first?.name == "portable")
        for table in KernelTable.all { #expect(String(cString: table.functions.name) == table.name) }
    }

    @Test(arguments: ["", "AVX2", "avx", "avx512vnni", "neon"])
    func `a name that no table has gives none`(_ name: String) {
        #expect(lk_kernels_named(name) == nil)
    }
}
