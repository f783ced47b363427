import CKernels
import TestSupport

/// One instruction set's functions, as an argument of a test.
struct KernelTable: Sendable, CustomStringConvertible {
    let name: String

    /// The tables that this machine runs.
    static let all = ["portable", "avx2", "avx512"].map { KernelTable(name: $0) }.filter { table in
        lk_kernels_named(table.name) != nil
    }

    var functions: lk_kernels { pointer.pointee }
    /// The table, which lives as long as the process.
    var pointer: UnsafePointer<lk_kernels> { lk_kernels_named(name)! }
    var description: String { name }
}

/// The lengths that reach every remainder of every register width, and those of real embeddings.
let lengths = Array(0...70) + [128, 511, 512, 513, 1024, 1500, 2047, 2048, 2049]

/// 2^-24, the unit roundoff of float32.
let unitRoundoff = 0x1p-24

/// Higham's gamma: the relative error of so many roundings, at most.
func gamma(_ roundings: Int) -> Double {
    let nu = Double(roundings) * unitRoundoff
    return nu / (1 - nu)
}

/// The roundings in a distance of `d` terms: the header's r(d).
func roundings(ofDistance d: Int) -> Int { (d + 15) / 16 + 8 }

/// The roundings in a bound from heads of `m` numbers: the header's s(m).
func roundings(ofBound m: Int) -> Int { (m + 7) / 8 + 12 }

/// The squared L2 distance in double precision.
func exactDistance(_ x: some Sequence<Float>, _ y: some Sequence<Float>) -> Double {
    zip(x, y).reduce(0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
    }
}

extension SplitMix {
    /// Nearly normal, mean 0, deviation 1: the sum of twelve uniform numbers.
    mutating func normal() -> Float {
        (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &self) }
    }

    /// `count` such numbers, times `scale`.
    mutating func normals(_ count: Int, scale: Float = 1) -> [Float] { (0..<count).map { _ in normal() * scale } }
}
