/// The arithmetic of a network's weights and activations; part of the model's identity.
public enum Precision: String, Sendable, Codable, CaseIterable {
    /// IEEE 754 binary32 throughout.
    case float32 = "fp32"
    /// bfloat16 weights and activations, float32 biases, sums and last pooling. About half the time of float32.
    case bfloat16 = "bf16"

    /// bfloat16 where the CPU multiplies it natively, else float32.
    public static var fastestSupported: Precision {
        bfloat16.isSupported ? .bfloat16 : .float32
    }

    /// Whether this CPU has instructions for it; float32 always does. Emulated bfloat16, slower than float32, counts as no.
    public var isSupported: Bool {
        switch self {
        case .float32: true
        case .bfloat16: OneDNN.multipliesBFloat16
        }
    }
}
