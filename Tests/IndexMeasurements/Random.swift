import Foundation

/// SplitMix64: the same numbers in every run.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Normal deviates out of a table of 65,536: four from each random number, fast enough for billions of them.
struct Normals {
    private var generator: SplitMix
    private static let table: [Float] = {
        var generator = SplitMix(state: 1)
        return (0..<32_768).flatMap { _ -> [Float] in
            // Box and Muller (1958).
            let radius = (-2 * log(Double.random(in: Double.leastNonzeroMagnitude...1, using: &generator))).squareRoot()
            let angle = 2 * Double.pi * Double.random(in: 0..<1, using: &generator)
            return [Float(radius * cos(angle)), Float(radius * sin(angle))]
        }
    }()

    init(seed: UInt64) { generator = SplitMix(state: seed) }

    /// Adds scale[i] × a deviate to each value.
    mutating func add(_ scale: [Float], to values: inout [Float]) {
        Self.table.withUnsafeBufferPointer { table in
            var place = 0
            while place < values.count {
                var random = generator.next()
                for _ in 0..<min(4, values.count - place) {
                    values[place] += scale[place] * table[Int(random & 0xFFFF)]
                    random >>= 16
                    place += 1
                }
            }
        }
    }
}
