public import SystemPackage

extension FilePath {
    /// The bytes of the path, without the NUL at its end: file names need not be UTF-8.
    public var bytes: [UInt8] {
        withPlatformString { UnsafeBufferPointer(start: $0, count: length).map(UInt8.init(bitPattern:)) }
    }
}

/// A path, made safe to print on one line.
public func printableName(_ path: FilePath) -> String { printableName(path.bytes) }
