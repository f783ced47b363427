import Catalog
import Daemons
import Foundation
import IndexSync
import NativeThreads
import Synchronization
import TestSupport
import Testing
import VectorIndexes

/// What is done beside the steps gives way to everything else, but is neither left without a processor for good nor
/// too slow to notice that it is to end. A process that may not come back from the lowest priority never takes it.
@Suite(.serialized) struct LowPriorityTests {
    private let test: SyncCatalog

    init() throws {
        test = try SyncCatalog(dimension: WideRows.dimension)
        try test.catalog.createIndex(name: "graph", model: test.model.id, type: .hnsw)
        try test.insert(WideRows.near(50))
    }

    @Test func `a generation is built at the lowest priority while a processor is left to it`() async throws {
        let wasLowest = Mutex<[Bool]>([])
        try await following({ job, control throws(IndexError) in
            let draft = try job.build(control)
            wasLowest.withLock { $0.append(ThreadPriority().isLowest) }
            return draft
        }) {
            try await eventually("built") { try test.built("graph") == 1 }
        }
        #expect(wasLowest.withLock { $0 } == [ThreadPriority.canReturn])
    }

    @Test func `where others keep every processor busy, building is raised from the lowest priority and goes on`()
        async throws
    {
        let busy = BusyThreads()
        defer { busy.end() }
        let isRaised = Mutex(false)
        busy.begin()
        try await following({ job, control throws(IndexError) in
            workUntil { !ThreadPriority().isLowest }
            isRaised.withLock { $0 = !ThreadPriority().isLowest }
            return try job.build(control)
        }) {
            try await eventually("built") { try test.built("graph") == 1 }
        }
        #expect(isRaised.withLock { $0 })
    }

    @Test func `a building that is to end is raised from the lowest priority so that it notices`() async throws {
        let busy = BusyThreads()
        defer { busy.end() }
        let noticed = Mutex<[Bool]>([])
        let hasBegun = Mutex(false)
        busy.begin()
        try await following({ _, control throws(IndexError) in
            hasBegun.withLock { $0 = true }
            workUntil { control.isCancelled && !ThreadPriority().isLowest }
            noticed.withLock { $0.append(control.isCancelled && !ThreadPriority().isLowest) }
            throw .cancelled("graph")
        }) {
            try await eventually("building") { hasBegun.withLock { $0 } }
        }
        #expect(noticed.withLock { $0 } == [true])
    }

    private func following(
        _ building: @escaping GenerationBuilding, _ body: () async throws -> Void
    ) async throws {
        var settings = SyncDaemon.Settings()
        settings.building = building
        try await test.following(settings) { _ in try await body() }
    }
}

/// Keeps the calling thread busy until something is so, a minute at most.
private func workUntil(_ isSo: () -> Bool) {
    let deadline = ContinuousClock.now + .seconds(60)
    while !isSo(), ContinuousClock.now < deadline {}
}

/// Threads of the usual priority that keep all processors busy.
private final class BusyThreads: Sendable {
    private let state = Atomic(0)

    /// Their priority is that of the calling thread.
    func begin() {
        state.store(1, ordering: .releasing)
        for _ in 0..<ProcessInfo.processInfo.activeProcessorCount {
            let state = Unmanaged.passRetained(self)
            Thread.detachNewThread { state.takeRetainedValue().work() }
        }
    }

    func end() { state.store(2, ordering: .releasing) }

    private func work() { while state.load(ordering: .acquiring) == 1 {} }
}
