import SystemPackage

/// A safetensors file of weights: mapped, its header checked, its tensors read as float32.
final class Safetensors {
    private let file: MappedFile
    private let header: SafetensorsHeader

    var path: FilePath { file.path }

    /// Maps the file and checks its header.
    init(_ path: FilePath) throws(EmbeddingError) {
        file = try MappedFile(path)
        do throws(SafetensorsHeader.Damage) {
            header = try SafetensorsHeader(file.bytes)
        } catch {
            throw .notSafetensors(path, reason: error.reason)
        }
    }

    /// Checks that the file has a tensor of this name, of this shape and of a type that can be read.
    func check(_ name: String, shape: [Int]) throws(EmbeddingError) {
        guard let tensor = header.tensors[name] else { throw .missingTensor(path, name: name) }
        guard tensor.shape == shape else {
            throw .wrongShape(path, name: name, have: tensor.shape, need: shape)
        }
        guard ["F32", "F16"].contains(tensor.type) else {
            throw .unsupportedType(path, name: name, type: tensor.type)
        }
    }

    /// The values of a tensor.
    ///
    /// - Precondition: ``check(_:shape:)`` passed for this name.
    func values(_ name: String) throws(EmbeddingError) -> [Float] {
        let count = count(of: name)
        var isFinite = true
        let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            isFinite = read(name, elements: 0..<count, times: 1, into: buffer)
            initialized = count
        }
        guard isFinite else { throw .weightsNotFinite(path, name: name) }
        return values
    }

    /// Writes `elements` of a tensor, each times `factor`, to the start of `destination`; false when one of them, or a
    /// product, is not finite.
    ///
    /// - Precondition: ``check(_:shape:)`` passed for this name; the elements exist and `destination` holds them.
    func read(
        _ name: String, elements: Range<Int>, times factor: Float, into destination: UnsafeMutableBufferPointer<Float>
    ) -> Bool {
        guard let tensor = header.tensors[name] else { return false }
        precondition(elements.upperBound <= count(of: name) && destination.count >= elements.count)
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range])
        guard let source = bytes.baseAddress, let start = destination.baseAddress else { return true }
        return tensor.type == "F16"
            ? scaleHalves(source + 2 * elements.lowerBound, elements.count, by: factor, into: start)
            : scaleFloats(source + 4 * elements.lowerBound, elements.count, by: factor, into: start)
    }

    private func count(of name: String) -> Int {
        header.tensors[name]?.shape.reduce(1, *) ?? 0
    }
}
