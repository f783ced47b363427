public import Faults
public import SystemPackage

/// Why the vector indexes refused something.
public enum IndexError: Fault, Equatable {
    /// There is no index of this name; `have` are the names that there are.
    case noSuchIndex(String, have: [String])
    /// The name is taken.
    case indexExists(String)
    /// The name breaks the rules that ``IndexSpecification/name`` states.
    case unusableName(String)
    /// This version cannot create indexes of the type.
    case typeUnavailable(IndexType)
    /// The type has no parameter of this name.
    case unknownParameter(String, type: IndexType)
    /// Codes of `by` parts need a dimension that can be cut into as many of one length.
    case indivisible(dimension: Int, by: Int)
    /// The number of numbers in a vector differs from the store's.
    case dimensionMismatch(expected: Int, got: Int)
    /// The values do not make up one vector an id.
    case valueCountMismatch(ids: Int, values: Int, dimension: Int)
    /// A dimension, model name or number of rows outside what a store can have.
    case outOfRange(name: String, value: Int, allowed: ClosedRange<Int>)
    /// The model's name cannot name a folder.
    case unusableModelName(String)
    /// A vector to be stored holds an infinity or a NaN at `component`, counted from 0.
    case notFinite(id: VectorID, component: Int)
    /// A query, counted from 0, holds an infinity or a NaN.
    case queryNotFinite(query: Int, component: Int)
    /// The store holds vectors of another model.
    case wrongModel(have: StoreIdentity, need: StoreIdentity)
    /// The folder is another store's.
    case wrongStore(have: String, need: String)
    /// A file is missing, too short, or differs from its checksum; `what` says which.
    case damaged(FilePath, what: String)
    /// The file was written by a later version.
    case newerFormat(FilePath, have: Int, know: Int)
    /// Another process writes to the store; `by` is what it says of itself.
    case locked(FilePath, by: String)
    /// A writer with a higher fencing number, or a later publication, has taken the store over.
    case fenced(have: UInt64, need: UInt64)
    /// The system refused an operation on a file.
    case file(FileOperation, FilePath, Errno)
    /// faiss refused, or there is not enough memory for it.
    case native(String)
    /// The writer has been closed.
    case closed(FilePath)
    /// The building of an index was ended before it was complete, because somebody asked for that.
    case cancelled(String)

    /// What was being done to a file.
    public enum FileOperation: String, Sendable {
        case read, write, map, lock, list
        /// Telling the disk to keep what was written. After this failed nobody knows what the disk holds.
        case synchronize
    }
}

extension IndexError {
    /// What was refused, with both values of a mismatch.
    public var message: String {
        switch self {
        case .noSuchIndex(let name, _): "there is no index \(quoted(name))"
        case .indexExists(let name): "there is already an index \(quoted(name))"
        case .unusableName(let name): "\(quoted(name)) cannot name an index"
        case .typeUnavailable(let type): "indexes of type \(type.rawValue) cannot be created by this version"
        case .unknownParameter(let name, let type): "an index of type \(type.rawValue) has no parameter \(quoted(name))"
        case .indivisible(let dimension, let m): "m must divide the dimension \(dimension), not \(m)"
        case .dimensionMismatch(let expected, let got): "expected \(expected) dimensions, not \(got)"
        case .valueCountMismatch(let ids, let values, let dimension):
            "\(ids) vectors of \(dimension) dimensions have \(ids * dimension) values, not \(values)"
        case .outOfRange(let name, let value, let allowed):
            "\(name) must be from \(allowed.lowerBound) to \(allowed.upperBound), not \(value)"
        case .unusableModelName(let name): "model name \(quoted(name)) cannot name a folder"
        case .notFinite(let id, let component):
            "the vector of id \(id.rawValue) has a value that is not finite at position \(component)"
        case .queryNotFinite(let query, let component):
            "query \(query) has a value that is not finite at position \(component)"
        case .wrongModel(let have, let need): wrongModelMessage(have, need)
        case .wrongStore(let have, let need): "the index files belong to store \(have), not \(need)"
        case .damaged(let file, let what): "\(printableName(file)) \(what)"
        case .newerFormat(let file, let have, let know):
            "\(printableName(file)) has format \(have), but this version knows formats up to \(know)"
        case .locked(let folder, let by): "the indexes in \(printableName(folder)) are being written by \(by)"
        case .fenced(let have, let need):
            "a writer with fencing number \(have) has taken over the indexes from the one with \(need)"
        case .file(let operation, let file, let errno):
            "cannot \(operation.rawValue) \(printableName(file)): \(words(errno))"
        case .native(let text): "faiss: \(text)"
        case .cancelled(let name): "the building of index \(quoted(name)) was cancelled"
        case .closed(let folder): "the writer of \(printableName(folder)) is closed"
        }
    }

