import Glibc
import Synchronization

/// What a thread gets of the processors, seen and changed from any thread.
///
/// The lowest priority is Linux's SCHED_IDLE. More than the share that it gets, which is none to speak of where others in
/// the same group keep a processor busy, it changes where those others run: a thread that wakes is put onto a processor
/// that has only such work as onto an idle one, instead of pushing another aside. Source: sched(7), and
/// `sched_idle_cpu` in Linux's kernel/sched/fair.c.
public struct ThreadPriority: Sendable {
    /// Source: nice(1); 10 gets about a ninth of what 0 gets.
    private static let lowNiceness: Int32 = 10
    /// Source: sched(7); glibc declares it as a GNU extension, which Swift does not see.
    private static let idlePolicy: Int32 = 5

    private let thread: pid_t
    private let clock: clockid_t

    /// That of the calling thread, valid as long as it lives.
    public init() {
        thread = Self.currentThread()
        var clock = clockid_t()
        _ = pthread_getcpuclockid(pthread_self(), &clock)
        self.clock = clock
    }

    /// Lowers it: to the lowest where that can be taken back, to a ninth of the usual otherwise. Threads that are started by
    /// this one from here on have the same.
    public func lower() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(thread), Self.lowNiceness)
        if Self.canReturn { Self.set(Self.idlePolicy, of: thread) }
    }

    /// Whether it is the lowest.
    public var isLowest: Bool { Self.policy(of: thread) == Self.idlePolicy }

    /// Processor time that the thread has had.
    public var processorTime: Duration {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return .zero }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Gives every thread of this process that has the lowest priority a ninth of the usual instead: the one that was lowered
    /// and those that it started.
    public static func raiseLowest() {
        guard let tasks = opendir("/proc/self/task") else { return }
        defer { closedir(tasks) }
        while let entry = readdir(tasks) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let thread = pid_t(name), policy(of: thread) == idlePolicy else { continue }
            set(SCHED_OTHER, of: thread)
        }
    }

    /// Whether a thread of the lowest priority may be raised again: with CAP_SYS_NICE, or RLIMIT_NICE of 10 or more. Tried on a
    /// thread that ends at once.
    public static let canReturn: Bool = {
        let may = Atomic(false)
        return withUnsafePointer(to: may) { may in
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    let thread = ThreadPriority.currentThread()
                    _ = setpriority(
                        __priority_which_t(PRIO_PROCESS.rawValue), id_t(thread), ThreadPriority.lowNiceness)
                    ThreadPriority.set(ThreadPriority.idlePolicy, of: thread)
                    ThreadPriority.set(SCHED_OTHER, of: thread)
                    argument?.assumingMemoryBound(to: Atomic<Bool>.self).pointee.store(
                        ThreadPriority.policy(of: thread) == SCHED_OTHER, ordering: .releasing)
                    return nil
                }, UnsafeMutableRawPointer(mutating: may))
            guard status == 0 else { return false }
            pthread_join(thread, nil)
            return may.pointee.load(ordering: .acquiring)
        }
    }()

    private static func policy(of thread: pid_t) -> Int32 { sched_getscheduler(thread) }

    private static func set(_ policy: Int32, of thread: pid_t) {
        var parameters = sched_param()
        _ = sched_setscheduler(thread, policy, &parameters)
    }

    /// The number by which Linux knows the calling thread: the end of `PID/task/TID`.
    private static func currentThread() -> pid_t {
        var target = [CChar](repeating: 0, count: 64)
        let length = readlink("/proc/thread-self", &target, target.count)
        let text = String(decoding: target.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        // 0 stands for the calling thread where Linux takes a thread's number.
        return text.split(separator: "/").last.flatMap { pid_t($0) } ?? 0
    }
}
