import Faults

/// What a person should know about the parameters of an index over the rows there are, and that is no error.
public enum IndexNotice: Sendable, Equatable {
    /// Fewer rows than the lists want to be trained with; `used` of them can be made.
    case fewRowsForLists(nlist: Int, used: Int, rows: Int)
    /// Fewer rows than the codes want to be trained with; `used` bits can be.
    case fewRowsForCodes(bits: Int, used: Int, rows: Int)
    /// A query is to read more lists than there are.
    case fewerListsThanProbes(nprobe: Int, nlist: Int, rows: Int)
    /// So few rows that a flat index is the right one.
    case flatIsEnough(IndexType, rows: Int)

    /// One line: what is short, what suffers, and the command that mends it when its time has come.
    ///
    /// - Parameter name: of the index.
    public func text(index name: String) -> String {
        switch self {
        case .fewRowsForLists(let nlist, let used, let rows):
            """
            nlist \(grouped(nlist)) wants \(rowsWanted(for: nlist)) training rows; there are \(grouped(rows)): \
            \(used < nlist ? "only \(grouped(used)) lists can be made" : "lists will be uneven") and recall suffers; \
            \(rebuild(name, at: nlist))
            """
        case .fewRowsForCodes(let bits, let used, let rows):
            """
            \(bits) bits want \(rowsWanted(for: 1 << bits)) training rows; there are \(grouped(rows)): \
            \(used < bits ? "only \(used) bits can be trained" : "codes will be coarse") and recall suffers; \
            \(rebuild(name, at: 1 << bits))
            """
        case .fewerListsThanProbes(let nprobe, let nlist, let rows):
            """
            nprobe \(grouped(nprobe)) is more than the \(grouped(nlist)) lists that \(grouped(rows)) rows make: every list \
            is read, and a query takes as long as with a flat index
            """
        case .flatIsEnough(let type, let rows):
            """
            below \(grouped(IndexParameters.rowsWhereFlatIsEnough)) rows flat is exact and fast; there are \
            \(grouped(rows)), and \(type.rawValue) can only lose recall: likeness index create NAME --type flat
            """
        }
    }

    private func rowsWanted(for centroids: Int) -> String { grouped(IndexParameters.rowsPerCentroid * centroids) }

    private func rebuild(_ name: String, at centroids: Int) -> String {
        "rebuild when there are \(rowsWanted(for: centroids)): likeness index rebuild \(name)"
    }
}
