import COneDNN

/// What oneDNN says of this machine, and how many threads it uses.
enum OneDNN {
    /// The instruction sets that oneDNN tells apart, newest first, each with the bits of those it includes.
    private static let instructionSets: [(bits: dnnl_cpu_isa_t, name: String)] = [
        (dnnl_cpu_isa_avx512_core_amx, "AVX-512 with AMX"),
        (dnnl_cpu_isa_avx512_core_bf16, "AVX-512 with BF16"),
        (dnnl_cpu_isa_avx512_core_vnni, "AVX-512 with VNNI"),
        (dnnl_cpu_isa_avx512_core, "AVX-512"),
        (dnnl_cpu_isa_avx2_vnni, "AVX2 with VNNI"),
        (dnnl_cpu_isa_avx2, "AVX2"),
        (dnnl_cpu_isa_avx, "AVX"),
        (dnnl_cpu_isa_sse41, "SSE4.1"),
    ]

    /// The best instruction set that this CPU has and oneDNN uses: `AVX-512 with BF16`.
    static var instructionSet: String {
        instructionSets.first { has($0.bits) }?.name ?? "none that oneDNN knows"
    }

    /// Whether the CPU has instructions that multiply bfloat16. oneDNN emulates them on other CPUs with AVX-512.
    static var multipliesBFloat16: Bool { has(dnnl_cpu_isa_avx512_core_bf16) }

    private static func has(_ bits: dnnl_cpu_isa_t) -> Bool {
        dnnl_get_effective_cpu_isa().rawValue & bits.rawValue == bits.rawValue
    }

    /// Sets how many threads oneDNN's work takes that the calling thread starts; other threads are not concerned.
    static func setThreadsOfThisThread(_ count: Int) { omp_set_num_threads(Int32(count)) }
}

/// The CPU as oneDNN's engine, with one in-order stream; used by one thread at a time.
///
/// Engines that share a handle can use the same tensors, each on a thread of its own.
final class OneDNNEngine {
    var handle: dnnl_engine_t { shared.handle }
    /// What an engine on another thread can be made of.
    let shared: EngineHandle
    private let stream: dnnl_stream_t

    convenience init() throws(EmbeddingError) { try self.init(EngineHandle()) }

    /// The same engine as others of this handle, with a stream of its own.
    init(_ shared: EngineHandle) throws(EmbeddingError) {
        let engine = shared.handle
        stream = try created("a stream") { dnnl_stream_create(&$0, engine, dnnl_stream_default_flags.rawValue) }
        self.shared = shared
    }

    deinit { dnnl_stream_destroy(stream) }

    /// Runs a primitive and waits for it. A CPU stream is synchronous: the call returns when the work is done.
    func run(_ step: Step) throws(EmbeddingError) {
        // oneDNN sees handles alone: what they stand for has to outlive the call, tensors that only this step has included.
        let status = withExtendedLifetime((step, self)) {
            step.arguments.withUnsafeBufferPointer { arguments in
                dnnl_primitive_execute(
                    step.primitive.handle, stream, Int32(arguments.count), arguments.baseAddress)
            }
        }
        try check(status, step.name)
    }
}

/// The handle of an engine, which oneDNN lets any thread use; destroyed with its last owner.
final class EngineHandle: Sendable {
    nonisolated(unsafe) let handle: dnnl_engine_t

    init() throws(EmbeddingError) {
        // Without the cache every network has primitives of its own. Those that two networks of one process shared gave
        // wrong results now and then when both were loaded at once on a busy machine (oneDNN 2.6.3).
        try check(dnnl_set_primitive_cache_capacity(0), "a cache for no primitives")
        handle = try created("the CPU's engine") { dnnl_engine_create(&$0, dnnl_cpu, 0) }
    }

    deinit { dnnl_engine_destroy(handle) }
}

/// A primitive with the tensors that it works on; holds both alive.
struct Step {
    let name: String
    let primitive: Primitive
    private let tensors: [Tensor]
    fileprivate let arguments: [dnnl_exec_arg_t]

    init(_ name: String, _ primitive: Primitive, _ bindings: [(role: TensorRole, tensor: Tensor)]) {
        self.name = name
        self.primitive = primitive
        tensors = bindings.map(\.tensor)
        arguments = bindings.map { dnnl_exec_arg_t(arg: $0.role.number, memory: $0.tensor.handle) }
    }
}

/// What a tensor is to a primitive.
enum TensorRole {
    case source, destination, weights, bias, scratchpad

    fileprivate var number: Int32 {
        switch self {
        case .source: DNNL_ARG_SRC
        case .destination: DNNL_ARG_DST
        case .weights: DNNL_ARG_WEIGHTS
        case .bias: DNNL_ARG_BIAS
        case .scratchpad: DNNL_ARG_SCRATCHPAD
        }
    }
}

/// Throws what oneDNN calls a status other than success.
func check(_ status: dnnl_status_t, _ operation: @autoclosure () -> String) throws(EmbeddingError) {
    guard status != dnnl_success else { return }
    throw .oneDNN(status: String(cString: dnnl_status2str(status)), operation: operation())
}

/// The handle that a oneDNN call writes; throws when the call or the handle says no.
func created(
    _ operation: @autoclosure () -> String, _ create: (inout OpaquePointer?) -> dnnl_status_t
) throws(EmbeddingError) -> OpaquePointer {
    var handle: OpaquePointer?
    try check(create(&handle), operation())
    guard let handle else { throw .oneDNN(status: "no handle", operation: operation()) }
    return handle
}
