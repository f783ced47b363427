import COneDNN

/// An operation with code generated for its exact shapes, and the layouts that oneDNN chose for it.
final class Primitive {
    let handle: dnnl_primitive_t
    let source: TensorLayout
    /// Has no bytes for operations without weights.
    let weights: TensorLayout
    let destination: TensorLayout
    /// Working memory of one execution; may have no bytes.
    let scratchpad: TensorLayout
    /// oneDNN's name of the code that it chose: `jit:avx512_core`.
    let implementation: String

    /// Takes over a primitive descriptor and generates the code.
    private init(_ name: String, descriptor: dnnl_primitive_desc_t) throws(EmbeddingError) {
        defer { dnnl_primitive_desc_destroy(descriptor) }
        func layout(_ what: dnnl_query_t) -> TensorLayout {
            let found = dnnl_primitive_desc_query_md(descriptor, what, 0)
            return TensorLayout(found?.pointee ?? dnnl_memory_desc_t())
        }
        source = layout(dnnl_query_src_md)
        weights = layout(dnnl_query_weights_md)
        destination = layout(dnnl_query_dst_md)
        scratchpad = layout(dnnl_query_scratchpad_md)
        var text: UnsafePointer<CChar>?
        dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, &text)
        implementation = text.map { String(cString: $0) } ?? "unnamed"
        handle = try created(name) { dnnl_primitive_create(&$0, descriptor) }
    }

    deinit { dnnl_primitive_destroy(handle) }

    /// A convolution with bias and what follows it fused in.
    ///
    /// - Parameters:
    ///   - source: batch × input channels × rows × columns.
    ///   - weights: output channels × input channels × kernel × kernel.
    ///   - destination: batch × output channels × rows × columns; for a residual sum with the exact layout of the
    ///     shortcut, which the destination holds before the run.
    static func convolution(
        _ layer: ConvolutionLayer, source: TensorLayout, weights: TensorLayout, bias: TensorLayout,
        destination: TensorLayout, on engine: OneDNNEngine
    ) throws(EmbeddingError) -> Primitive {
        var operation = dnnl_convolution_desc_t()
        var (source, weights, bias, destination) = (
            source.descriptor, weights.descriptor, bias.descriptor, destination.descriptor
        )
        let stride = [Int64](repeating: Int64(layer.stride), count: 2)
        let padding = [Int64](repeating: Int64(layer.padding), count: 2)
        try check(
            dnnl_convolution_forward_desc_init(
                &operation, dnnl_forward_inference, dnnl_convolution_auto, &source, &weights, &bias, &destination,
                stride, padding, padding), layer.name)
        let attributes = try Attributes(ending: layer.ending)
        return try withUnsafePointer(to: operation) { pointer throws(EmbeddingError) in
            try create(layer.name, pointer, attributes, engine)
        }
    }

    /// How a pooling makes one value of many.
    enum Pooling { case maximum, average }

    /// A pooling over square windows.
    ///
    /// - Parameters:
    ///   - source: batch × channels × rows × columns, in an exact layout.
    ///   - destination: batch × channels × rows × columns.
    static func pooling(
        _ kind: Pooling, kernel: Int, stride: Int, padding: Int, source: TensorLayout, destination: TensorLayout,
        on engine: OneDNNEngine
    ) throws(EmbeddingError) -> Primitive {
        var operation = dnnl_pooling_desc_t()
        var (source, destination) = (source.descriptor, destination.descriptor)
        let kernel = [Int64](repeating: Int64(kernel), count: 2)
        let stride = [Int64](repeating: Int64(stride), count: 2)
        let padding = [Int64](repeating: Int64(padding), count: 2)
        let algorithm =
            switch kind {
            case .maximum: dnnl_pooling_max
            case .average: dnnl_pooling_avg_exclude_padding
            }
        try check(
            dnnl_pooling_forward_desc_init(
                &operation, dnnl_forward_inference, algorithm, &source, &destination, stride, kernel, padding, padding),
            "pooling")
        let attributes = try Attributes(ending: .nothing)
        return try withUnsafePointer(to: operation) { pointer throws(EmbeddingError) in
            try create("pooling", pointer, attributes, engine)
        }
    }

    /// A copy into another order of elements or another element type.
    static func reorder(
        from source: TensorLayout, to destination: TensorLayout, on engine: OneDNNEngine
    ) throws(EmbeddingError) -> Primitive {
        var (source, destination) = (source.descriptor, destination.descriptor)
        let attributes = try Attributes(ending: .nothing)
        let descriptor = try created("a reorder") {
            dnnl_reorder_primitive_desc_create(
                &$0, &source, engine.handle, &destination, engine.handle, attributes.handle)
        }
        return try Primitive("a reorder", descriptor: descriptor)
    }

    private static func create(
        _ name: String, _ operation: UnsafeRawPointer, _ attributes: Attributes, _ engine: OneDNNEngine
    ) throws(EmbeddingError) -> Primitive {
        let descriptor = try created(name) {
            dnnl_primitive_desc_create(&$0, operation, attributes.handle, engine.handle, nil)
        }
        return try Primitive(name, descriptor: descriptor)
    }
}

/// What is fused into a primitive; the caller provides the scratchpad.
private final class Attributes {
    let handle: dnnl_primitive_attr_t

    init(ending: ConvolutionLayer.Ending) throws(EmbeddingError) {
        handle = try created("primitive attributes") { dnnl_primitive_attr_create(&$0) }
        try check(
            dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user), "a scratchpad of the caller")
        let operations = try created("fused operations") { dnnl_post_ops_create(&$0) }
        defer { dnnl_post_ops_destroy(operations) }
        switch ending {
        case .nothing: return
        case .relu: break
        case .residualSumThenRelu: try check(dnnl_post_ops_append_sum(operations, 1), "a fused sum")
        }
        try check(dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0), "a fused ReLU")
        try check(dnnl_primitive_attr_set_post_ops(handle, operations), "fused operations")
    }

    deinit { dnnl_primitive_attr_destroy(handle) }
}
