import ArgumentParser
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
}
