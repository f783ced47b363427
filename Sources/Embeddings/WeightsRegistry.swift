import Faults
import FoundationEssentials
import Glibc
import SystemPackage

/// Which weights lie where on this machine: `<home>/models/<sha256>.json`, a record a file of weights.
///
/// The catalog knows weights by their SHA-256; where they lie differs from machine to machine. Weights are not copied.
/// A record remembers size and modification time, so that 47 MB need not be hashed for every question: the hash is
/// computed again when either has changed.
public struct WeightsRegistry: Sendable {
    private struct Record: Codable {
        /// The bytes of the path, which need not be UTF-8.
        let path: Data
        let sha256: String
        let size: Int64
        /// Nanoseconds since 1970.
        let modified: Int64

        init(_ weights: FilePath, sha256: String, stamp: Stamp) {
            path = Data(weights.bytes)
            self.sha256 = sha256
            size = stamp.size
            modified = stamp.modified
        }

        /// The file of weights.
        var file: FilePath {
            Array(path + [0]).withUnsafeBytes { FilePath(platformString: $0.bindMemory(to: CChar.self).baseAddress!) }
        }
    }

    private struct Stamp: Equatable {
        let size: Int64
        let modified: Int64
    }

    /// The folder of the records.
    public let folder: FilePath

    /// - Parameter home: the home folder; nothing is created before something is to be remembered.
    public init(home: FilePath) { folder = home.appending("models") }

    /// The SHA-256 of a file of weights, remembered or computed; a computed one is remembered with its place.
    ///
    /// - Throws: `EmbeddingError` when the file cannot be read. A record that cannot be written is no error: the next
    ///   question costs a hash.
    /// - Complexity: O(1) for a file that has been seen, else O(n) in its size.
    public func sha256(of weights: FilePath) throws(EmbeddingError) -> [UInt8] {
        let stamp = Self.stamp(of: weights)
        if let stamp,
            let known = records().first(where: { $0.path == Data(weights.bytes) && Self.stamp(of: $0) == stamp }),
            let sha256 = Self.bytes(hexadecimal: known.sha256)
        {
            return sha256
        }
        let sha256 = try WeightsFile.sha256(weights)
        if let stamp { remember(Record(weights, sha256: Self.hexadecimal(sha256), stamp: stamp)) }
        return sha256
    }

    /// Where weights with this hash lie; nil when no file that was seen still has them.
    public func path(ofWeights sha256: [UInt8]) -> FilePath? {
        let name = Self.hexadecimal(sha256)
        return records().first { $0.sha256 == name && Self.stamp(of: $0) == Self.stamp(of: $0.file) }?.file
    }

    private func records() -> [Record] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.string) else { return [] }
        return names.sorted().filter { $0.hasSuffix(".json") }.compactMap { name in
            FileManager.default.contents(atPath: folder.appending(name).string).flatMap {
                try? JSONDecoder().decode(Record.self, from: $0)
            }
        }
    }

    private func remember(_ record: Record) {
        try? FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        let file = folder.appending(record.sha256 + ".json")
        guard let data = try? JSONEncoder().encode(record) else { return }
        try? data.write(to: URL(filePath: file.string), options: .atomic)
    }

    private static func stamp(of record: Record) -> Stamp { Stamp(size: record.size, modified: record.modified) }

    private static func stamp(of file: FilePath) -> Stamp? {
        var status = stat()
        guard file.withPlatformString({ lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return Stamp(
            size: Int64(status.st_size),
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
    }

    /// Lower-case hexadecimal digits, as sha256sum prints them.
    public static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static func bytes(hexadecimal text: String) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
