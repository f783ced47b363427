public import Faults
public import Imaging
public import SystemPackage

/// Why no copy was made.
public enum AugmentationError: Fault, Equatable {
    /// A recipe that cannot be; `file` is its name for people.
    case recipe(RecipeProblem, file: String, line: Int)
    /// libjpeg could not write the copy, or read what it wrote.
    case notRendered(ImagingError)
    /// Under a copy's name lies a file that is another one.
    case otherFile(FilePath)
    /// The system refused to write.
    case file(FilePath, Errno)
}

extension AugmentationError {
    /// What was refused and where.
    public var message: String {
        switch self {
        case .recipe(let problem, let file, let line): "\(printableName(file.utf8)):\(line): \(problem.message)"
        case .notRendered(let error): error.message
        case .otherFile(let file): "\(printableName(file)) is there already and is not the copy to be written"
        case .file(let file, let errno): "cannot write \(printableName(file)): \(words(errno))"
        }
    }

    /// What there is instead.
    public var detail: String? {
        switch self {
        case .recipe(let problem, _, _): problem.detail
        case .file(_, .noSpace), .file(_, .diskQuotaExceeded):
            "The copies that are there are whole; the same command goes on from there."
        case .otherFile: "Another seed, recipe or parent gives other copies under the same names."
        default: nil
        }
    }

    /// The command that helps.
    public var hint: String? {
        switch self {
        case .recipe: "Begin with the one that is used when none is named: likeness augment --print-recipe"
        case .otherFile: "Choose another folder: likeness augment --output DIR"
        case .file(let file, .noSpace), .file(let file, .diskQuotaExceeded):
            "Make room: df -h '\(printableName(file.removingLastComponent()))'"
        case .file(let file, .permissionDenied):
            "Let this user write there: chmod u+rwx '\(printableName(file.removingLastComponent()))'"
        case .file, .notRendered: nil
        }
    }

    /// A full disk or a memory that is used up may pass.
    public var recovery: Recovery {
        switch self {
        case .file(_, .noSpace), .file(_, .diskQuotaExceeded), .notRendered: .retryLater
        default: .askOperator
        }
    }

    /// Bad recipes are a matter of use; the rest could not be written.
    public var exitStatus: ExitStatus {
        switch self {
        case .recipe: .usage
        case .notRendered: .failed
        case .otherFile, .file: .cannotWrite
        }
    }
}

private func words(_ errno: Errno) -> String {
    let words = errno.description
    return words.prefix(1).lowercased() + words.dropFirst()
}
