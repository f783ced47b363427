import FoundationEssentials
import Testing

/// The pictures that lie beside the checkout. A test that cannot find them fails and says where it looked.
enum SharedPhotos {
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    /// `LIKENESS_SHARED`, or the folder `shared` beside the package.
    static var root: String {
        if let root = ProcessInfo.processInfo.environment["LIKENESS_SHARED"] { return root }
        let package = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return package.dropLast().joined(separator: "/") + "/shared"
    }

    /// The bytes of a file, named relative to the root.
    static func bytes(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: "\(root)/\(path)") else {
            throw Missing(description: "no file \(root)/\(path): set LIKENESS_SHARED to the folder of shared test data")
        }
        return [UInt8](data)
    }

    /// The names of the files in a folder, sorted, named relative to the root.
    static func files(in folder: String) throws -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)") else {
            throw Missing(description: "no folder \(root)/\(folder): set LIKENESS_SHARED to the folder of test data")
        }
        return names.sorted().map { "\(folder)/\($0)" }
    }
}
