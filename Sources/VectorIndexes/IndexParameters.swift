/// The numbers that shape an index, by the names that faiss has for them.
public struct IndexParameters: Sendable, Codable, Equatable {
    /// A number that some type of index has.
    public enum Name: String, Sendable, Codable, CaseIterable {
        /// Neighbors of a row in the graph; 2 M in its lowest layer.
        case links = "M"
        /// Candidates that are kept while a row is linked: more is a better graph, built more slowly.
        case efConstruction
        /// Candidates that are kept while a query walks the graph: more is better recall, more slowly.
        case efSearch
        /// Lists that the rows are divided into.
        case nlist
        /// Lists that a query reads.
        case nprobe
        /// Parts that a row is cut into for its code. It divides the dimension.
        case subquantizers = "m"
        /// Bits of the code of a part.
        case bits
        /// Rows that are compared exactly for each neighbor that was asked for.
        case rerank
    }

    /// The numbers that are known; what is absent is chosen from the rows there are.
    public private(set) var values: [String: Int]

    /// Nothing is checked here: ``IndexSpecification/validated(dimension:)`` does that.
    public init(_ values: [String: Int] = [:]) { self.values = values }

    /// A number; nil when it is not known.
    public subscript(name: Name) -> Int? {
        get { values[name.rawValue] }
        set { values[name.rawValue] = newValue }
    }

    /// The numbers that an index of a type has, in the order in which people name them.
    public static func names(of type: IndexType) -> [Name] {
        switch type {
        case .flat: []
        case .hnsw: [.links, .efConstruction, .efSearch]
        case .ivfflat: [.nlist, .nprobe]
        case .ivfpq: [.nlist, .nprobe, .subquantizers, .bits, .rerank]
        }
    }

    /// The numbers that an index of a type uses only when it is asked: they can change without building it anew.
    public static func searchNames(of type: IndexType) -> [Name] {
        names(of: type).filter { [.efSearch, .nprobe, .rerank].contains($0) }
    }

    /// What a number can be, whatever the others are.
    static func range(of name: Name) -> ClosedRange<Int> {
        switch name {
        case .links: 4...128
        case .efConstruction: 8...4096
        case .efSearch: 1...10_000
        case .nlist, .nprobe: 1...1_048_576
        case .subquantizers: StoreLimits.dimensions
        case .bits: 1...8
        case .rerank: 1...1_000
        }
    }
}

extension IndexParameters {
    /// Throws unless an index of the type, over vectors of `dimension` numbers if that is known, can have these numbers.
    func check(for type: IndexType, dimension: Int?) throws(IndexError) {
        let names = Self.names(of: type)
        for key in values.keys.sorted() {
            guard let name = Name(rawValue: key), names.contains(name) else {
                throw .unknownParameter(key, type: type)
            }
        }
        for name in names {
            guard let value = self[name] else { continue }
            var allowed = Self.range(of: name)
            if name == .nprobe, let nlist = self[.nlist] { allowed = 1...nlist }
            if name == .subquantizers, let dimension { allowed = 1...dimension }
            guard allowed.contains(value) else {
                throw .outOfRange(name: name.rawValue, value: value, allowed: allowed)
            }
        }
        if let dimension, let m = self[.subquantizers], !dimension.isMultiple(of: m) {
            throw .indivisible(dimension: dimension, by: m)
        }
    }
}

/// The numbers that divide `number`, in ascending order.
///
/// - Precondition: `number` is at least 1.
/// - Complexity: O(`number`), which is a dimension.
func divisors(of number: Int) -> [Int] { (1...number).filter { number.isMultiple(of: $0) } }
