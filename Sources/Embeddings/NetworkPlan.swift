/// The primitives of the network for one batch size, in order, and the buffers that they read and write.
///
/// Four buffers are enough for ResNet-50: a block's input, a shortcut of another shape, and what the first and second
/// convolution give; the third adds into the shortcut, which becomes the next block's input.
struct NetworkPlan {
    /// Where a tensor lives while the network runs.
    enum Place: Hashable {
        case input, output
        case buffer(Int)
    }

    /// A primitive with the places of its source and destination; a convolution also names its layer.
    struct Entry {
        let name: String
        let primitive: Primitive
        let layer: ConvolutionLayer?
        let source: Place
        let destination: Place
    }

    private(set) var entries: [Entry] = []
    private let engine: OneDNNEngine
    let batch: Int
    private let type: ElementType

    private static let reordered = 4

    /// Chooses layouts and generates the code of all primitives.
    init(batch: Int, precision: Precision, on engine: OneDNNEngine) throws(EmbeddingError) {
        self.engine = engine
        self.batch = batch
        type = precision == .bfloat16 ? .bfloat16 : .float32
        let side = Preprocessing.side
        var current = Value(place: .input, layout: try .rowMajor([batch, 3, side, side], .float32), side: side)
        current = try convolve(ResNet50Architecture.stem, current, into: .buffer(1))
        current = try poolMaximum(current, into: .buffer(0))
        for block in ResNet50Architecture.blocks { current = try append(block, current) }
        try poolAverage(current)
    }

    /// Every convolution's primitive, by its layer's name.
    var convolutions: [String: Primitive] {
        Dictionary(
            entries.compactMap { entry in entry.layer.map { ($0.name, entry.primitive) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// Bytes that each buffer needs: for the largest tensor that ever lies there.
    var bufferSizes: [Int: Int] {
        var sizes: [Int: Int] = [:]
        for entry in entries {
            for (place, layout) in [
                (entry.source, entry.primitive.source), (entry.destination, entry.primitive.destination),
            ] {
                if case .buffer(let number) = place { sizes[number] = max(sizes[number] ?? 0, layout.byteCount) }
            }
        }
        return sizes
    }

    /// A tensor between two primitives: batch × channels × side × side.
    private struct Value {
        let place: Place
        let layout: TensorLayout
        let side: Int
    }

    private mutating func append(_ block: Bottleneck, _ input: Value) throws(EmbeddingError) -> Value {
        // The block's input lies in buffer 0 or 3; a shortcut of another shape goes to the other of the two.
        let other: Place = input.place == .buffer(0) ? .buffer(3) : .buffer(0)
        var shortcut = input
        if let layer = block.shortcut { shortcut = try convolve(layer, input, into: other) }
        let reduced = try convolve(block.reduce, input, into: .buffer(1))
        let spatial = try convolve(block.spatial, reduced, into: .buffer(2))
        return try convolve(block.expand, spatial, into: shortcut.place, addingTo: shortcut.layout)
    }

    private mutating func convolve(
        _ layer: ConvolutionLayer, _ input: Value, into place: Place, addingTo shortcut: TensorLayout? = nil
    ) throws(EmbeddingError) -> Value {
        let side = (input.side + 2 * layer.padding - layer.kernel) / layer.stride + 1
        let output = try TensorLayout.any([batch, layer.outputChannels, side, side], type)
        let primitive = try Primitive.convolution(
            layer, source: .any([batch, layer.inputChannels, input.side, input.side], type),
            weights: .any(layer.shape, type), bias: .rowMajor([layer.outputChannels], .float32),
            destination: shortcut ?? output, on: engine)
        let source = try reorder(input, to: primitive.source, before: layer.name)
        entries.append(
            Entry(name: layer.name, primitive: primitive, layer: layer, source: source.place, destination: place))
        return Value(place: place, layout: primitive.destination, side: side)
    }

    private mutating func poolMaximum(_ input: Value, into place: Place) throws(EmbeddingError) -> Value {
        let side = (input.side + 2 - 3) / 2 + 1
        let channels = ResNet50Architecture.stem.outputChannels
        let primitive = try Primitive.pooling(
            .maximum, kernel: 3, stride: 2, padding: 1, source: input.layout,
            destination: .any([batch, channels, side, side], type), on: engine)
        entries.append(
            Entry(name: "maxpool", primitive: primitive, layer: nil, source: input.place, destination: place))
        return Value(place: place, layout: primitive.destination, side: side)
    }

    /// The mean of each channel, in float32 whatever the network's precision, row-major at the output.
    private mutating func poolAverage(_ input: Value) throws(EmbeddingError) {
        let widened = try reorder(input, to: input.layout.with(.float32), before: "avgpool")
        let extents = [batch, ResNet50Architecture.dimension, 1, 1]
        let primitive = try Primitive.pooling(
            .average, kernel: input.side, stride: 1, padding: 0, source: widened.layout,
            destination: .any(extents, .float32), on: engine)
        let pooled = Value(place: .buffer(1), layout: primitive.destination, side: 1)
        let output = try TensorLayout.rowMajor(extents, .float32)
        if pooled.layout == output {
            entries.append(
                Entry(name: "avgpool", primitive: primitive, layer: nil, source: widened.place, destination: .output))
            return
        }
        entries.append(
            Entry(name: "avgpool", primitive: primitive, layer: nil, source: widened.place, destination: pooled.place))
        entries.append(
            Entry(
                name: "reorder after avgpool", primitive: try .reorder(from: pooled.layout, to: output, on: engine),
                layer: nil, source: pooled.place, destination: .output))
    }

    /// The tensor in the layout that an operation wants: itself where it has that already.
    private mutating func reorder(
        _ input: Value, to layout: TensorLayout, before name: String
    ) throws(EmbeddingError) -> Value {
        if input.layout == layout { return input }
        let place = Place.buffer(Self.reordered)
        entries.append(
            Entry(
                name: "reorder before \(name)", primitive: try .reorder(from: input.layout, to: layout, on: engine),
                layer: nil, source: input.place, destination: place))
        return Value(place: place, layout: layout, side: input.side)
    }
}
