/// What the network costs at one batch size.
public struct EmbeddingCost: Sendable {
    /// One of oneDNN's primitives.
    public struct Step: Sendable {
        /// The layer: `layer1.0.conv2`.
        public let name: String
        /// oneDNN's name of the code that it chose: `jit:avx512_core_bf16`.
        public let implementation: String
        /// Median time of one run by itself.
        public let median: Duration
    }

    /// Pictures at once.
    public let batch: Int
    /// Threads that computed.
    public let threads: Int
    /// Median time of a whole batch from prepared pictures to normalized embeddings.
    public let network: Duration
    /// Every primitive in the order of execution, each timed by itself, again and again: its operands are as near as
    /// they can be, so the sum is what the network could cost at best.
    public let steps: [Step]

    /// The sum over all primitives.
    public var primitives: Duration { steps.reduce(.zero) { $0 + $1.median } }
    /// How much longer the network takes than the sum of its primitives: 1.05 is 5 % longer.
    public var ratio: Double { network / primitives }
    /// Milliseconds for one picture.
    public var millisecondsPerPicture: Double { network / .milliseconds(1) / Double(batch) }
}
