import Foundation
import SystemPackage
import VectorIndexes

/// Where rows and questions come from.
enum Source {
    /// A store that a catalog has filled; every n-th row is asked for.
    case store(FilePath)
    /// A file of float16 vectors of unrelated photographs; the last rows are kept out and asked for.
    case diverse(FilePath)
    /// Made-up families, any number of rows; copies that are not among them are asked for.
    case synthetic(rows: Int)

    static let queries = 200
    static let dimension = 2048

    init?(_ words: some Collection<String>) {
        let words = Array(words)
        guard words.count == 2 else { return nil }
        switch words[0] {
        case "store": self = .store(FilePath(words[1]))
        case "diverse": self = .diverse(FilePath(words[1]))
        case "synthetic":
            guard let rows = Int(words[1]), rows > Self.queries else { return nil }
            self = .synthetic(rows: rows)
        default: return nil
        }
    }

    var name: String {
        switch self {
        case .store: "photographs with 100 augmented copies each"
        case .diverse: "unrelated photographs"
        case .synthetic: "synthetic families"
        }
    }

    /// Gives the rows in blocks, in order, and returns the questions.
    func read(_ take: ([Float]) throws -> Void) throws -> [[Float]] {
        switch self {
        case .store(let folder): try readStore(folder, take)
        case .diverse(let file): try readDiverse(file, take)
        case .synthetic(let rows): try readSynthetic(rows, take)
        }
    }

    private func readStore(_ folder: FilePath, _ take: ([Float]) throws -> Void) throws -> [[Float]] {
        guard let store = try VectorStore.open(folder) else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: folder.string])
        }
        var queries: [[Float]] = []
        var number = 0
        let step = max(1, store.liveCount / Self.queries)
        try store.forEachVector { _, row in
            if number % step == 0 { queries.append(Array(row)) }
            number += 1
            try take(Array(row))
        }
        return queries
    }

    private func readDiverse(_ file: FilePath, _ take: ([Float]) throws -> Void) throws -> [[Float]] {
        let halves = try Data(contentsOf: URL(filePath: file.string)).withUnsafeBytes { bytes in
            bytes.bindMemory(to: Float16.self).map { Float($0) }
        }
        let rows = halves.count / Self.dimension
        try take(Array(halves[..<((rows - Self.queries) * Self.dimension)]))
        return (rows - Self.queries..<rows).map { row in
            Array(halves[row * Self.dimension..<(row + 1) * Self.dimension])
        }
    }

    private func readSynthetic(_ rows: Int, _ take: ([Float]) throws -> Void) throws -> [[Float]] {
        let families = SyntheticFamilies(dimension: Self.dimension)
        let count = Self.families(of: rows)
        for first in stride(from: 0, to: rows, by: 4096) {
            let range = first..<min(first + 4096, rows)
            // Two halves at once: making rows is most of the work.
            nonisolated(unsafe) var halves: [[Float]] = [[], []]
            let middle = (range.lowerBound + range.upperBound) / 2
            DispatchQueue.concurrentPerform(iterations: 2) { half in
                let part = half == 0 ? range.lowerBound..<middle : middle..<range.upperBound
                let made = families.rows(part, families: count)
                lock.withLock { halves[half] = made }
            }
            try take(halves[0] + halves[1])
        }
        return (0..<Self.queries).map { families.stranger($0, families: count) }
    }

    static func families(of rows: Int) -> Int { max(1, rows / SyntheticFamilies.familySize) }
}

private let lock = NSLock()
