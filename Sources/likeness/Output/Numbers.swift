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
