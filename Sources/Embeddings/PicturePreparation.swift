import Imaging

/// What turns an upright picture into a model's input; needs none of the model's weights.
///
/// Whoever decodes pictures is told by its raw value alone what to make of them, in another process too.
public enum PicturePreparation: RawRepresentable, Sendable, Hashable {
    /// The input of a network trained on ImageNet.
    case imageNet(Preprocessing)
    /// The input of ``StructureDescriptor``.
    case structure

    /// The preparation of a name that ``EmbeddingModel/preprocessing`` may have; nil for any other.
    public init?(rawValue: String) {
        if rawValue == StructureCells.preparationName {
            self = .structure
        } else if let preprocessing = Preprocessing(rawValue: rawValue) {
            self = .imageNet(preprocessing)
        } else {
            return nil
        }
    }

    /// The name that is part of the model's identity.
    public var rawValue: String {
        switch self {
        case .imageNet(let preprocessing): preprocessing.rawValue
        case .structure: StructureCells.preparationName
        }
    }

    /// float32 values in one prepared picture.
    public var inputLength: Int {
        switch self {
        case .imageNet: Preprocessing.inputLength
        case .structure: StructureCells.inputLength
        }
    }

    /// The smallest scale at which a picture may be decoded without the embedding changing noticeably.
    public var decodeScale: DecodeScale {
        switch self {
        case .imageNet(let preprocessing): preprocessing.decodeScale
        case .structure: .atLeast(width: 2 * StructureCells.side, height: 2 * StructureCells.side)
        }
    }

    /// Writes the model's input for one upright picture; on any thread, several at a time.
    ///
    /// - Precondition: `slot` has ``inputLength`` values.
    public func prepare(_ image: RGBImage, into slot: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .imageNet(let preprocessing): preprocessing.write(image, into: slot)
        case .structure: StructureCells.write(image, into: slot)
        }
    }
}
