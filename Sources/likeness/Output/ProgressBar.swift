import Faults

/// One line on a terminal that is written over; nothing in a pipe.
struct StatusLine: ~Copyable {
    private let isShown: Bool
    private var isDrawn = false

    init(quiet: Bool) { isShown = StandardError.isTerminal && !quiet }

    mutating func show(_ words: String) {
        guard isShown else { return }
        isDrawn = true
        StandardError.write("\r\u{1B}[K\(words)")
    }

    /// Clears the line, so that what is written next stands on its own.
    mutating func clear() {
        guard isDrawn else { return }
        isDrawn = false
        StandardError.write("\r\u{1B}[K")
    }
}

/// How far work whose amount is known has come, on a line of its own.
struct ProgressBar: ~Copyable {
    private let width = 24
    private var line: StatusLine
    private var lastDrawn: ContinuousClock.Instant?

    init(quiet: Bool) { line = StatusLine(quiet: quiet) }

    /// Draws `done` of `total` with what has happened beside it; at most ten times a second.
    mutating func update(done: Int, total: Int, elapsed: Duration, note: String) {
        guard total > 0 else { return }
        let now = ContinuousClock.now
        if let lastDrawn, now - lastDrawn < .milliseconds(100), done < total { return }
        lastDrawn = now
        let filled = width * done / total
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
        let pace = Pace(done: done, total: total, elapsed: elapsed)
        line.show("\(bar) \(done)/\(total)  \(pace.text)  \(note)")
    }

    /// Clears the line, so that what is written next stands on its own.
    mutating func clear() {
        lastDrawn = nil
        line.clear()
    }
}

/// Rate so far and the time left at that rate.
struct Pace {
    let perSecond: Double
    let secondsLeft: Double?

    init(done: Int, total: Int, elapsed: Duration) {
        let seconds = elapsed / .seconds(1)
        perSecond = seconds > 0 ? Double(done) / seconds : 0
        secondsLeft = perSecond > 0 ? Double(total - done) / perSecond : nil
    }

    /// A rate, and so many that still wait.
    init(perSecond: Double, waiting: Int) {
        self.perSecond = perSecond
        secondsLeft = perSecond > 0 ? Double(waiting) / perSecond : nil
    }

    var text: String {
        guard let secondsLeft else { return "" }
        let left = Int(secondsLeft.rounded(.up))
        let clock =
            left >= 3600
            ? "\(left / 3600):\(twoDigits(left / 60 % 60)):\(twoDigits(left % 60))"
            : "\(left / 60):\(twoDigits(left % 60))"
        return "\(fixed(perSecond, 1))/s, \(clock) left"
    }

    private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
