import ArgumentParser
import Faults
import Glibc
import SystemPackage

/// A path as it was typed, byte for byte.
struct PathArgument: ExpressibleByArgument, Sendable {
    let bytes: [UInt8]

    init(argument: String) { bytes = ArgumentBytes.bytes(of: argument) }

    init(bytes: [UInt8]) { self.bytes = bytes }

    var filePath: FilePath {
        bytes.withUnsafeBytes { raw in
            // A path ends at the first NUL, which no argument can hold.
            let characters = Array(raw.bindMemory(to: CChar.self)) + [0]
            return characters.withUnsafeBufferPointer { FilePath(platformString: $0.baseAddress!) }
        }
    }

    /// The path as the catalog knows files: absolute, and without symbolic links where it is there.
    var resolved: PathArgument {
        let path = filePath
        if let real = path.withPlatformString({ realpath($0, nil) }) {
            defer { free(real) }
            return PathArgument(bytes: FilePath(platformString: real).bytes)
        }
        guard path.isRelative, let current = getcwd(nil, 0) else {
            return PathArgument(bytes: path.lexicallyNormalized().bytes)
        }
        defer { free(current) }
        return PathArgument(bytes: FilePath(platformString: current).pushing(path).lexicallyNormalized().bytes)
    }
}
