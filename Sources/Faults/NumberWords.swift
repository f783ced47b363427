/// A number with a fixed count of decimals, rounded half away from zero: `fixed(0.125, 2)` is `0.13`.
package func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (abs(value) * scale).rounded(.toNearestOrAwayFromZero)
    guard scaled < 9e15 else { return "\(value)" }
    let digits = String(Int(scaled))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let sign = value < 0 && scaled > 0 ? "-" : ""
    let whole = padded.dropLast(decimals)
    return decimals == 0 ? sign + padded : "\(sign)\(whole).\(padded.suffix(decimals))"
}

/// A count with commas between thousands: `9,292`.
package func grouped(_ count: Int) -> String {
    let digits = Array(String(count.magnitude).reversed())
    var result = ""
    for (index, digit) in digits.enumerated() {
        if index > 0 && index.isMultiple(of: 3) { result.append(",") }
        result.append(digit)
    }
    return (count < 0 ? "-" : "") + String(result.reversed())
}
