import Faults
public import SystemPackage

/// What has to be made anew when a file of a store is damaged.
public enum DamagedPart: Hashable, Sendable {
    /// The generation of the index of this name; its rows are sound and answer meanwhile.
    case index(String)
    /// The sketches of all rows; searches compare with every row meanwhile.
    case sketches
    /// The rows, or what says which there are: everything is read anew.
    case store
}

extension IndexError {
    /// What has to be made anew because of this error in the store of a folder; nil for one that making anew does not mend.
    public func damagedPart(in folder: FilePath) -> DamagedPart? {
        guard recovery == .rebuildIndex else { return nil }
        guard case .damaged(let file, _) = self, file.starts(with: folder) else { return .store }
        let names = file.components.dropFirst(folder.components.count).map(\.string)
        guard names.count == 2 else { return .store }
        if names[0] == StoreLayout.vectorsFolder {
            return StoreLayout.sketchGeneration(of: names[1]) == nil ? .store : .sketches
        }
        return IndexSpecification.isUsable(name: names[0]) ? .index(names[0]) : .store
    }
}

extension Manifest {
    /// Names some parts no more. A generation's number stays used, so that none after it gets it.
    mutating func leaveOut(_ parts: Set<DamagedPart>) {
        for place in indexes.indices where parts.contains(.index(indexes[place].specification.name)) {
            indexes[place].built = nil
        }
        guard parts.contains(.sketches) else { return }
        sketch = nil
        for place in chunks.indices { chunks[place].sketch = nil }
    }
}
