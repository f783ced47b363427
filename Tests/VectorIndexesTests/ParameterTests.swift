import Testing
import VectorIndexes

/// Which numbers an index may have, and which it gets.
@Suite struct ParameterTests {
    private func check(_ type: IndexType, _ parameters: [String: Int], dimension: Int? = 2048) throws(IndexError) {
        try IndexSpecification(name: "x", type: type, parameters: parameters).validated(dimension: dimension)
    }

    private func resolve(
        _ type: IndexType, _ given: [String: Int] = [:], rows: Int, dimension: Int = 2048
    ) -> (values: [String: Int], notices: [IndexNotice]) {
        let resolved = IndexParameters.resolved(for: type, given: given, rows: rows, dimension: dimension)
        return (resolved.parameters.values, resolved.notices)
    }

    @Test(arguments: [
        (IndexType.hnsw, "M", 4...128), (.hnsw, "efConstruction", 8...4096), (.hnsw, "efSearch", 1...10_000),
        (.ivfflat, "nlist", 1...1_048_576), (.ivfflat, "nprobe", 1...1_048_576), (.ivfpq, "nlist", 1...1_048_576),
        (.ivfpq, "nprobe", 1...1_048_576), (.ivfpq, "bits", 1...8), (.ivfpq, "rerank", 1...1_000),
        (.ivfpq, "m", 1...2048),
    ])
    func `a number is taken in its range and refused beside it`(
        type: IndexType, name: String, range: ClosedRange<Int>
    ) throws {
        try check(type, [name: range.lowerBound])
        try check(type, [name: range.upperBound])
        for value in [range.lowerBound - 1, range.upperBound + 1, .min, .max] {
            #expect(throws: IndexError.outOfRange(name: name, value: value, allowed: range)) {
                try check(type, [name: value])
            }
        }
    }

    @Test(arguments: IndexType.allCases) func `a type has its own numbers and no others`(type: IndexType) throws {
        let own = Set(IndexParameters.names(of: type))
        for name in IndexParameters.Name.allCases {
            let parameters = [name.rawValue: name == .bits ? 8 : 32]
            if own.contains(name) {
                try check(type, parameters)
            } else {
                #expect(throws: IndexError.unknownParameter(name.rawValue, type: type)) { try check(type, parameters) }
            }
        }
        #expect(throws: IndexError.unknownParameter("Nlist", type: type)) { try check(type, ["Nlist": 1]) }
    }

    @Test func `a query cannot read more lists than there are`() throws {
        try check(.ivfflat, ["nlist": 100, "nprobe": 100])
        #expect(throws: IndexError.outOfRange(name: "nprobe", value: 101, allowed: 1...100)) {
            try check(.ivfflat, ["nlist": 100, "nprobe": 101])
        }
    }

    @Test func `m divides the dimension, once that is known`() throws {
        try check(.ivfpq, ["m": 64])
        try check(.ivfpq, ["m": 60], dimension: nil)
        try check(.ivfpq, ["m": 60], dimension: 120)
        #expect(throws: IndexError.indivisible(dimension: 2048, by: 60)) { try check(.ivfpq, ["m": 60]) }
    }

    @Test func `a writer refuses what its dimension forbids`() throws {
        let writer = try Scratch().writer(6)
        #expect(throws: IndexError.indivisible(dimension: 6, by: 4)) {
            try writer.add(.init(name: "x", type: .ivfpq, parameters: ["m": 4]))
        }
        try writer.add(.init(name: "x", type: .ivfpq, parameters: ["m": 3]))
    }

    @Test(arguments: [
        (0, 1), (1, 1), (38, 1), (77, 1), (78, 2), (3_900, 100), (9_292, 238), (24_336, 624), (24_375, 624),
        (100_000, 1_265), (1_000_000, 4_000), (Int.max / 2, 1_048_576),
    ])
    func `lists are about four times the root of the rows and leave 39 rows for each`(rows: Int, nlist: Int) {
        #expect(IndexParameters.defaultLists(rows: rows) == nlist)
        let resolved = resolve(.ivfflat, rows: rows)
        #expect(resolved.values == ["nlist": nlist])
        #expect(resolved.notices == (rows < 10_000 ? [.flatIsEnough(.ivfflat, rows: rows)] : []))
    }

    @Test(arguments: [(0, 4), (1_247, 4), (1_248, 5), (4_992, 7), (9_292, 7), (9_983, 7), (9_984, 8), (1_000_000, 8)])
    func `codes have as many bits as there are rows to train`(rows: Int, bits: Int) {
        #expect(resolve(.ivfpq, rows: rows).values["bits"] == bits)
    }

    @Test(arguments: [(2048, 64), (512, 16), (96, 8), (100, 5), (48, 8), (32, 8), (7, 7), (1, 1), (65_536, 2048)])
    func `a code has a part for about 32 numbers, and of short vectors 8 parts`(dimension: Int, m: Int) throws {
        let resolved = resolve(.ivfpq, rows: 100_000, dimension: dimension).values
        #expect(resolved["m"] == m)
        try check(.ivfpq, resolved, dimension: dimension)
    }

    @Test func `the rest has fixed defaults, and what is given is taken`() {
        #expect(resolve(.flat, rows: 10).values == [:])
        #expect(resolve(.flat, rows: 10).notices == [])
        #expect(resolve(.hnsw, rows: 10_000).values == ["M": 32, "efConstruction": 200, "efSearch": 64])
        #expect(
            resolve(.ivfpq, rows: 100_000).values == ["nlist": 1_265, "m": 64, "bits": 8, "rerank": 20])
        let hnsw = ["M": 16, "efConstruction": 200, "efSearch": 16]
        #expect(resolve(.hnsw, hnsw, rows: 10_000).values == hnsw)
        let ivfpq = ["nlist": 100, "nprobe": 8, "m": 32, "bits": 6, "rerank": 20]
        #expect(resolve(.ivfpq, ivfpq, rows: 10_000).values == ivfpq)
        #expect(resolve(.ivfpq, ivfpq, rows: 10_000).notices == [])
    }

    @Test func `the classic set is taken, with notices`() {
        let resolved = resolve(.ivfpq, ["nlist": 100, "bits": 8], rows: 9_292)
        #expect(resolved.values == ["nlist": 100, "m": 64, "bits": 8, "rerank": 20])
        #expect(
            resolved.notices.map { $0.text(index: "trucks") } == [
                "8 bits want 9,984 training rows; there are 9,292: codes will be coarse and recall suffers; "
                    + "rebuild when there are 9,984: likeness index rebuild trucks",
                "below 10,000 rows flat is exact and fast; there are 9,292, and ivfpq can only lose recall: "
                    + "likeness index create NAME --type flat",
            ])
    }

    @Test func `lists that want more rows than there are get a notice`() {
        let resolved = resolve(.ivfflat, ["nlist": 100], rows: 1_200)
        #expect(resolved.values == ["nlist": 100])
        #expect(
            resolved.notices.first?.text(index: "trucks")
                == "nlist 100 wants 3,900 training rows; there are 1,200: lists will be uneven and recall suffers; "
                + "rebuild when there are 3,900: likeness index rebuild trucks")
        #expect(resolve(.ivfflat, ["nlist": 1_000], rows: 39_000).notices == [])
        #expect(
            resolve(.ivfflat, ["nlist": 1_000], rows: 38_999).notices
                == [.fewRowsForLists(nlist: 1_000, used: 1_000, rows: 38_999)])
    }

    @Test(arguments: [0, 1, 15, 16, 255]) func `there are never more centroids than rows`(rows: Int) {
        let resolved = resolve(.ivfpq, ["nlist": 1_000, "nprobe": 500, "bits": 8], rows: rows)
        let nlist = max(1, rows)
        let bits = rows == 255 ? 7 : 4
        #expect(
            resolved.values == ["nlist": nlist, "nprobe": min(500, nlist), "m": 64, "bits": bits, "rerank": 20])
        #expect(resolved.notices.contains(.fewRowsForLists(nlist: 1_000, used: nlist, rows: rows)))
        #expect(resolved.notices.contains(.fewRowsForCodes(bits: 8, used: bits, rows: rows)))
        #expect(resolved.notices.contains(.fewerListsThanProbes(nprobe: 500, nlist: nlist, rows: rows)))
    }

    @Test(arguments: [
        (
            IndexNotice.fewRowsForLists(nlist: 100, used: 12, rows: 12),
            "nlist 100 wants 3,900 training rows; there are 12: only 12 lists can be made and recall suffers; "
                + "rebuild when there are 3,900: likeness index rebuild x"
        ),
        (
            .fewRowsForCodes(bits: 8, used: 6, rows: 100),
            "8 bits want 9,984 training rows; there are 100: only 6 bits can be trained and recall suffers; "
                + "rebuild when there are 9,984: likeness index rebuild x"
        ),
        (
            .fewerListsThanProbes(nprobe: 64, nlist: 30, rows: 1_200),
            "nprobe 64 is more than the 30 lists that 1,200 rows make: every list is read, and a query takes as long as "
                + "with a flat index"
        ),
    ])
    func `a notice reads like this`(notice: IndexNotice, text: String) {
        #expect(notice.text(index: "x") == text)
    }

    @Test func `what only queries use can change without a training`() {
        #expect(IndexParameters.searchNames(of: .flat) == [])
        #expect(IndexParameters.searchNames(of: .hnsw) == [.efSearch])
        #expect(IndexParameters.searchNames(of: .ivfflat) == [.nprobe])
        #expect(IndexParameters.searchNames(of: .ivfpq) == [.nprobe, .rerank])
    }
}
