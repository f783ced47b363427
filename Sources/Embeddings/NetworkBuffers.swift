/// The memory that one network works in: its input and output, the buffers between, one scratchpad for all primitives.
struct NetworkBuffers {
    /// batch × 3 × 224 × 224, float32, row-major.
    let input: Tensor
    /// batch × dimension × 1 × 1, float32, row-major.
    let output: Tensor
    private let engine: OneDNNEngine
    private var buffers: [Int: TensorStorage] = [:]
    private let scratchpad: TensorStorage

    init(_ plan: NetworkPlan, on engine: OneDNNEngine) throws(EmbeddingError) {
        self.engine = engine
        let side = Preprocessing.side
        let inputLayout = try TensorLayout.rowMajor([plan.batch, 3, side, side], .float32)
        input = try Tensor(inputLayout, in: TensorStorage(byteCount: inputLayout.byteCount), on: engine)
        let outputLayout = try TensorLayout.rowMajor([plan.batch, ResNet50Architecture.dimension, 1, 1], .float32)
        output = try Tensor(outputLayout, in: TensorStorage(byteCount: outputLayout.byteCount), on: engine)
        scratchpad = try TensorStorage(byteCount: plan.entries.map(\.primitive.scratchpad.byteCount).max() ?? 0)
        for (number, size) in plan.bufferSizes { buffers[number] = try TensorStorage(byteCount: size) }
    }

    /// A tensor at a place of the plan.
    func tensor(_ place: NetworkPlan.Place, _ layout: TensorLayout) throws(EmbeddingError) -> Tensor {
        switch place {
        case .input: return input
        case .output: return output
        case .buffer(let number):
            guard let storage = buffers[number] else {
                throw .oneDNN(status: "no buffer \(number)", operation: "the network's plan")
            }
            return try Tensor(layout, in: storage, on: engine)
        }
    }

    /// A primitive's working memory; all share it, for they run one after another.
    func scratchpad(_ layout: TensorLayout) throws(EmbeddingError) -> Tensor {
        try Tensor(layout, in: scratchpad, on: engine)
    }
}
