import Faults
import Glibc
import SystemPackage

/// What can go wrong between a weights file and an embedding.
public enum EmbeddingError: Fault, Equatable {
    /// There is no file of that name.
    case weightsMissing(FilePath)
    /// The system refuses to open, map or read the file; the reason is its own word for it.
    case weightsUnreadable(FilePath, reason: String)
    /// The file is not in the safetensors format, or it is damaged; the reason tells where.
    case notSafetensors(FilePath, reason: String)
    /// The file lacks a tensor that the network needs.
    case missingTensor(FilePath, name: String)
    /// A tensor has another shape than the network needs.
    case wrongShape(FilePath, name: String, have: [Int], need: [Int])
    /// A tensor has a type other than F32 and F16.
    case unsupportedType(FilePath, name: String, type: String)
    /// A tensor holds infinite values or NaN, alone or once batch norm is folded into it.
    case weightsNotFinite(FilePath, name: String)
    /// This CPU lacks the instructions that make the precision worth having.
    case precisionUnsupported(Precision, instructionSet: String)
    /// A batch prepared for another model: its pictures have `have` values, not `need`.
    case wrongBatch(have: Int, need: Int)
    /// The prepared picture at this position of the batch holds values that no picture gives.
    case inputNotFinite(position: Int)
    /// The network gave an embedding that cannot be normalized, at this position of the batch.
    case embeddingNotFinite(position: Int)
    /// oneDNN refuses an operation.
    case oneDNN(status: String, operation: String)
    /// The system does not give that much memory.
    case outOfMemory(bytes: Int)

    /// What is wrong, in one line, with both values of a mismatch.
    public var message: String {
        switch self {
        case .weightsMissing(let path): "no weights file at \(printableName(path))"
        case .weightsUnreadable(let path, let reason): "weights file \(printableName(path)) cannot be read: \(reason)"
        case .notSafetensors(let path, let reason): "\(printableName(path)) is not a safetensors file: \(reason)"
        case .missingTensor(let path, let name): "\(printableName(path)) has no tensor \(printable(name))"
        case .wrongShape(let path, let name, let have, let need):
            "tensor \(printable(name)) of \(printableName(path)) has shape \(have), not \(need)"
        case .unsupportedType(let path, let name, let type):
            "tensor \(printable(name)) of \(printableName(path)) has type \(printable(type)), not F32 or F16"
        case .weightsNotFinite(let path, let name):
            "tensor \(printable(name)) of \(printableName(path)) holds values that are not finite"
        case .precisionUnsupported(let precision, let instructionSet):
            "precision \(precision.rawValue) needs a CPU with AVX-512 BF16, not \(instructionSet)"
        case .wrongBatch(let have, let need): "the batch has pictures of \(have) values, not \(need)"
        case .inputNotFinite(let position): "picture \(position) of the batch holds values that no picture gives"
        case .embeddingNotFinite(let position): "the embedding of picture \(position) of the batch is not finite"
        case .oneDNN(let status, let operation): "oneDNN answers \(status) to \(operation)"
        case .outOfMemory(let bytes): "the system does not give \(bytes) bytes of memory"
        }
    }

    /// What the mismatch means, where that helps.
    public var detail: String? {
        switch self {
        case .missingTensor, .wrongShape:
            "ResNet-50 needs the tensors of torchvision's resnet50, under torchvision's names."
        case .precisionUnsupported: "Embeddings of two precisions are never stored under one model."
        default: nil
        }
    }

    /// The command that leads on.
    public var hint: String? {
        switch self {
        case .weightsMissing, .weightsUnreadable, .notSafetensors, .missingTensor, .wrongShape, .unsupportedType,
            .weightsNotFinite:
            "Get ImageNet weights that fit: likeness model fetch"
        case .precisionUnsupported:
            "Register the other precision: likeness model add FILE --precision \(Precision.float32.rawValue)"
        case .wrongBatch, .inputNotFinite, .embeddingNotFinite, .outOfMemory: nil
        case .oneDNN: "See what this machine has: likeness doctor"
        }
    }

    /// Memory may come back; a picture without an embedding is set aside; all else needs a person.
    public var recovery: Recovery {
        switch self {
        case .outOfMemory: .retryLater
        case .inputNotFinite, .embeddingNotFinite: .quarantineItem
        default: .askOperator
        }
    }
}

private func printable(_ text: String) -> String { printableName(text.utf8) }
