import Foundation
import Glibc

/// What processes have used so far, as /proc tells.
struct ProcessUse {
    /// Seconds that they computed.
    var seconds = 0.0
    /// Bytes that are resident, what they share counted for each.
    var resident = 0

    /// A process and its children, as long as they run.
    init(treeOf process: Int) {
        for member in [process] + Self.children(of: process) { add(member) }
    }

    /// Some processes.
    init(_ processes: [Int]) {
        for process in processes { add(process) }
    }

    private mutating func add(_ process: Int) {
        guard let status = Self.text("/proc/\(process)/stat"), let end = status.lastIndex(of: ")") else { return }
        let fields = status[end...].split(separator: " ")
        guard fields.count > 22 else { return }
        let ticks = (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)
        seconds += Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
        resident += (Int(fields[22]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The processes that a process has started.
    static func children(of process: Int) -> [Int] {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return threads.flatMap { thread in
            (text("/proc/\(process)/task/\(thread)/children") ?? "").split(separator: " ").compactMap { Int($0) }
        }
    }

    /// The parent of a process.
    static func parent(of process: Int) -> Int? {
        guard let status = text("/proc/\(process)/stat"), let end = status.lastIndex(of: ")") else { return nil }
        return status[end...].split(separator: " ").dropFirst(2).first.flatMap { Int($0) }
    }

    /// Bytes that a process has had read, from wherever.
    static func bytesRead(by process: Int) -> Int? {
        text("/proc/\(process)/io")?.split(separator: "\n").first { $0.hasPrefix("rchar:") }
            .flatMap { Int($0.dropFirst(6).trimmingCharacters(in: .whitespaces)) }
    }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}
