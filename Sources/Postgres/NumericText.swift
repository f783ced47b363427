/// The decimal digits of a numeric in its binary form: `-12.3400`, `NaN`, `Infinity`; nil when it is cut short.
///
/// The form is a count of digits in base 10,000, the power of 10,000 that the first one counts, a sign, the number of decimal
/// places to show, and the digits, 16 bits each. Source: `numeric_send` in PostgreSQL's `numeric.c`.
func decimalText(ofNumeric bytes: UnsafeRawBufferPointer) -> String? {
    guard bytes.count >= 8 else { return nil }
    let count = Int(bytes.bigEndian(at: 0, as: UInt16.self))
    let weight = Int(bytes.bigEndian(at: 2, as: Int16.self))
    let sign = bytes.bigEndian(at: 4, as: UInt16.self)
    let places = Int(bytes.bigEndian(at: 6, as: UInt16.self))
    guard bytes.count == 8 + 2 * count else { return nil }
    switch sign {
    case 0xC000: return "NaN"
    case 0xD000: return "Infinity"
    case 0xF000: return "-Infinity"
    default: break
    }
    /// The four decimal digits that count 10,000 to the given power.
    func group(_ power: Int) -> String {
        let index = weight - power
        let value = (0..<count).contains(index) ? bytes.bigEndian(at: 8 + 2 * index, as: UInt16.self) : 0
        let digits = String(value)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
    let whole = stride(from: max(weight, 0), through: 0, by: -1).map(group).joined().drop { $0 == "0" }
    var text = (sign == 0x4000 ? "-" : "") + (whole.isEmpty ? "0" : whole)
    if places > 0 {
        let fraction = (1...(places + 3) / 4).map { group(-$0) }.joined()
        text += "." + fraction.prefix(places)
    }
    return text
}
