import Faults
import Glibc

/// Text for people: progress, notices and errors. Standard output is for answers alone.
enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func write(_ text: String) {
        var text = text
        _ = text.withUTF8 { Output.writeAll($0, to: STDERR_FILENO) }
    }

    /// A fact that a person should know and that is no error.
    static func notice(_ text: String) { write("notice: \(text)\n") }
}

/// Answers, whole or not at all.
enum StandardOutput {
    /// Ends the process with 73 when the answer cannot be written: half of one must not look like success.
    static func write(_ text: String) {
        var text = text
        guard let code = text.withUTF8({ Output.writeAll($0, to: STDOUT_FILENO) }) else { return }
        StandardError.write(
            "error: standard output cannot be written: \(String(cString: strerror(code)).lowercased())\n")
        exit(ExitStatus.cannotWrite.rawValue)
    }
}

private enum Output {
    /// Writes everything; the system's code when that is not possible. A reader that went away (`| head`) is the reader's
    /// choice and no error.
    static func writeAll(_ buffer: UnsafeBufferPointer<UInt8>, to descriptor: Int32) -> Int32? {
        var written = 0
        while written < buffer.count {
            let count = Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
            if count > 0 {
                written += count
            } else if errno != EINTR {
                return errno == EPIPE ? nil : errno
            }
        }
        return nil
    }
}
