/// Elementary functions of additions, multiplications, divisions and square roots alone.
///
/// The C library's own choose their instructions by the processor and may differ in the last bit from one to the next;
/// the four operations are defined to the bit (IEEE 754), and Swift does not fuse them. So a seed gives the same copies
/// on every machine.
package enum Elementary {
    /// Sine and cosine of an angle in degrees, -180 … 180; exact at multiples of 90. Error below 1e-15.
    package static func sineAndCosine(degrees: Double) -> (sine: Double, cosine: Double) {
        let quarters = (degrees / 90).rounded()
        let radians = (degrees - 90 * quarters) * (.pi / 180)
        let square = radians * radians
        // Taylor: at 45 degrees the terms left out are below 1e-17.
        var sine = 0.0
        var cosine = 0.0
        for order in stride(from: 18, through: 2, by: -2) {
            let order = Double(order)
            sine = (1 + sine) * (-square / (order * (order + 1)))
            cosine = (1 + cosine) * (-square / (order * (order - 1)))
        }
        sine = radians * (1 + sine)
        cosine = 1 + cosine
        switch (Int(quarters) + 4) % 4 {
        case 0: return (sine, cosine)
        case 1: return (cosine, -sine)
        case 2: return (-sine, -cosine)
        default: return (-cosine, sine)
        }
    }

    /// The exponential function of a number from -700 to 0. Relative error below 1e-12.
    package static func exponential(_ exponent: Double) -> Double {
        // e^x = (e^(x / 1024))^1024: ten squarings.
        let small = exponent / 1024
        var sum = 0.0
        for order in stride(from: 16.0, through: 1, by: -1) { sum = (1 + sum) * (small / order) }
        var result = 1 + sum
        for _ in 0..<10 { result *= result }
        return result
    }

    /// The natural logarithm of a positive normal number. Error below 1e-15, or below 1e-15 of it.
    package static func logarithm(_ value: Double) -> Double {
        // ln m = 2 artanh((m - 1) / (m + 1)), with m from 1 to 2.
        let ratio = (value.significand - 1) / (value.significand + 1)
        let square = ratio * ratio
        var sum = 0.0
        for order in stride(from: 39.0, through: 1, by: -2) { sum = sum * square + 1 / order }
        return Double(value.exponent) * 0.693147180559945309417 + 2 * ratio * sum
    }

    /// The number that a standard normal deviate is below with this probability, 0.0001 … 0.9999. Error below 1e-6.
    ///
    /// Source: Wichura, "Algorithm AS 241: The percentage points of the normal distribution" (1988), PPND7.
    package static func normalQuantile(_ probability: Double) -> Double {
        let offset = probability - 0.5
        if abs(offset) <= 0.425 {
            let r = 0.180625 - offset * offset
            let above = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
            let below = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1
            return offset * above / below
        }
        let r = (-logarithm(min(probability, 1 - probability))).squareRoot() - 1.6
        let above = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        let below = (0.12021132975 * r + 0.73700164250) * r + 1
        return offset < 0 ? -above / below : above / below
    }
}
