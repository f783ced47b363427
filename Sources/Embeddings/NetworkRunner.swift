import Glibc
import NativeThreads
import SystemPackage

/// The network on its own thread: loads it, runs batches of any size, keeps a network for each shape in use.
actor NetworkRunner {
    /// Pictures that run at once when there are so many.
    static let fullBatch = 8

    private nonisolated let thread = NativeThreadExecutor(name: "resnet50")
    private nonisolated let threads: Int
    private var loaded: Loaded?

    /// oneDNN divides the work for the threads there are when a primitive is made.
    private struct Shape: Hashable {
        let batch: Int
        let threads: Int
    }

    private struct Loaded {
        let engine: OneDNNEngine
        let precision: Precision
        let weights: NetworkWeights
        var networks: [Shape: Network] = [:]
    }

    /// What two runners of one network have in common; the stream of an engine stays with the runner that made it.
    struct Common: Sendable {
        fileprivate let engine: EngineHandle
        fileprivate let precision: Precision
        fileprivate let weights: NetworkWeights
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameter threads: that a single picture's network takes.
    init(threads: Int) { self.threads = threads }

    /// Checks and loads the weights and makes the network for single pictures ready.
    func load(_ path: FilePath, precision: Precision) throws(EmbeddingError) -> Common {
        let file = try Safetensors(path)
        for tensor in ResNet50Architecture.tensors { try file.check(tensor.name, shape: tensor.shape) }
        OneDNN.setThreadsOfThisThread(threads)
        let engine = try OneDNNEngine()
        let plan = try NetworkPlan(batch: 1, precision: precision, on: engine)
        // Fifty short reorders cost less on one thread than their barriers do where another process keeps a core busy,
        // and the other core may be hashing the file.
        OneDNN.setThreadsOfThisThread(1)
        defer { OneDNN.setThreadsOfThisThread(threads) }
        let weights = try NetworkWeights(file, for: plan.convolutions, on: engine)
        let network = try Network(plan, weights: weights, on: engine)
        loaded = Loaded(
            engine: engine, precision: precision, weights: weights,
            networks: [Shape(batch: 1, threads: threads): network])
        return Common(engine: engine.shared, precision: precision, weights: weights)
    }

    /// Runs what another runner has loaded, at the same time as that one.
    func join(_ common: Common) throws(EmbeddingError) {
        loaded = Loaded(
            engine: try OneDNNEngine(common.engine), precision: common.precision, weights: common.weights)
    }

    /// The normalized embeddings of a batch's pictures, `count × dimension`, row-major.
    ///
    /// - Parameter share: threads that compute a full batch; all of this runner's unless given.
    func embed(_ batch: PreparedBatch, fullBatchesOn share: Int? = nil) throws(EmbeddingError) -> [Float] {
        guard batch.inputLength == Preprocessing.inputLength else {
            throw .wrongBatch(have: batch.inputLength, need: Preprocessing.inputLength)
        }
        return try batch.withRows { rows, count throws(EmbeddingError) in try embed(rows, count, share) }
    }

    /// Times the network and its primitives, by turns so that both meet the same weather.
    func measureCost(batch size: Int, repetitions: Int) throws(EmbeddingError) -> EmbeddingCost {
        let batch = PreparedBatch(capacity: max(1, size), inputLength: Preprocessing.inputLength)
        for _ in 0..<batch.capacity { batch.append { $0.update(repeating: 0.5) } }
        let clock = ContinuousClock()
        var times: [Duration] = []
        _ = try embed(batch)
        for _ in 0..<max(1, repetitions) {
            let start = clock.now
            _ = try embed(batch)
            times.append(clock.now - start)
        }
        let steps = try network(Shape(batch: size, threads: threads)).timeSteps(repetitions: max(1, repetitions))
        return EmbeddingCost(
            batch: batch.capacity, threads: threads, network: median(times), steps: steps)
    }

    private func embed(
        _ rows: UnsafeMutableBufferPointer<Float>, _ count: Int, _ share: Int?
    ) throws(EmbeddingError) -> [Float] {
        try checkFinite(rows, count: count)
        let dimension = ResNet50Architecture.dimension
        var features = [Float](repeating: 0, count: count * dimension)
        var done = 0
        while done < count {
            let isFull = count - done >= Self.fullBatch
            let shape = Shape(batch: isFull ? Self.fullBatch : 1, threads: isFull ? share ?? threads : threads)
            OneDNN.setThreadsOfThisThread(shape.threads)
            let network = try network(shape)
            let inputs = rows[done * Preprocessing.inputLength..<(done + network.batch) * Preprocessing.inputLength]
            let outputs = done * dimension..<(done + network.batch) * dimension
            try features.withUnsafeMutableBufferPointer { features throws(EmbeddingError) in
                try network.run(
                    UnsafeMutableBufferPointer(rebasing: inputs),
                    into: UnsafeMutableBufferPointer(rebasing: features[outputs]))
            }
            done += network.batch
        }
        try normalizeRows(&features, length: dimension)
        return features
    }

    /// ReLU turns NaN into 0, so the network would answer with an embedding of something else.
    private func checkFinite(_ rows: UnsafeMutableBufferPointer<Float>, count: Int) throws(EmbeddingError) {
        for picture in 0..<count {
            var largest: UInt32 = 0
            for index in picture * Preprocessing.inputLength..<(picture + 1) * Preprocessing.inputLength {
                largest = max(largest, rows[index].bitPattern & 0x7fff_ffff)
            }
            guard largest < Float.infinity.bitPattern else { throw .inputNotFinite(position: picture) }
        }
    }

    /// The network of a shape, made when it is first asked for; the thread has that shape's threads.
    private func network(_ shape: Shape) throws(EmbeddingError) -> Network {
        guard let loaded else {
            throw .oneDNN(status: "no network", operation: "a batch before the weights are loaded")
        }
        if let network = loaded.networks[shape] { return network }
        let plan = try NetworkPlan(batch: shape.batch, precision: loaded.precision, on: loaded.engine)
        let network = try Network(plan, weights: loaded.weights, on: loaded.engine)
        self.loaded?.networks[shape] = network
        return network
    }
}

/// The cores that the system runs threads on now.
func onlineCores() -> Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }
