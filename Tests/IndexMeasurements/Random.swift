import Foundation
import TestSupport

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
