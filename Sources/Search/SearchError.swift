import Catalog
import Faults

/// Why a question has no answer.
public enum SearchError: Fault, Equatable {
    /// The catalog has no index for the model.
    case noIndex(model: String)
    /// The catalog wants the index, but no store on this machine has it yet.
    case notBuilt(index: String, folder: String)
    /// The catalog has no such picture.
    case noSuchImage(ImageID)
    /// The picture has no embedding of this model.
    case notEmbedded(ImageID, model: String)
    /// The index belongs to another model than the one that was asked for.
    case indexOfAnotherModel(index: String, have: String, need: String)
    /// More changes are pending than can be searched beside the index.
    case tooManyUnseen(index: String, limit: Int)

    /// What is missing, with its name.
    public var message: String {
        switch self {
        case .noIndex(let model): "no index holds vectors of model \(model)"
        case .notBuilt(let index, let folder): "index \"\(index)\" is not in \(folder) yet"
        case .noSuchImage(let image): "the catalog has no image \(image)"
        case .notEmbedded(let image, let model): "image \(image) has no embedding of model \(model)"
        case .indexOfAnotherModel(let index, let have, let need):
            "index \"\(index)\" holds vectors of model \(have), not \(need)"
        case .tooManyUnseen(let index, let limit):
            "index \"\(index)\" has not seen more than \(limit) changes, the most that are searched beside it"
        }
    }

    /// The command that provides it.
    public var hint: String? {
        switch self {
        case .noIndex(let model):
            "Create one and build it: likeness index create NAME --type flat --model \(model) && likeness sync --once"
        case .notBuilt: "Build it: likeness sync --once"
        case .tooManyUnseen: "Bring it up to date: likeness sync --once"
        case .noSuchImage:
            "See which there are: likeness db psql -- -c 'select image_id, path from likeness.image_overview'"
        case .notEmbedded(_, let model): "Embed it: likeness ingest --model \(model) FOLDER"
        case .indexOfAnotherModel(_, let have, let need):
            "Ask with --model \(have), or create an index: likeness index create NAME --type flat --model \(need)"
        }
    }

    /// A question about one picture is set aside; an index may be built meanwhile.
    public var recovery: Recovery {
        switch self {
        case .noSuchImage, .notEmbedded: .quarantineItem
        case .notBuilt, .tooManyUnseen: .retryLater
        case .noIndex, .indexOfAnotherModel: .askOperator
        }
    }
}

/// One of several questions that has no answer, while the others have.
public struct FailedQuery: Sendable, CustomStringConvertible {
    /// What was asked with, for people.
    public let query: String
    /// Why it cannot be answered.
    public let fault: any Fault

    /// `error:` with the query and the reason, and the hint if there is one.
    public var description: String {
        let line = fault.message.contains(query) ? "error: \(fault.message)" : "error: \(query): \(fault.message)"
        return fault.hint.map { "\(line)\nhint: \($0)" } ?? line
    }
}
