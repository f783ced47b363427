import Faults
import FoundationEssentials
import SystemPackage

/// What can be wrong with a command as a whole.
enum CommandFault: Fault {
    case noModel
    case noSuchModel(String, known: [String])
    case weightsNotHere(model: String, sha256: String)
    case nothingToAsk
    case nothingIndexed(model: String)
    case everyInputFailed(count: Int)
    case downloadFailed(url: String, reason: String)
    case pinChanged(url: String, pinned: String, got: String)
    case notInstalled(program: String, package: String)
    case databaseIsGiven(url: String)

    var message: String {
        switch self {
        case .noModel: "no model is known: there is nothing to compute embeddings with"
        case .noSuchModel(let name, let known):
            "there is no model \"\(name)\"; the catalog has \(known.isEmpty ? "none" : known.joined(separator: ", "))"
        case .weightsNotHere(let model, let sha256):
            "the weights of model \(model) are not on this machine (SHA-256 \(sha256.prefix(12))…)"
        case .nothingIndexed(let model): "there is no index of model \(model) with rows to compare"
        case .nothingToAsk: "a query needs an image file or --id"
        case .everyInputFailed(let count):
            count == 1 ? "the one input could not be used" : "none of the \(count) inputs could be used"
        case .downloadFailed(let url, let reason): "\(withoutSecrets(url)) was not downloaded: \(reason)"
        case .pinChanged(let url, let pinned, let got):
            "\(withoutSecrets(url)) has SHA-256 \(got), not \(pinned), which it had the first time"
        case .notInstalled(let program, _): "\(program) is not installed"
        case .databaseIsGiven(let url): "the database in use is \(url), not the private one of the home"
        }
    }

    var hint: String? {
        switch self {
        case .noModel:
            "Get ResNet-50: likeness model fetch, or likeness model add FILE.safetensors; "
                + "without a network: --model structure-2048, for copies and near-duplicates"
        case .noSuchModel: "See what there is: likeness model list"
        case .weightsNotHere: "Name the file: likeness model add FILE.safetensors"
        case .nothingIndexed:
            "Create one and fill it: likeness index create default --type flat && likeness sync --once"
        case .nothingToAsk: "likeness query PICTURE.jpg"
        case .everyInputFailed: nil
        case .downloadFailed:
            "Download it elsewhere, then: likeness model add FILE.safetensors; "
                + "without weights: --model structure-2048, for copies and near-duplicates"
        case .notInstalled(_, let package): "Install it: apt-get install \(package)"
        case .databaseIsGiven: "Leave out --database-url, and unset DATABASE_URL and the PG* variables"
        case .pinChanged: "If the new file is meant: likeness model fetch --accept-changed"
        }
    }

    var recovery: Recovery {
        if case .downloadFailed = self { .retryLater } else { .askOperator }
    }

    var exitStatus: ExitStatus {
        if case .nothingToAsk = self { .usage } else { .failed }
    }
}

/// A URL without the parts that may hold a password or a token.
func withoutSecrets(_ url: String) -> String {
    guard var parts = URLComponents(string: url) else { return "the URL" }
    parts.user = nil
    parts.password = nil
    parts.query = nil
    return parts.string ?? "the URL"
}
