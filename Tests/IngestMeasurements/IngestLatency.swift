import Foundation
import Glibc
import Postgres
import Synchronization

/// From close(2) of a file to its row being visible to another connection.
struct IngestLatency {
    private let connection: Connection
    private let photos: PhotoFiles
    private let folder: URL

    /// - Parameter folder: one that a daemon watches, as the catalog names it.
    init(home: String, photos: String, folder: String) throws {
        connection = try Connection(homeOrURL: home)
        self.photos = try PhotoFiles(photosBelow: photos)
        self.folder = URL(filePath: folder).resolvingSymlinksInPath()
    }

    /// Writes files at a steady rate and asks every 2 ms which of them have a row.
    func measure(seconds: Int, perSecond: Int) throws -> String {
        let stamp = Int(Date().timeIntervalSince1970)
        let place = folder.appending(path: "latency-\(stamp)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let contents = (0..<seconds * perSecond).map { photos.bytes(stamp * 100_000 + $0) }
        let closed = Mutex<[String: ContinuousClock.Instant]>([:])
        let isWritten = Mutex(false)
        Thread.detachNewThread {
            let begin = ContinuousClock.now
            for (number, bytes) in contents.enumerated() {
                let wait = begin + .seconds(1) * number / perSecond - .now
                if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
                let path = place.appending(path: "\(number).jpg").path
                let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
                let count = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
                close(file)
                if count == bytes.count { closed.withLock { $0[path] = .now } }
            }
            isWritten.withLock { $0 = true }
        }
        let times = try watch(closed, isWritten)
        let lost = closed.withLock { $0.count }
        let sorted = times.sorted()
        guard let longest = sorted.last else { throw Failure("no file of \(place.path) came into the catalog") }
        let middle = sorted[sorted.count / 2]
        let p99 = sorted[min(sorted.count - 1, sorted.count * 99 / 100)]
        let columns = [middle, p99, longest].map { format($0, 0) }.joined(separator: " | ")
        return "| \(perSecond) | \(sorted.count) | \(columns) | \(lost) |"
    }

    private func watch(
        _ closed: borrowing Mutex<[String: ContinuousClock.Instant]>, _ isWritten: borrowing Mutex<Bool>
    ) throws -> [Double] {
        let first = try connection.count("select coalesce(max(id), 0) from likeness.image_files")
        var times: [Double] = []
        var deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            let waiting = closed.withLock { Array($0.keys) }
            if waiting.isEmpty, isWritten.withLock({ $0 }) { break }
            if !isWritten.withLock({ $0 }) { deadline = .now + .seconds(30) }
            let rows = try connection.rows(
                "select path_text from likeness.image_files where id > \(first) and path_text = any(\(waiting))")
            let now = ContinuousClock.now
            for row in rows {
                let path: String = try row[0]
                if let since = closed.withLock({ $0.removeValue(forKey: path) }) {
                    times.append((now - since) / .milliseconds(1))
                }
            }
            usleep(2_000)
        }
        return times
    }
}
