import Catalog
import Postgres
import TestSupport
import Testing

struct VectorFunctionTests {
    private let databases = TestDatabases()

    static let extremes: [Float] = [
        0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
        .leastNormalMagnitude.nextDown, .leastNormalMagnitude.nextUp, .greatestFiniteMagnitude,
        -.greatestFiniteMagnitude, 1, -1, Float(1).nextUp, Float(1).nextDown, 0.1, -0.1, .pi, 16_777_216, 1e-30, 1e30,
        .infinity, -.infinity,
    ]

    @Test func `a vector becomes the numbers that it holds, bit for bit, and back`() throws {
        let connection = try databases.migrated().connect()
        var random = SplitMix(state: 7)
        let numbers =
            Self.extremes
            + (0..<3000).map { _ in Float(bitPattern: .random(in: 0...(.max), using: &random)) }
            .filter { !$0.isNaN }
        let bytes = littleEndian(numbers)
        let row = try connection.firstRow(
            """
            select likeness.vector_to_real(\(bytes)) as numbers, likeness.real_to_vector(\(numbers)) as bytes
            """)
        let decoded = try #require(try row?["numbers", as: [Float].self])
        #expect(decoded.map(\.bitPattern) == numbers.map(\.bitPattern))
        #expect(try row?["bytes"] == bytes)
    }

    @Test func `not a number stays that`() throws {
        let connection = try databases.migrated().connect()
        let bytes = littleEndian([.nan, -.nan, .signalingNaN, 1])
        let row = try connection.firstRow(
            "select likeness.vector_to_real(\(bytes)) as v, likeness.squared_l2(\(bytes), \(bytes)) as d")
        #expect(try row?["v", as: [Float].self].map(\.isNaN) == [true, true, true, false])
        #expect(try row?["d", as: Double.self].isNaN == true)
    }

    @Test func `the squared distance is that of double precision`() throws {
        let connection = try databases.migrated().connect()
        var random = SplitMix(state: 8)
        let finite = Self.extremes.filter(\.isFinite)
        let a: [Float] = (0..<2048).map { $0 < finite.count ? finite[$0] : .random(in: -1...1, using: &random) }
        let b: [Float] = (0..<2048).map {
            $0 < finite.count ? finite.reversed()[$0] : .random(in: -1...1, using: &random)
        }
        let pairs: [([Float], [Float])] = [(a, b), (Array(a[40...]), Array(b[40...])), ([], []), ([1], [1])]
        for (a, b) in pairs {
            let differences = zip(a, b).map { Double($0) - Double($1) }
            let expected = differences.reduce(0) { $0 + $1 * $1 }
            let row = try connection.firstRow(
                "select likeness.squared_l2(\(littleEndian(a)), \(littleEndian(b))) as d")
            let distance: Double = try #require(try row?["d"])
            #expect(abs(distance - expected) <= 1e-13 * expected)
        }
    }

    @Test(arguments: [
        ([UInt8](repeating: 0, count: 8192), [UInt8](repeating: 0, count: 2048), "expected 2048 dimensions, not 512"),
        ([0], [0], "expected 4 bytes for each number of a vector, not 1 and 1 bytes in all"),
    ])
    func `vectors that cannot be compared are refused with both values`(a: [UInt8], b: [UInt8], message: String) throws
    {
        let connection = try databases.migrated().connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.execute("select likeness.squared_l2(\(a), \(b))")
        }
        #expect(error?.message == message)
    }

    @Test func `an unknown vector has an unknown distance`() throws {
        let connection = try databases.migrated().connect()
        let row = try connection.firstRow("select likeness.squared_l2(null, '') is null as it")
        #expect(try row?["it"] == true)
        #expect(throws: PostgresError.self) {
            try connection.execute("select likeness.real_to_vector(array[1, null]::real[])")
        }
    }

    private func littleEndian(_ numbers: [Float]) -> [UInt8] {
        numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) } }
    }
}
