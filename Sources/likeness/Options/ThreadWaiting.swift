import Glibc

/// How OpenMP's threads wait for work, which libgomp reads when it is loaded and never again.
///
/// By default they spin. That gains a few percent while nobody else wants a core, and costs several times everything as
/// soon as somebody does: here the decoder, the database's server, other programs. So the process begins anew with the
/// variable set, once, before it has done anything.
enum ThreadWaiting {
    private static let variables = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT"]

    /// Begins the process anew with threads that sleep while they wait; returns when they do, or when a person chose.
    static func letSleep() {
        guard variables.allSatisfy({ getenv($0) == nil }) else { return }
        setenv(variables[0], "passive", 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        // Without /proc it goes on as it is: slower on a busy machine, and right.
    }
}

/// A command that keeps all cores busy for more than a moment.
///
/// Whether a command is one is asked on any actor, which is what `SendableMetatype` promises to be possible.
protocol ComputesForLong: SendableMetatype {}
