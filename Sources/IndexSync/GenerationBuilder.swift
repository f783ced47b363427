import Glibc
import NativeThreads
import VectorIndexes

/// Builds a generation; blocks, and ends within 2 seconds once the control is cancelled.
public typealias GenerationBuilding = @Sendable (GenerationJob, BuildControl) throws(IndexError) -> GenerationDraft

/// Builds generations on a thread of its own that takes the processor only when nobody else wants it.
actor GenerationBuilder {
    /// Source: nice(1); 10 gets about a ninth of what 0 gets.
    private static let niceness: Int32 = 10

    private let thread = NativeThreadExecutor(name: "index-build")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let building: GenerationBuilding
    private var isNice = false

    init(_ building: @escaping GenerationBuilding) { self.building = building }

    /// Builds to the end, or until the control cancels it.
    func build(_ job: GenerationJob, _ control: BuildControl) -> Result<GenerationDraft, IndexError> {
        if !isNice {
            // On Linux the number 0 means the calling thread; those that OpenMP starts for it inherit its priority.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Self.niceness)
            isNice = true
        }
        do throws(IndexError) {
            return .success(try building(job, control))
        } catch {
            return .failure(error)
        }
    }
}
