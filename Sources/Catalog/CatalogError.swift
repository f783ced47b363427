import Faults

/// What can be wrong with a catalog, apart from the database itself.
public enum CatalogError: Fault, Equatable {
    /// The database has no schema of Likeness, or an older one than this build needs.
    case notMigrated(database: String?, build: String)
    /// The database was migrated by a newer Likeness.
    case tooNew(database: String, build: String)
    /// A file differs from the one that was applied.
    case edited(migration: String, applied: ContentDigest, build: ContentDigest)
    /// A migration is missing among those that were applied.
    case gap(missing: String, applied: String)
    /// The database does not speak UTF-8, and paths may hold anything that UTF-8 can.
    case wrongEncoding(have: String)
    /// Something that is not ours stands on a view that has to be replaced.
    case viewInUse(reason: String)

    /// A model of this name has another identity.
    case modelNameTaken(name: String, have: String, given: String)
    /// A model of this identity has another name.
    case modelHasAnotherName(name: String, given: String)
    /// No model has this name.
    case noSuchModel(name: String, known: [String])
    /// A vector that does not fit the model's dimension.
    case wrongDimension(have: Int, need: Int)

    /// An index of this name exists.
    case indexNameTaken(name: String)
    /// No index has this name.
    case noSuchIndex(name: String, known: [String])
    /// The policy of an index is not what ``IndexPolicy`` writes.
    case unreadablePolicy(String)
    /// The parameters of an index are not an object of whole numbers.
    case unreadableParameters(index: String, text: String)

    /// The folder is recorded with another marker than the one that lies in it now; nil: there is none now.
    case rootMarkerDiffers(folder: String, recorded: String, found: String?)
    /// The folder never was a root.
    case noSuchRoot(folder: String, known: [String])
    /// A daemon watches the root; `secondsAgo` it said so.
    case rootWatched(folder: String, by: String, secondsAgo: Int)
    /// This machine does not see the root, so that it can call nothing in it vanished.
    case rootUnavailable(folder: String, reason: String)

    /// A condition on a view that PostgreSQL does not understand, or that holds more than a condition; `mark` is its line
    /// with a caret below the place, when that is known.
    case wrongCondition(view: String, reason: String, mark: String?, advice: String?)
    /// A condition that took longer than it may.
    case conditionTooSlow(view: String, limit: Duration)
    /// A condition that does something that only reading the views does not need.
    case conditionRefused(reason: String)
    /// A superuser's conditions would run with all his rights, for the role that has fewer is not set up.
    case noReader
    /// No report has this name.
    case noSuchReport(name: String, nearest: [String])
    /// The catalog has no such picture: a number, or a path.
    case noSuchPicture(String)
    /// A picture was to be compared with itself.
    case samePicture(ImageID)

    /// Somebody else writes the index files.
    case storeLocked(folder: String, by: String?)
    /// The position was reached in another database.
    case positionOfAnotherCatalog(have: String, need: String)
    /// The changes after the position were pruned.
    case positionPruned(horizon: UInt64, prunedBelow: UInt64)

    /// What is wrong, in one line.
    public var message: String {
        switch self {
        case .notMigrated(let database?, let build): "the database is at \(database), this likeness needs \(build)"
        case .notMigrated(nil, _): "the database has no likeness schema"
        case .tooNew(let database, let build): "the database is at \(database), this likeness knows \(build)"
        case .edited(let migration, let applied, let build):
            "migration \(migration).sql was edited after it was applied: checksum \(applied.abbreviation)… applied, "
                + "\(build.abbreviation)… in this build"
        case .gap(let missing, let applied): "migration \(missing) was never applied, but the later \(applied) was"
        case .wrongEncoding(let have): "the database has the encoding \(have), not UTF8"
        case .viewInUse(let reason): "a view cannot be replaced: \(reason)"
        case .modelNameTaken(let name, let have, let given): "model \"\(name)\" is \(have), not \(given)"
        case .modelHasAnotherName(let name, let given): "this model is in the catalog as \"\(name)\", not \"\(given)\""
        case .noSuchModel(let name, let known):
            "no model \"\(name)\" is in the catalog, " + (known.isEmpty ? "nor any other" : "only " + list(known))
        case .wrongDimension(let have, let need): "a vector has \(have) dimensions, not \(need) as the model has"
        case .indexNameTaken(let name): "an index \"\(name)\" exists already"
        case .noSuchIndex(let name, let known):
            "no index \"\(name)\" is in the catalog, " + (known.isEmpty ? "nor any other" : "only " + list(known))
        case .unreadablePolicy(let text): "the policy \(text) of an index cannot be understood"
        case .unreadableParameters(let name, let text):
            "the parameters \(text) of index \"\(name)\" are not whole numbers by name"
        case .rootMarkerDiffers(let folder, let recorded, let found?):
            "the folder \(folder) has the marker \"\(found)\", the catalog knows it by \"\(recorded)\""
        case .rootMarkerDiffers(let folder, let recorded, nil):
            "the folder \(folder) has no marker, the catalog knows it by \"\(recorded)\""
        case .noSuchRoot(let folder, let known):
            "the folder \(folder) never was watched, " + (known.isEmpty ? "nor any other" : "only " + list(known))
        case .rootWatched(let folder, let daemon, _): "the folder \(folder) is watched by \(daemon)"
        case .rootUnavailable(let folder, let reason):
            "nothing in \(folder) can be called vanished while it is unavailable: \(reason)"
        case .wrongCondition(let view, let reason, _, _): "this is no condition on \(view): \(reason)"
        case .conditionTooSlow(let view, let limit): "the condition on \(view) took longer than \(seconds(limit)) s"
        case .conditionRefused(let reason): "a condition may only read the views: \(reason)"
        case .noReader: "the role likeness_reader cannot be used, and a superuser's condition could do anything"
        case .noSuchReport(let name, _): "there is no report \"\(name)\""
        case .noSuchPicture(let name): "no picture \(name) is in the catalog"
        case .samePicture(let image): "picture \(image) is one picture, not two to compare"
        case .storeLocked(let folder, let holder):
            "the index files in \(folder) are being written by \(holder ?? "somebody who has just ended")"
        case .positionOfAnotherCatalog(let have, let need):
            "the index files follow catalog \(have), the database holds catalog \(need)"
        case .positionPruned(let horizon, let prunedBelow):
            "the index files are at transaction \(horizon), changes before \(prunedBelow) were pruned"
        }
    }

