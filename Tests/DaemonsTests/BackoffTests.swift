import Daemons
import Testing

@Suite struct BackoffTests {
    @Test func `waits double up to the limit, each between its half and its whole`() {
        let backoff = Backoff(first: .milliseconds(100), limit: .seconds(30))
        var random = Halves()
        let wholes: [Duration] = [
            .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600),
            .milliseconds(3200), .milliseconds(6400), .milliseconds(12800), .milliseconds(25600), .seconds(30),
            .seconds(30),
        ]
        for (place, whole) in wholes.enumerated() {
            let least = backoff.delay(after: place + 1, using: &random)
            #expect(least == whole / 2, "attempt \(place + 1)")
            var chance = SystemRandomNumberGenerator()
            for _ in 0..<100 {
                let delay = backoff.delay(after: place + 1, using: &chance)
                #expect(delay >= whole / 2 && delay <= whole)
            }
        }
    }

    @Test func `two who wait for the same server come back at different moments`() {
        var random = SystemRandomNumberGenerator()
        let delays = Set((0..<50).map { _ in Backoff().delay(after: 9, using: &random) })
        #expect(delays.count > 40)
    }

    @Test func `any number of attempts has a delay`() {
        var random = Halves()
        for attempts in [Int.min, -1, 0, 63, 64, 10_000, Int.max] {
            let delay = Backoff().delay(after: attempts, using: &random)
            #expect(delay > .zero && delay <= .seconds(30))
        }
    }
}

/// Always the least number.
private struct Halves: RandomNumberGenerator {
    mutating func next() -> UInt64 { 0 }
}
