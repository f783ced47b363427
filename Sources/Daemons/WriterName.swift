import Glibc

/// What a writer says of itself, so that whoever finds the index files locked can tell who has them.
public enum WriterName {
    /// The name of this machine; `unknown` when the system does not say.
    public static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// `likeness sync (pid 4711, host crow)`: the name under which PostgreSQL lists the connection.
    ///
    /// PostgreSQL keeps 63 bytes of it and shows a question mark for what is not ASCII.
    ///
    /// - Parameter command: what was typed.
    public static func of(_ command: String) -> String {
        let name = "\(command) (pid \(getpid()), host \(host))"
        let shown = name.utf8.prefix(63).map { (32..<127).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: shown, as: UTF8.self)
    }
}
