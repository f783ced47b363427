// Brightness, contrast, saturation and grayscale as Pillow 12 computes them, bit by bit: `src/PIL/ImageEnhance.py`,
// `src/libImaging/Blend.c` and `Convert.c`. torchvision's ColorJitter calls these for pictures of Pillow.

extension Canvas {
    /// Multiplies every sample.
    mutating func multiply(by factor: Double) {
        map { _, _ in SampleTable { blend(0, $0, Float(factor)) } }
    }

    /// Multiplies every sample's distance from the mean brightness, rounded to a whole number.
    mutating func contrast(by factor: Double) {
        map { samples, table in
            let mean = table.withUnsafePointer { table in
                var sum = 0
                for pixel in stride(from: 0, to: samples.count, by: 3) {
                    sum &+= Int(brightness(of: samples.baseAddress! + pixel, through: table))
                }
                return Int(Double(sum) / Double(samples.count / 3) + 0.5)
            }
            return SampleTable { blend(mean, $0, Float(factor)) }
        }
    }

    /// Multiplies every sample's distance from its pixel's brightness.
    mutating func saturate(by factor: Double) {
        let factor = Float(factor)
        change(through: { samples, table in
            table.withUnsafePointer { table in
                for start in stride(from: 0, to: samples.count, by: 3) {
                    let pixel = samples.baseAddress! + start
                    let gray = Int(brightness(of: pixel, through: table))
                    for channel in 0..<3 { pixel[channel] = blend(gray, Int(table[Int(pixel[channel])]), factor) }
                }
            }
        })
    }

    /// Puts every pixel's brightness in place of its color.
    mutating func removeColor() {
        change(through: { samples, table in
            table.withUnsafePointer { table in
                for start in stride(from: 0, to: samples.count, by: 3) {
                    let pixel = samples.baseAddress! + start
                    let gray = UInt8(truncatingIfNeeded: brightness(of: pixel, through: table))
                    for channel in 0..<3 { pixel[channel] = gray }
                }
            }
        })
    }
}

/// The weights of ITU-R BT.601 in 65,536ths, rounded.
@inline(__always)
private func brightness(of pixel: UnsafePointer<UInt8>, through table: UnsafePointer<UInt8>) -> Int32 {
    let red = Int32(table[Int(pixel[0])]) &* 19595
    let green = Int32(table[Int(pixel[1])]) &* 38470
    let blue = Int32(table[Int(pixel[2])]) &* 7471
    return (red &+ green &+ blue &+ 0x8000) &>> 16
}

/// From `zero` at a factor of 0 to `value` at 1 and on in that direction; the fraction is cut off.
@inline(__always)
private func blend(_ zero: Int, _ value: Int, _ factor: Float) -> UInt8 {
    let blended = Float(zero) + factor * Float(value &- zero)
    return UInt8(truncatingIfNeeded: Int32(min(max(blended, 0), 255)))
}
