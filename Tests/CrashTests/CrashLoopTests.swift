import Foundation
import Glibc
import LocalCluster
import SystemPackage
import TestSupport
import Testing

/// Kills, faults and damage, each followed by a look at everything: `verify` is clean and every index answers.
///
/// Runs for LIKENESS_CRASH_SECONDS (40), from LIKENESS_CRASH_SEED (the time); `Scripts/crash` sets both. Prints what it
/// survived, how often.
@Suite(.serialized) struct CrashLoopTests {
    @Test func `whatever ends or hinders the daemon, the files follow the catalog afterwards`() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seconds = Int(environment["LIKENESS_CRASH_SECONDS"] ?? "") ?? 40
        let seed = UInt64(environment["LIKENESS_CRASH_SEED"] ?? "") ?? UInt64(time(nil))
        let scene = try await CrashScene(seed: seed)
        var survived = Survived(seed: seed)
        let deadline = ContinuousClock.now + .seconds(seconds)
        repeat {
            for trouble in Trouble.allCases {
                // What a daemon did not come to is no trouble survived: every kind comes about at least once a round.
                var what: String?
                for _ in 0..<30 where what == nil {
                    what = try await trouble.happen(in: scene)
                    try await scene.requireSound(after: "\(what ?? trouble.rawValue) (seed \(seed))")
                }
                let reached = try #require(what, "\(trouble.rawValue) did not come about in 30 trials (seed \(seed))")
                survived.count(trouble, reached)
            }
        } while ContinuousClock.now < deadline
        print(survived.report)
    }
}

/// What was survived how often.
struct Survived {
    let seed: UInt64
    private var byKind: [Trouble: Int] = [:]
    private var details: Set<String> = []

    init(seed: UInt64) { self.seed = seed }

    mutating func count(_ trouble: Trouble, _ what: String) {
        byKind[trouble, default: 0] += 1
        details.insert("\(trouble) \(what)")
    }

    var report: String {
        let kinds = Trouble.allCases.map { "| \($0.rawValue) | \(byKind[$0, default: 0]) |\n" }.joined()
        return "survived with seed \(seed), \(details.count) different ones:\n\n| trouble | times |\n|---|---|\n"
            + kinds
    }
}
