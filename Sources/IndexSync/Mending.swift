import Faults
public import SystemPackage
public import VectorIndexes

/// What of a store is made anew because it is damaged or foreign, and why: the one place that says how much that is.
///
/// An index whose own files are damaged is answered from the rows until it is built again; damaged sketches are left out
/// until they are trained again; everything else is read anew from the catalog.
public struct Mending: Sendable, Equatable {
    private var reasons: [DamagedPart: String] = [:]

    /// Nothing is damaged.
    public init() {}

    /// Adds what an error calls for; false for one that making anew does not mend, or that came although this had been
    /// made anew already.
    @discardableResult
    public mutating func add(_ error: any Error, in folder: FilePath) -> Bool {
        guard let fault = error as? any Fault, fault.recovery == .rebuildIndex else { return false }
        let part = (error as? IndexError)?.damagedPart(in: folder) ?? .store
        if reasons[part] == nil {
            reasons[part] = fault.message
            return true
        }
        // Leaving it out did not help.
        if reasons[.store] != nil { return false }
        reasons[.store] = fault.message
        return true
    }

    /// Adds something, if it is not there yet.
    public mutating func add(_ part: DamagedPart, because reason: String) {
        if reasons[part] == nil { reasons[part] = reason }
    }

    /// What is made anew.
    public var parts: Set<DamagedPart> { Set(reasons.keys) }

    /// Whether nothing is.
    public var isEmpty: Bool { reasons.isEmpty }

    /// Why everything is read anew; nil when it is not.
    public var rebuildReason: String? { reasons[.store] }

    /// Why indexes are built anew, by name.
    var indexReasons: [String: String] {
        var named: [String: String] = [:]
        for case (.index(let name), let reason) in reasons { named[name] = reason }
        return named
    }

    /// What is made anew beside the rows, with the reasons, in words.
    var words: [(subject: String, reason: String)] {
        reasons.compactMap { part, reason in
            switch part {
            case .index(let name): ("index \(name)", reason)
            case .sketches: ("sketches", reason)
            case .store: nil
            }
        }.sorted { $0.0 < $1.0 }
    }
}