    /// What there is instead, or what the rule is.
    public var detail: String? {
        switch self {
        case .noSuchIndex(_, let have) where have.isEmpty: "There is no index at all."
        case .noSuchIndex(_, let have): "There are: \(have.joined(separator: ", "))."
        case .unusableName:
            "A name has 1 to 63 of the characters a to z, 0 to 9, _ and -, and is not \(StoreLayout.vectorsFolder)."
        case .unusableModelName: "It needs 1 to 100 letters, digits, dots, _ and -, the first of them no dot."
        case .typeUnavailable: "There is: \(IndexType.allCases.map(\.rawValue).joined(separator: ", "))."
        case .unknownParameter(_, let type):
            IndexParameters.names(of: type).isEmpty
                ? "It has none." : "It has: \(IndexParameters.names(of: type).map(\.rawValue).joined(separator: ", "))."
        case .wrongModel(let have, let need) where have.model == need.model:
            "The indexes hold vectors of \(have.modelIdentity); the catalog's model is \(need.modelIdentity)."
        case .file(_, _, .noSpace): "What was published before is intact."
        default: nil
        }
    }

    /// The command that mends it.
    public var hint: String? {
        switch self {
        case .noSuchIndex(let name, let have) where have.isEmpty:
            IndexSpecification.isUsable(name: name)
                ? "Create it: likeness index create \(name) --type flat" : "List the indexes: likeness index list"
        case .noSuchIndex: "List the indexes: likeness index list"
        case .indexExists(let name): "Drop it first: likeness index drop \(name)"
        case .typeUnavailable: "Create a flat index: likeness index create NAME --type flat"
        case .indivisible(let dimension, let m): "Use " + nearestDivisors(of: dimension, to: m)
        case .damaged: rebuildHint
        case .newerFormat:
            "Use the version of Likeness that wrote it, or remove the folder: it can be made anew from PostgreSQL"
        case .wrongModel, .wrongStore: rebuildHint
        case .locked: "Try again when it has ended"
        case .file(_, let file, .noSpace): "Make room: df -h \(printableName(file.removingLastComponent()))"
        default: nil
        }
    }

    /// Damaged files are rebuilt; a full disk or a held lock may pass; vectors that do not fit are set aside.
    public var recovery: Recovery {
        switch self {
        case .damaged, .wrongModel, .wrongStore: .rebuildIndex
        case .locked: .retryLater
        case .file(_, _, let errno): Self.passes(errno) ? .retryLater : .askOperator
        case .native: .retryLater
        case .dimensionMismatch, .valueCountMismatch, .notFinite, .queryNotFinite: .quarantineItem
        default: .askOperator
        }
    }

    /// 75 when somebody else writes, 73 when nothing can be written, 64 for what a person asked for wrongly, else 1.
    public var exitStatus: ExitStatus {
        switch self {
        case .locked, .fenced: .tryAgain
        case .file(.write, _, _), .file(.synchronize, _, _), .file(.lock, _, _): .cannotWrite
        case .unusableName, .typeUnavailable, .unknownParameter, .outOfRange, .indivisible: .usage
        default: .failed
        }
    }

    /// The system's code; nil for what is not an operation on a file.
    var errno: Errno? {
        if case .file(_, _, let errno) = self { errno } else { nil }
    }

    /// Whether the cause may go away without anybody's doing anything to these files.
    private static func passes(_ errno: Errno) -> Bool {
        [.noSpace, .diskQuotaExceeded, .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory].contains(errno)
    }
}

private let rebuildHint = "Rebuild the files from PostgreSQL: likeness verify --repair"

/// The divisors on both sides of `m`, the nearer one first: `--m 64 or --m 32`.
private func nearestDivisors(of dimension: Int, to m: Int) -> String {
    let all = divisors(of: max(1, dimension))
    return [all.last { $0 < m }, all.first { $0 > m }].compactMap { $0 }
        .sorted { abs($0 - m) < abs($1 - m) }.map { "--m \($0)" }.joined(separator: " or ")
}

private func wrongModelMessage(_ have: StoreIdentity, _ need: StoreIdentity) -> String {
    if have.model != need.model {
        return
            "the indexes hold vectors of model \(printableName(have.model.utf8)), not \(printableName(need.model.utf8))"
    }
    if have.dimension != need.dimension {
        return "the indexes hold vectors of \(have.dimension) dimensions, not \(need.dimension)"
    }
    return "the indexes were made with other weights or preprocessing of model \(printableName(need.model.utf8))"
}

private func quoted(_ name: String) -> String { "\"\(printableName(name.utf8))\"" }

/// The system's words for an error, with a small letter first, since they follow a colon.
private func words(_ errno: Errno) -> String {
    let text = errno.description
    return text.prefix(1).lowercased() + text.dropFirst()
}
