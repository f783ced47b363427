/// What the network costs at one batch size.
public struct EmbeddingCost: Sendable {
    /// One of oneDNN's primitives.
    public struct Step: Sendable {
        /// The layer: `layer1.0.conv2`.
        public let name: String
        /// oneDNN's name of the code that it chose: `brgconv:avx512_core_bf16`.
        public let implementation: String
        /// Median time of one run after the primitives before it, as in the network.
        public let inSequence: Duration
        /// Median time of one run after itself: its operands are as near as they can be.
        public let alone: Duration
    }

    /// Pictures at once.
    public let batch: Int
    /// Threads that computed.
    public let threads: Int
    /// Median time of a whole batch from prepared pictures to normalized embeddings.
    public let network: Duration
    /// Every primitive in the order of execution.
    public let steps: [Step]

    /// What the primitives cost, one after the other.
    public var primitives: Duration { steps.reduce(.zero) { $0 + $1.inSequence } }
    /// What they would cost if every operand were in the nearest cache that holds it: no network gets there.
    public var primitivesAlone: Duration { steps.reduce(.zero) { $0 + $1.alone } }
    /// How much longer the network takes than its primitives: 1.05 is 5 % longer.
    public var ratio: Double { network / primitives }
    /// Milliseconds for one picture.
    public var millisecondsPerPicture: Double { network / .milliseconds(1) / Double(batch) }
}

/// The middle of some durations, the later one of two.
func median(_ durations: [Duration]) -> Duration {
    durations.isEmpty ? .zero : durations.sorted()[durations.count / 2]
}
