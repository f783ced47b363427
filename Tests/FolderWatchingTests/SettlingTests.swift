import FolderWatching
import Testing

/// A file that something is learnt of, on a clock that goes when it is told to.
private final class Clock {
    private let start = ContinuousClock.now
    private var elapsed: Duration = .seconds(0)
    var settling = Settling(time: .seconds(2))

    var now: Settling.Moment {
        Settling.Moment(clock: start + elapsed, wall: 1_000_000_000_000 + elapsed.components.seconds * 1_000_000_000)
    }

    func pass(_ seconds: Int) { elapsed += .seconds(seconds) }

    /// - Parameter age: seconds since it was modified.
    func file(_ size: Int64 = 10, age: Int64 = 0, name: String = "a") -> FoundFile {
        FoundFile(
            path: Array(name.utf8), size: size, modified: now.wall - age * 1_000_000_000, device: 1, inode: 1)
    }

    func see(_ file: FoundFile, as sight: Settling.Sight) -> Bool { settling.see(file, as: sight, at: now) }
    func due() -> Int { settling.due(at: now.clock).count }
}

@Suite struct SettlingTests {
    @Test func `what was closed is complete at once, what was created is not`() {
        let clock = Clock()
        let file = clock.file()
        #expect(!clock.see(file, as: .created))
        #expect(clock.see(file, as: .completed))
        clock.pass(2)
        #expect(clock.due() == 0)
    }

    @Test func `a further name of an old file is complete after the settling time, not by its age`() {
        let clock = Clock()
        let file = clock.file(age: 1000)
        #expect(!clock.see(file, as: .created))
        clock.pass(1)
        #expect(clock.due() == 0)
        clock.pass(1)
        #expect(clock.due() == 1)
        #expect(clock.see(file, as: .lookedAt))
        #expect(clock.due() == 0)
    }

    @Test func `what a scan finds is complete when it is old, else when it has stayed the same`() {
        let clock = Clock()
        #expect(clock.see(clock.file(age: 2, name: "old"), as: .found))
        let young = clock.file(age: 1)
        #expect(!clock.see(young, as: .found))
        clock.pass(2)
        #expect(clock.due() == 1)
        #expect(clock.see(young, as: .lookedAt))
    }

    @Test func `every change begins the waiting anew`() {
        let clock = Clock()
        #expect(!clock.see(clock.file(10), as: .found))
        for size in Int64(11)..<20 {
            clock.pass(2)
            #expect(clock.due() == 1)
            #expect(!clock.see(clock.file(size), as: .lookedAt))
        }
        let last = clock.file(20)
        #expect(!clock.see(last, as: .found))
        clock.pass(2)
        #expect(clock.due() == 1)
        #expect(clock.see(last, as: .lookedAt))
    }

    @Test func `a time in the future does not make it wait for the future`() {
        let clock = Clock()
        let file = clock.file(age: -1000)
        #expect(!clock.see(file, as: .found))
        clock.pass(2)
        #expect(clock.due() == 1)
        #expect(clock.see(file, as: .lookedAt))
    }

    @Test func `the close of what was told and has not changed is no news, of what has changed it is`() {
        let clock = Clock()
        for isChanged in [false, true] {
            let file = clock.file(isChanged ? 30 : 10, name: "\(isChanged)")
            #expect(!clock.see(file, as: .found))
            clock.pass(2)
            #expect(clock.due() == 1)
            #expect(clock.see(file, as: .lookedAt))
            clock.pass(5)
            #expect(clock.see(isChanged ? clock.file(31, name: "true") : file, as: .completed) == isChanged)
        }
    }

    @Test func `a scan tells again what was told, and what is gone is not looked at`() {
        let clock = Clock()
        let file = clock.file()
        #expect(!clock.see(file, as: .found))
        clock.pass(2)
        #expect(clock.due() == 1)
        #expect(clock.see(file, as: .lookedAt))
        #expect(clock.see(file, as: .found))
        #expect(!clock.see(clock.file(name: "folder/b"), as: .found))
        #expect(!clock.see(clock.file(name: "folder-b"), as: .found))
        clock.settling.forget(below: Array("folder".utf8))
        clock.pass(2)
        #expect(clock.due() == 1)
    }

    @Test func `nothing is remembered for ever`() {
        let clock = Clock()
        for number in 0..<5_000 { #expect(!clock.see(clock.file(name: "\(number)"), as: .found)) }
        #expect(clock.settling.count == 5_000)
        clock.pass(2)
        for path in clock.settling.due(at: clock.now.clock) {
            #expect(clock.see(clock.file(age: 2, name: String(decoding: path, as: UTF8.self)), as: .lookedAt))
        }
        clock.pass(60)
        #expect(clock.due() == 0)
        #expect(clock.settling.count == 0)
    }
}
