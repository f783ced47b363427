/// Command-line arguments that keep file names which are not UTF-8.
///
/// Swift's `String` repairs bytes that are not UTF-8 and so loses the name. Here such a byte `b` becomes the private-use
/// scalar U+10FF00 + b, which no file name of this world holds, and `bytes(of:)` turns it back. An argument that does
/// hold one of those scalars is written byte by byte in the same way, so that the mapping stays one to one.
enum ArgumentBytes {
    private static let base: UInt32 = 0x10FF00

    /// The arguments of this process without the program's name.
    static var commandLine: [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            CommandLine.unsafeArgv[index].map { argument in
                string(of: UnsafeBufferPointer(start: argument, count: length(argument)).map(UInt8.init(bitPattern:)))
            }
        }
    }

    /// An argument as a string that ArgumentParser can carry.
    static func string(of bytes: [UInt8]) -> String {
        if let string = String(validating: bytes, as: UTF8.self), !string.unicodeScalars.contains(where: isEscape) {
            return string
        }
        var scalars = String.UnicodeScalarView()
        for byte in bytes {
            if byte < 0x80 {
                scalars.append(Unicode.Scalar(byte))
            } else if let scalar = Unicode.Scalar(base + UInt32(byte)) {
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }

    /// The bytes that were typed.
    static func bytes(of argument: String) -> [UInt8] {
        argument.unicodeScalars.flatMap { scalar in
            isEscape(scalar) ? [UInt8(scalar.value - base)] : Array(UTF8.encode(scalar).map { Array($0) } ?? [])
        }
    }

    private static func isEscape(_ scalar: Unicode.Scalar) -> Bool {
        (base + 0x80...base + 0xFF).contains(scalar.value)
    }

    private static func length(_ argument: UnsafeMutablePointer<CChar>) -> Int {
        var end = argument
        while end.pointee != 0 { end += 1 }
        return end - argument
    }
}
