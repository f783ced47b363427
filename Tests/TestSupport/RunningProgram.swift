import Foundation
import Glibc
import SystemPackage

/// The built `likeness` while it runs, to be stopped, killed and waited for.
public final class RunningProgram {
    private let process = Process()
    private let errorFile: FilePath

    /// Starts it with a home of its own and nothing of this process's choice of database.
    ///
    /// - Parameter errors: gets what it writes to standard error; appended to.
    public init(_ arguments: [String], home: FilePath, environment: [String: String] = [:], errors: FilePath) throws {
        errorFile = errors
        process.executableURL = URL(filePath: LikenessBinary.path.string)
        process.arguments = arguments
        var variables = environment
        for name in ["PATH", "HOME", "LANG"] { variables[name] = ProcessInfo.processInfo.environment[name] }
        variables["LIKENESS_HOME"] = home.string
        process.environment = variables
        if !FileManager.default.fileExists(atPath: errors.string) {
            _ = FileManager.default.createFile(atPath: errors.string, contents: nil)
        }
        let handle = try FileHandle(forWritingTo: URL(filePath: errors.string))
        try handle.seekToEnd()
        process.standardError = handle
        process.standardOutput = FileHandle.nullDevice
        try process.run()
    }

    deinit { kill() }

    /// Whether it has not ended.
    public var isRunning: Bool { process.isRunning }

    /// What it has written to standard error, with what was in the file before.
    public var errors: String { (try? String(contentsOfFile: errorFile.string, encoding: .utf8)) ?? "" }

    /// Asks it to end.
    public func terminate() { signal(SIGTERM) }

    /// Ends it at once, as a power cut would, and waits until it is gone.
    public func kill() {
        signal(SIGKILL)
        process.waitUntilExit()
    }

    /// Sends a signal, if it still runs.
    public func signal(_ number: Int32) {
        if process.isRunning { Glibc.kill(process.processIdentifier, number) }
    }

    /// Waits for its end, at most for a time.
    ///
    /// - Returns: the exit status, minus the signal that ended it, or nil when it still runs.
    public func wait(atMost limit: Duration) async throws -> Int32? {
        guard try await becomesTrue(within: limit, { !process.isRunning }) else { return nil }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }
}

/// Asks again and again until something is so; false when it was not within the limit.
public func becomesTrue(within limit: Duration, _ condition: () throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(5))
    }
    return true
}
