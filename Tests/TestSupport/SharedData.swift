import Glibc
import SystemPackage

/// The test data that lies beside the checkout: photographs, weights, expected embeddings.
public enum SharedData {
    /// The folder is not there, and tests that need it fail.
    public struct Missing: Error, CustomStringConvertible {
        /// Where it was looked for, and what to do.
        public let description: String
    }

    /// `../shared` beside the package, or what `LIKENESS_SHARED` says.
    public static func folder() throws(Missing) -> FilePath {
        if let variable = getenv("LIKENESS_SHARED"), variable.pointee != 0 {
            return try existing(FilePath(platformString: variable), hint: "LIKENESS_SHARED names it")
        }
        let beside = packageRoot.removingLastComponent().appending("shared")
        return try existing(beside, hint: "put it beside the checkout, or name it: LIKENESS_SHARED=DIR")
    }

    /// A file or folder in it, by its path there.
    public static func path(_ relative: String) throws(Missing) -> FilePath {
        try existing(folder().appending(relative), hint: "the folder of test data is there and lacks it")
    }

    /// The folder of Package.swift.
    public static var packageRoot: FilePath {
        var path = FilePath(#filePath)
        for _ in ["SharedData.swift", "TestSupport", "Tests"] { path.removeLastComponent() }
        return path
    }

    private static func existing(_ path: FilePath, hint: String) throws(Missing) -> FilePath {
        guard path.withPlatformString({ access($0, R_OK) }) == 0 else {
            throw Missing(description: "no test data at \(path): \(String(cString: strerror(errno))); \(hint)")
        }
        return path
    }
}
