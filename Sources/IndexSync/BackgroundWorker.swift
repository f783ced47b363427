import Catalog
import NativeThreads
import VectorIndexes

/// Builds a generation; blocks, and ends within 2 seconds once the control is cancelled.
public typealias GenerationBuilding = @Sendable (GenerationJob, BuildControl) throws(IndexError) -> GenerationDraft

/// What can be done beside the steps, with all that is needed for it.
enum BackgroundJob: Sendable {
    case generation(GenerationJob)
    case sketches(SketchJob)
    case compaction(CompactionJob)
    case measurement(StoreMeasurementJob)
    case neighbors(NeighborSearchJob)

    /// Does it; blocks.
    func run(_ control: BuildControl, building: GenerationBuilding) throws(IndexError) -> BackgroundResult {
        switch self {
        case .generation(let job): .generation(try building(job, control))
        case .sketches(let job): .sketches(try job.build(control), rows: job.store.liveCount)
        case .compaction(let job): .compaction(try job.build(control))
        case .measurement(let job): .measurement(try job.run(control))
        case .neighbors(let job): .neighbors(try job.run(control))
        }
    }
}

/// What came of it.
enum BackgroundResult: Sendable {
    case generation(GenerationDraft)
    /// nil: sketches would gain nothing with so many rows.
    case sketches(SketchDraft?, rows: Int)
    case compaction(CompactionDraft)
    case measurement(StoreMeasurement)
    case neighbors([NeighborSearch])
}

/// Does one thing at a time on a thread of its own that takes the processor only when nobody else wants it.
actor BackgroundWorker {
    private let thread: NativeThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let building: GenerationBuilding

    /// - Parameter name: that of its thread.
    init(name: String, _ building: @escaping GenerationBuilding) {
        thread = NativeThreadExecutor(name: name)
        self.building = building
    }

    /// Works to the end, or until the control cancels it.
    ///
    /// - Parameter share: told which thread works.
    func run(
        _ job: BackgroundJob, _ control: BuildControl, _ share: ProcessorShare
    ) -> Result<BackgroundResult, IndexError> {
        let priority = ThreadPriority()
        priority.lower()
        share.begin(priority)
        do throws(IndexError) {
            return .success(try job.run(control, building: building))
        } catch {
            return .failure(error)
        }
    }
}
