import Faults

/// A size in the binary unit that fits: `26.2 MiB`.
func byteSize(_ bytes: Int) -> String {
    var value = Double(bytes)
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
        if value < 1024 { return unit == "bytes" ? "\(bytes) bytes" : "\(fixed(value, 1)) \(unit)" }
        value /= 1024
    }
    return "\(fixed(value, 1)) TiB"
}

/// A probability for people; what is not certain does not look so: `97 %`, `> 99 %`, `< 1 %`.
func percentage(_ probability: Double) -> String {
    if probability > 0.99, probability < 1 { return "> 99 %" }
    if probability > 0, probability < 0.01 { return "< 1 %" }
    return "\(fixed(100 * probability, 0)) %"
}
