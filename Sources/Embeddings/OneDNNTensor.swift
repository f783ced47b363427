import COneDNN
import Glibc

/// The types of tensor elements in use here.
enum ElementType: Sendable {
    case float32, bfloat16

    fileprivate var code: dnnl_data_type_t {
        switch self {
        case .float32: dnnl_f32
        case .bfloat16: dnnl_bf16
        }
    }
}

/// A tensor's extents, element type and place of each element in memory: oneDNN's memory descriptor.
struct TensorLayout: Equatable {
    var descriptor: dnnl_memory_desc_t

    init(_ descriptor: dnnl_memory_desc_t) { self.descriptor = descriptor }

    /// The order of elements that oneDNN likes best for the operation at hand.
    static func any(_ extents: [Int], _ type: ElementType) throws(EmbeddingError) -> TensorLayout {
        try TensorLayout(extents, type, dnnl_format_tag_any)
    }

    /// Row-major: the last extent's elements lie next to each other.
    static func rowMajor(_ extents: [Int], _ type: ElementType) throws(EmbeddingError) -> TensorLayout {
        try TensorLayout(extents, type, extents.count == 1 ? dnnl_a : dnnl_abcd)
    }

    private init(_ extents: [Int], _ type: ElementType, _ tag: dnnl_format_tag_t) throws(EmbeddingError) {
        var descriptor = dnnl_memory_desc_t()
        try check(
            dnnl_memory_desc_init_by_tag(&descriptor, Int32(extents.count), extents.map(Int64.init), type.code, tag),
            "a tensor of \(extents)")
        self.init(descriptor)
    }

    /// The same order of elements with another element type.
    func with(_ type: ElementType) -> TensorLayout {
        var copy = descriptor
        copy.data_type = type.code
        return TensorLayout(copy)
    }

    /// Bytes that a tensor takes, padding included; 0 for a tensor that an operation does not need.
    var byteCount: Int { withUnsafePointer(to: descriptor) { dnnl_memory_desc_get_size($0) } }

    static func == (left: TensorLayout, right: TensorLayout) -> Bool {
        withUnsafePointer(to: left.descriptor) { left in
            withUnsafePointer(to: right.descriptor) { right in dnnl_memory_desc_equal(left, right) != 0 }
        }
    }
}

/// A tensor: a layout over memory that a ``TensorStorage`` owns.
final class Tensor {
    let handle: dnnl_memory_t
    let layout: TensorLayout
    let storage: TensorStorage

    /// A tensor at a place of the storage, which it holds alive.
    ///
    /// - Precondition: `offset` is a multiple of 64, and the tensor ends inside the storage.
    init(_ layout: TensorLayout, in storage: TensorStorage, at offset: Int = 0, on engine: OneDNNEngine)
        throws(EmbeddingError)
    {
        precondition(offset % 64 == 0 && offset + layout.byteCount <= storage.byteCount)
        self.layout = layout
        self.storage = storage
        let base = storage.base + offset
        handle = try created("a tensor") { handle in
            withUnsafePointer(to: layout.descriptor) { dnnl_memory_create(&handle, $0, engine.handle, base) }
        }
    }

    deinit { dnnl_memory_destroy(handle) }

    /// Lets the tensor read from or write to memory of the caller instead, who keeps it alive meanwhile.
    func point(to memory: UnsafeMutableRawPointer) throws(EmbeddingError) {
        try check(dnnl_memory_set_data_handle(handle, memory), "other memory of a tensor")
    }
}

/// Zeroed memory from the system, page-aligned, in huge pages where there are such, returned with its owner.
final class TensorStorage {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) throws(EmbeddingError) {
        let size = max(byteCount, 1)
        let start = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED else { throw .outOfMemory(bytes: size) }
        // Advice only: a kernel without huge pages serves small ones.
        _ = madvise(start, size, MADV_HUGEPAGE)
        base = start
        self.byteCount = size
    }

    deinit { munmap(base, byteCount) }

    /// The memory as float32 values.
    var floats: UnsafeMutableBufferPointer<Float> {
        let count = byteCount / MemoryLayout<Float>.stride
        return UnsafeMutableBufferPointer(start: base.bindMemory(to: Float.self, capacity: count), count: count)
    }
}
