import Glibc

/// How a machine calls itself to others that share its catalog.
public enum MachineName {
    /// The host's name, and eight digits of the number that the system has had since it was installed, so that two machines of
    /// one name are told apart: `crow-1f3a90bc`. The name alone where the system has no such number.
    public static let own: String = {
        guard let number = number(in: "/etc/machine-id") else { return WriterName.host }
        return "\(WriterName.host)-\(number)"
    }()

    private static func number(in file: String) -> String? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var digits = [UInt8](repeating: 0, count: 8)
        guard read(descriptor, &digits, digits.count) == digits.count,
            digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
        else { return nil }
        return String(decoding: digits, as: UTF8.self)
    }
}
