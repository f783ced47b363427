import Glibc

/// Text for people: progress, notices and errors. Standard output is for answers alone.
enum StandardError {
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func write(_ text: String) {
        var text = text
        text.withUTF8 { Output.writeAll($0, to: STDERR_FILENO) }
    }

    /// A fact that a person should know and that is no error.
    static func notice(_ text: String) { write("notice: \(text)\n") }
}

/// Answers, whole or not at all.
enum StandardOutput {
    static func write(_ text: String) {
        var text = text
        text.withUTF8 { Output.writeAll($0, to: STDOUT_FILENO) }
    }
}

private enum Output {
    /// Writes everything. A reader that went away (`| head`) is the reader's choice and ends the output silently.
    static func writeAll(_ buffer: UnsafeBufferPointer<UInt8>, to descriptor: Int32) {
        var written = 0
        while written < buffer.count {
            let count = Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
            if count > 0 { written += count } else if errno != EINTR { return }
        }
    }
}
