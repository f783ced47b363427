import ArgumentParser
import Glibc

/// The value a flag has when it is not typed: its twin in the environment, if that is set and not empty.
///
/// `--log-level` has LIKENESS_LOG_LEVEL. A value that the option's type cannot take is a usage error that names the
/// variable, not a value that is passed over.
enum EnvironmentTwin {
    /// As ArgumentParser would carry it: a path in it is had back by `PathArgument`.
    static func text(_ variable: String) -> String? {
        guard let value = getenv(variable), value.pointee != 0 else { return nil }
        return ArgumentBytes.string(
            of: UnsafeBufferPointer(start: value, count: strlen(value)).map(UInt8.init(bitPattern:)))
    }

    static func value<Value: ExpressibleByArgument>(
        _ variable: String, as type: Value.Type = Value.self
    ) throws -> Value? {
        guard let text = text(variable) else { return nil }
        guard let value = Value(argument: text) else {
            throw ValidationError("\(variable) is \"\(text)\"\(expected(type))")
        }
        return value
    }

    /// `LIKENESS_QUIET=1`; 0, false and no are what leaving it out is.
    static func flag(_ variable: String) -> Bool {
        guard let text = text(variable) else { return false }
        return !["0", "false", "no"].contains(text.lowercased())
    }

    private static func expected<Value: ExpressibleByArgument>(_ type: Value.Type) -> String {
        let values = type.allValueStrings
        return values.isEmpty ? ", which is not a \(type)" : ", not one of \(values.joined(separator: ", "))"
    }
}
