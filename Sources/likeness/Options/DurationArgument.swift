import ArgumentParser

/// A time as it is typed: `250ms`, `10s`, `5m`, `1h`, `7d`; a bare number counts seconds.
struct DurationArgument: ExpressibleByArgument, Sendable {
    let duration: Duration

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number.isFinite, number > 0, number < 1e9 else { return nil }
        switch argument.dropFirst(digits.count) {
        case "ms": duration = .seconds(number / 1000)
        case "", "s": duration = .seconds(number)
        case "m": duration = .seconds(number * 60)
        case "h": duration = .seconds(number * 3600)
        case "d": duration = .seconds(number * 86400)
        default: return nil
        }
    }
}
