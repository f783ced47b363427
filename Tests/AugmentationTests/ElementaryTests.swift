import Augmentation
import Glibc
import Testing

@Suite struct ElementaryTests {
    @Test func `sine and cosine are those of the C library`() {
        for step in -18_000...18_000 {
            let degrees = Double(step) / 100
            let (sine, cosine) = Elementary.sineAndCosine(degrees: degrees)
            #expect(abs(sine - sin(degrees * .pi / 180)) < 1e-15 && abs(cosine - cos(degrees * .pi / 180)) < 1e-15)
        }
    }

    @Test func `quarter turns are exact`() {
        for (degrees, sine, cosine) in [(0.0, 0.0, 1.0), (90, 1, 0), (180, 0, -1), (-90, -1, 0), (-180, 0, -1)] {
            let found = Elementary.sineAndCosine(degrees: degrees)
            #expect(found.sine == sine && found.cosine == cosine)
        }
    }

    @Test func `powers of e and logarithms are those of the C library`() {
        for step in 0...7000 {
            let value = exp(-Double(step) / 10)
            #expect(abs(Elementary.exponential(-Double(step) / 10) / value - 1) < 1e-12)
            #expect(abs(Elementary.logarithm(value) - log(value)) < 1e-15 * max(1, abs(log(value))))
        }
        #expect(Elementary.exponential(0) == 1 && Elementary.logarithm(1) == 0)
    }

    @Test func `the share of normal deviates below a quantile is its probability`() {
        for step in 1...9999 {
            let probability = Double(step) / 10_000
            let quantile = Elementary.normalQuantile(probability)
            #expect(abs(erfc(-quantile / 2.0.squareRoot()) / 2 - probability) < 1e-7)
        }
    }
}
