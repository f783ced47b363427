import Foundation
import SystemPackage
import VectorIndexes

/// What a process takes that has opened every index of a store and asked each.
enum MemoryUse {
    static func measure(_ folder: FilePath) throws -> String {
        guard let store = try VectorStore.open(folder) else { return "no store" }
        let bare = store.liveCount * 4 * store.manifest.identity.dimension
        let indexes = try store.manifest.indexes.map { try store.index(named: $0.specification.name) }
        let ids = store.liveIDs()
        for step in stride(from: 0, to: ids.count, by: max(1, ids.count / 2_000)) {
            guard let vector = store.vector(of: ids[step]) else { continue }
            for index in indexes { _ = try index.search(vector, k: 10) }
        }
        // What brute force reads: now every row is resident.
        if let first = ids.first.flatMap({ store.vector(of: $0) }) {
            _ = try BruteForce(over: store).search(first, k: 10)
        }
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.string).reduce(0) { sum, name in
            var status = stat()
            guard stat(folder.string + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return sum }
            return sum + Int(status.st_blocks) * 512
        }
        let anonymous = try resident("RssAnon")
        let mapped = try resident("RssFile")
        return """
            | \(store.liveCount) rows | bytes | ÷ bare vectors |
            |---|---|---|
            | bare vectors | \(bare) | 1.00 |
            | files on the disk | \(files) | \(format(Double(files) / Double(bare), 3)) |
            | resident, mapped from the files | \(mapped) | \(format(Double(mapped) / Double(bare), 3)) |
            | resident, the process's own | \(anonymous) | \(format(Double(anonymous) / Double(bare), 3)) |

            """
    }

    private static func resident(_ name: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return (line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
}

/// What a process that asks one question waits for.
enum OpeningTime {
    static func measure(_ folder: FilePath) throws -> String {
        let start = ContinuousClock.now
        guard let store = try VectorStore.open(folder) else { return "no store" }
        let opened = ContinuousClock.now
        let query = [Float](repeating: 0.02, count: store.manifest.identity.dimension)
        let exact = store.exact
        _ = try exact.search(query, k: 10)
        let first = ContinuousClock.now
        _ = try exact.search(query, k: 10)
        let second = ContinuousClock.now
        var text = "| | ms |\n|---|---|\n"
        text += "| opening \(store.liveCount) rows | \(format((opened - start) / .milliseconds(1), 1)) |\n"
        text += "| first flat answer | \(format((first - opened) / .milliseconds(1), 1)) |\n"
        text += "| second flat answer | \(format((second - first) / .milliseconds(1), 1)) |\n"
        for entry in store.manifest.indexes where entry.built != nil {
            let begin = ContinuousClock.now
            let index = try store.index(named: entry.specification.name)
            _ = try index.search(query, k: 10)
            let name = entry.specification.type.rawValue
            let time = (ContinuousClock.now - begin) / .milliseconds(1)
            text += "| opening \(name) and its first answer | \(format(time, 1)) |\n"
        }
        return text
    }
}