    /// What helps to understand it; nil when the message says all.
    public var detail: String? {
        switch self {
        case .edited:
            "An applied migration is part of the database's history; another text would not say what is in it."
        case .positionOfAnotherCatalog:
            "Another database, or the same one restored from a backup: picture numbers may mean other pictures."
        case .rootMarkerDiffers(_, _, _?):
            "Another disk is mounted there, or the folder was replaced; the files of the one that is known are not touched."
        case .rootMarkerDiffers(_, _, nil):
            "As a rule its disk is not mounted; the files that are known there are not touched."
        case .rootWatched(_, _, let seconds):
            "The daemon said so \(seconds) s ago. One that was killed counts for two minutes."
        case .unreadablePolicy:
            "A policy is like {\"retrain_every\": \"7 days\", \"min_recall\": 0.95}: a time, and a recall above 0 to 1."
        case .unreadableParameters: "Parameters are like {\"nlist\": 100, \"nprobe\": 8}."
        case .wrongCondition(_, _, let mark, _): mark
        case .noSuchReport(_, let nearest) where !nearest.isEmpty: "Nearest to it: \(nearest.joined(separator: ", "))."
        case .samePicture: "Exact copies are one picture with several files."
        default: nil
        }
    }

    /// The command that helps; nil when none does.
    public var hint: String? {
        switch self {
        case .notMigrated: "Bring it up to date: likeness migrate"
        case .tooNew: "Install the likeness that migrated it, or give another database: --database-url URL"
        case .edited, .gap: "Use the likeness that migrated it, or give another database: --database-url URL"
        case .wrongEncoding: "Create one that has it: createdb --encoding UTF8 --template template0 likeness"
        case .viewInUse: "Drop what depends on it, migrate, and create it again: likeness migrate"
        case .modelNameTaken: "Give the new one a name of its own: likeness model add FILE --name NAME"
        case .modelHasAnotherName(let name, _): "Use it under its name: --model \(name)"
        case .noSuchModel: "See which there are: likeness model list"
        case .wrongDimension: nil
        case .indexNameTaken(let name): "Choose another name, or drop that one: likeness index drop \(name)"
        case .noSuchIndex: "See which there are: likeness index list"
        case .unreadablePolicy: "Correct it in the table likeness.vector_indexes, column policy"
        case .unreadableParameters: "Correct them in the table likeness.vector_indexes, column parameters"
        case .rootMarkerDiffers(_, let recorded, _?):
            "Mount the one that is known, or if this is it, write \"\(recorded)\" into its marker file, or watch it by another path"
        case .rootMarkerDiffers(_, let recorded, nil):
            "Mount its disk, or if it was emptied on purpose, write \"\(recorded)\" into its marker file"
        case .noSuchRoot: "See which there are: likeness roots list"
        case .rootWatched(let folder, _, _):
            "Stop the daemon, or start it without this folder; then: likeness roots retire '\(folder)'"
        case .rootUnavailable: "Mount it; the daemon sees it by itself"
        case .wrongCondition(let view, _, _, let advice):
            (advice.map { $0 + " " } ?? "") + "See the columns: likeness report \(view) --format csv --limit 1"
        case .conditionTooSlow: "Give it more time: --timeout 60s; or ask for less: --limit 1000"
        case .conditionRefused: "See what there is to read: likeness report"
        case .noReader: "Set it up: likeness migrate"
        case .noSuchReport: "See which there are: likeness report"
        case .noSuchPicture: "See which there are: likeness report image_overview --limit 20"
        case .samePicture: nil
        case .storeLocked: "Try again when it has ended"
        case .positionOfAnotherCatalog, .positionPruned: "Rebuild them from the database: likeness sync --once"
        }
    }

    /// Only a rebuild helps a position that means nothing any more; a disk may be mounted later; for the rest, only a person.
    public var recovery: Recovery {
        switch self {
        case .positionOfAnotherCatalog, .positionPruned: .rebuildIndex
        case .storeLocked, .rootUnavailable, .rootWatched, .rootMarkerDiffers(_, _, nil): .retryLater
        default: .askOperator
        }
    }

    /// 75 when somebody else writes or watches, 64 for what was typed wrong, else 1.
    public var exitStatus: ExitStatus {
        switch self {
        case .storeLocked, .rootWatched: .tryAgain
        case .wrongCondition, .noSuchReport, .samePicture: .usage
        default: .failed
        }
    }
}

private func seconds(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let milliseconds = Int(attoseconds / 1_000_000_000_000_000)
    return milliseconds == 0 ? "\(seconds)" : fixed(Double(seconds) + Double(milliseconds) / 1000, 3)
}

private func list(_ names: [String]) -> String { names.map { "\"\($0)\"" }.joined(separator: ", ") }
