import Foundation
import SystemPackage
import VectorIndexes

/// Cost per query and per added row at several numbers of rows.
struct ScaleTable {
    private struct Line {
        let rows: Int
        let type: String
        let milliseconds: Double
        let recall: Double
        let buildSeconds: Double
    }

    private struct Growth {
        let rows: Int
        let loadedPerSecond: Double
        let addMilliseconds: Double
        let writtenTimes: Double
        let publishMilliseconds: Double
    }

    private var lines: [Line] = []
    private var growth: [Growth] = []

    mutating func measure(_ rows: Int, say: (String) -> Void) throws {
        let folder = try scratchFolder()
        defer { try? FileManager.default.removeItem(atPath: folder.string) }
        say("\(rows) rows: loading")
        var scratch = try ScratchStore(.synthetic(rows: rows), in: folder)
        let queries = Array(scratch.queries.prefix(100))
        // Asked one after the other as they are built: what takes longest comes last, and what was measured stays so.
        for type in ScratchStore.types {
            try scratch.build([type], say: say)
            guard let store = try VectorStore.open(folder) else { return }
            let truth = try queries.map { try store.exact.search($0, k: TypeComparison.k)[0] }
            let index = try store.index(named: type.rawValue)
            var times: [Double] = []
            var recall = 0.0
            for (query, nearest) in zip(queries, truth) {
                let start = ContinuousClock.now
                let answer = try index.search(query, k: TypeComparison.k)[0]
                times.append((ContinuousClock.now - start) / .milliseconds(1))
                recall += TypeComparison.recall(answer, nearest)
            }
            lines.append(
                Line(
                    rows: rows, type: type.rawValue, milliseconds: median(times),
                    recall: recall / Double(queries.count), buildSeconds: scratch.buildSeconds[type] ?? 0))
            say("\(type.rawValue): \(format(median(times), 3)) ms, built in \(scratch.buildSeconds[type] ?? 0) s")
        }
        try measureGrowth(scratch, rows)
        scratch.writer.close()
    }

    /// Adds 1,000 rows in publications of 100, as a daemon that is kept busy would, and once more in one publication.
    private mutating func measureGrowth(_ scratch: ScratchStore, _ rows: Int) throws {
        let families = SyntheticFamilies(dimension: Source.dimension)
        let new = families.rows(rows..<rows + 2_000, families: Source.families(of: rows))
        var times: [Double] = []
        for block in 0..<10 {
            let start = ContinuousClock.now
            try append(new, block * 100..<(block + 1) * 100, to: scratch.writer, after: rows)
            times.append((ContinuousClock.now - start) / .milliseconds(100))
        }
        let before = try writtenBytes()
        let start = ContinuousClock.now
        try append(new, 1_000..<2_000, to: scratch.writer, after: rows)
        let written = try writtenBytes() - before
        growth.append(
            Growth(
                rows: rows, loadedPerSecond: Double(rows) / scratch.loadSeconds, addMilliseconds: median(times),
                writtenTimes: Double(written) / Double(1_000 * 4 * Source.dimension),
                publishMilliseconds: (ContinuousClock.now - start) / .milliseconds(1)))
    }

    private func append(_ new: [Float], _ part: Range<Int>, to writer: StoreWriter, after rows: Int) throws {
        let values = new[part.lowerBound * Source.dimension..<part.upperBound * Source.dimension]
        try writer.append(ids: part.map { VectorID(Int64(rows + 1 + $0)) }, vectors: Array(values))
        try writer.publish()
    }

    var markdown: String {
        var text = "| rows | type | ms a query | recall@10 | build s |\n|---|---|---|---|---|\n"
        for line in lines {
            text += "| \(line.rows) | \(line.type) | \(format(line.milliseconds, 3)) | \(format(line.recall, 4)) "
            text += "| \(format(line.buildSeconds, 1)) |\n"
        }
        text += "\n| rows | loaded rows/s | ms an added row, all types, published by 100 "
        text += "| bytes written for 1,000 rows ÷ theirs | ms for that publication |\n|---|---|---|---|---|\n"
        for line in growth {
            text += "| \(line.rows) | \(format(line.loadedPerSecond, 0)) | \(format(line.addMilliseconds, 2)) "
            text += "| \(format(line.writtenTimes, 2)) | \(format(line.publishMilliseconds, 0)) |\n"
        }
        return text
    }
}

/// Bytes that this process has handed to write calls.
func writtenBytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/io", encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("wchar:") }
    return line.flatMap { Int($0.dropFirst(7)) } ?? 0
}
