import Faults
public import SystemPackage

/// What the copies of some parents are called when they lie in one folder: `<stem>_<n>.jpg`.
///
/// The stem is that of the parent's file name, byte by byte; n is the copy's ordinal, from 0. Parents whose stems are
/// the same get the beginning of their SHA-256 behind it, all of them: `truck-3f9a01bc_7.jpg`. So a name depends on the
/// parents, not on their order. A stem too long for a file name is cut, and gets the SHA-256 as well.
public struct CopyNames: Sendable {
    /// The stem of each parent's copies by the parent's SHA-256.
    private let stems: [[UInt8]: [UInt8]]

    /// The longest stem in bytes: with SHA-256, ordinal and ending it stays within the 255 bytes of a file name.
    static let longestStem = 160

    /// Names for copies of these parents.
    ///
    /// - Parameter parents: the SHA-256 of each parent and one of its paths. A parent that stands here twice has the name
    ///   of its first path.
    /// - Complexity: O(n) in the number of parents.
    public init(parents: [(sha256: [UInt8], path: FilePath)]) {
        var wanted: [[UInt8]: [UInt8]] = [:]
        for parent in parents where wanted[parent.sha256] == nil { wanted[parent.sha256] = stem(of: parent.path) }
        var digits: [[UInt8]: Int] = [:]
        var stems: [[UInt8]: [UInt8]] = [:]
        var unsettled = Array(wanted.keys)
        while !unsettled.isEmpty {
            for parent in unsettled {
                stems[parent] = named(wanted[parent] ?? [], sha256: parent, digits: digits[parent] ?? 0)
            }
            // Whoever shares a name takes more digits; with all 64 no two parents share one.
            let groups = Dictionary(grouping: stems.keys) { stems[$0] ?? [] }
            unsettled = groups.values.filter { $0.count > 1 }.flatMap(\.self).filter { digits[$0] != 64 }
            for parent in unsettled { digits[parent] = min(64, max(8, 2 * (digits[parent] ?? 0))) }
        }
        self.stems = stems
    }

    /// The name of a copy.
    ///
    /// - Parameters:
    ///   - parent: the SHA-256 of one of the parents.
    ///   - ordinal: which of its copies, from 0.
    /// - Returns: the bytes of a file name, at most 255; nil when there is no such parent.
    public func name(ofCopy ordinal: Int, parent: [UInt8]) -> [UInt8]? {
        stems[parent].map { $0 + Array("_\(ordinal).jpg".utf8) }
    }
}

/// The last component without its extension, at least one byte.
private func stem(of path: FilePath) -> [UInt8] {
    let name = Array(path.bytes.split(separator: UInt8(ascii: "/")).last ?? [])
    guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0 else {
        return name.isEmpty ? Array("copy".utf8) : name
    }
    return Array(name[..<dot])
}

private func named(_ stem: [UInt8], sha256: [UInt8], digits: Int) -> [UInt8] {
    let isCut = stem.count > CopyNames.longestStem
    let digits = isCut ? max(8, digits) : digits
    if digits == 0 { return stem }
    let hexadecimal = sha256.flatMap { [hexadecimalDigit($0 >> 4), hexadecimalDigit($0 & 15)] }
    return (isCut ? cut(stem) : stem) + [UInt8(ascii: "-")] + hexadecimal.prefix(digits)
}

/// The beginning of a stem that is too long, cut before a whole character where it is UTF-8.
private func cut(_ stem: [UInt8]) -> [UInt8] {
    var end = CopyNames.longestStem
    while end > CopyNames.longestStem - 4 && stem[end] & 0xC0 == 0x80 { end -= 1 }
    return Array(stem[..<end])
}

private func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}
