import Embeddings
import Foundation
import Glibc
import Imaging
import Ingestion
import SystemPackage
import TestSupport

/// Hostile files through the decode workers of the built program, as the daemon sends them.
struct CorpusRun {
    /// The smallest of the photographs: each of their beginnings is tried, to the byte.
    private static let goodPictures = 50
    /// Of larger ones there are so many beginnings, at equal distances.
    private static let beginningsOfLarge = 4_096
    private let shared: FilePath
    private let sample: Int

    /// - Parameter sample: of the beginnings of a picture every so many is tried; 1 for all.
    init(shared: String, sample: Int = 1) {
        self.shared = FilePath(shared)
        self.sample = sample
    }

    private struct Tally {
        var tried = 0
        var classes: [String: Int] = [:]
        var longest = 0.0
        var longestName = ""
        var seconds = 0.0
        var peak = 0
        var crashed: [String] = []

        static func += (sum: inout Tally, other: Tally) {
            sum.tried += other.tried
            sum.classes.merge(other.classes, uniquingKeysWith: +)
            if other.longest > sum.longest { (sum.longest, sum.longestName) = (other.longest, other.longestName) }
            sum.seconds += other.seconds
            sum.peak = max(sum.peak, other.peak)
            sum.crashed += other.crashed
        }

        /// A row of the table.
        func row(_ name: String) -> String {
            let outcomes = classes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            return "| \(name) | \(tried) | \(crashed.count) | \(format(seconds, 1)) "
                + "| \(format(1000 * longest, 1)) (\(longestName)) | \(peak >> 20) | \(outcomes) |"
        }
    }

    /// Tries all and prints what became of them, part by part: it takes minutes.
    ///
    /// - Throws: ``Failure`` when a worker ended.
    func run() async throws {
        let program = FilePath(CommandLine.arguments[0]).removingLastComponent().appending("likeness")
        let decoders = DecodePool(preparation: .imageNet(.squash224), program: program)
        try await decoders.start()
        print("| files | tried | crashes | s | longest, ms | peak of a worker, MiB | outcomes |")
        print("|---|---|---|---|---|---|---|")
        var sum = Tally()
        for (name, files) in try parts() {
            let tally = try await attempt(files, decoders)
            print(tally.row(name))
            fflush(nil)
            sum += tally
        }
        print(sum.row("all"))
        if !sum.crashed.isEmpty {
            throw Failure("\(sum.crashed.count) files ended a worker: \(sum.crashed.prefix(10))")
        }
    }

    private typealias Part = (name: String, files: AnySequence<(name: String, bytes: [UInt8])>)

    private func parts() throws -> [Part] {
        let damaged = try files(below: shared.appending("bad-jpegs").string)
        let photos = try jpegs(below: shared.appending("photos").string).map { url in
            (url, try url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
        }.sorted { ($0.1, $0.0.path) < ($1.1, $1.0.path) }
        let small = try photos.prefix(Self.goodPictures).map { try Array(Data(contentsOf: $0.0)) }
        // With EXIF and thumbnails in front.
        let large = try photos.suffix(3).map { try Array(Data(contentsOf: $0.0)) }
        let progressive = try small.prefix(10).map {
            try JPEGEncoder.encode(ImageDecoder.decode($0).image, quality: 90, isProgressive: true)
        }
        let every = sample == 1 ? "every beginning" : "every \(sample)th beginning"
        return [
            ("bad-jpegs", AnySequence(damaged)),
            ("\(every) of \(small.count) JPEGs", beginnings(of: small)),
            ("\(every) of \(progressive.count) progressive ones", beginnings(of: progressive)),
            (
                "\(Self.beginningsOfLarge / sample) beginnings of each of \(large.count) large ones",
                beginnings(of: large) { $0.count / Self.beginningsOfLarge }
            ),
            ("bombs", AnySequence(try HostilePictures.all())),
        ]
    }

    /// Each picture's beginnings from none of it to all.
    ///
    /// - Parameter step: bytes from one to the next of a picture, before `sample` counts.
    private func beginnings(
        of pictures: [[UInt8]], step: @escaping ([UInt8]) -> Int = { _ in 1 }
    ) -> AnySequence<(name: String, bytes: [UInt8])> {
        AnySequence(
            pictures.lazy.flatMap { bytes in
                stride(from: 0, through: bytes.count, by: max(1, step(bytes)) * sample).lazy.map { length in
                    (name: "\(length) of \(bytes.count) bytes", bytes: Array(bytes.prefix(length)))
                }
            })
    }

    private func files(below folder: String) throws -> [(name: String, bytes: [UInt8])] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().compactMap { name in
            let url = URL(filePath: folder).appending(path: name)
            let isFile = try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
            return isFile ? (name: name, bytes: try Array(Data(contentsOf: url))) : nil
        }
    }

    /// As many at once as there are workers, and some that wait.
    private func attempt(
        _ files: AnySequence<(name: String, bytes: [UInt8])>, _ decoders: DecodePool
    ) async throws -> Tally {
        let start = ContinuousClock.now
        var tally = Tally()
        try await withThrowingTaskGroup(of: (String, TrialOutcome).self) { trials in
            func note(_ name: String, _ outcome: TrialOutcome) {
                tally.tried += 1
                tally.classes[outcome.errorClass ?? "picture", default: 0] += 1
                if outcome.errorClass == "decoder_crashed" { tally.crashed.append("\(name): \(outcome.message ?? "")") }
                if outcome.seconds > tally.longest { (tally.longest, tally.longestName) = (outcome.seconds, name) }
                if tally.tried % 256 == 1 { tally.peak = max(tally.peak, Self.peakOfWorkers()) }
            }
            var running = 0
            for file in files {
                if running >= 2 * decoders.size, let (name, outcome) = try await trials.next() {
                    note(name, outcome)
                    running -= 1
                }
                trials.addTask { (file.name, try await decoders.trial(of: file.bytes)) }
                running += 1
            }
            for try await (name, outcome) in trials { note(name, outcome) }
        }
        tally.peak = max(tally.peak, Self.peakOfWorkers())
        tally.seconds = (ContinuousClock.now - start) / .seconds(1)
        return tally
    }

    /// The most that any worker that runs has had resident, in bytes.
    private static func peakOfWorkers() -> Int {
        ProcessUse.children(of: Int(getpid())).compactMap { worker in
            let status = try? String(contentsOfFile: "/proc/\(worker)/status", encoding: .utf8)
            let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
        }.max().map { $0 << 10 } ?? 0
    }
}
