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
                let what = try await trouble.happen(in: scene)
                try await scene.requireSound(after: "\(what) (seed \(seed))")
                survived.count(trouble, what)
            }
        } while ContinuousClock.now < deadline
        print(survived.report)
        #expect(survived.total >= Trouble.allCases.count)
    }
}

/// What was survived how often.
struct Survived {
    let seed: UInt64
    private var byKind: [String: Int] = [:]
    private var details: [String: Int] = [:]

    init(seed: UInt64) { self.seed = seed }

    var total: Int { byKind.values.reduce(0, +) }

    mutating func count(_ trouble: Trouble, _ what: String) {
        byKind[trouble.rawValue, default: 0] += 1
        details[what, default: 0] += 1
    }

    var report: String {
        let kinds = byKind.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value) |\n" }.joined()
        return "survived with seed \(seed), \(details.count) different ones:\n\n| trouble | times |\n|---|---|\n"
            + kinds
    }
}
