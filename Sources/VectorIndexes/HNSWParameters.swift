/// The numbers of a graph, by faiss's names for them.
struct HNSWParameters: Equatable {
    /// Neighbors of a node on each level but the lowest, which has twice as many.
    let m: Int
    /// Nodes that are kept in view while the neighbors of a new one are looked for.
    let efConstruction: Int
    /// Nodes that are kept in view while a query is answered.
    let efSearch: Int

    /// A list's length stands in 16 bits of a file.
    static let ms = 2...1_024

    /// Takes from `parameters` what is there, and defaults for the rest.
    ///
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)``.
    init(_ parameters: [String: Int]) throws(IndexError) {
        m = parameters["M"] ?? IndexParameters.defaultLinks
        efConstruction = parameters["efConstruction"] ?? IndexParameters.defaultEfConstruction
        efSearch = parameters["efSearch"] ?? IndexParameters.defaultEfSearch
        let efs = 1...1_000_000
        guard Self.ms.contains(m) else { throw .outOfRange(name: "M", value: m, allowed: Self.ms) }
        guard efs.contains(efConstruction) else {
            throw .outOfRange(name: "efConstruction", value: efConstruction, allowed: efs)
        }
        guard efs.contains(efSearch) else { throw .outOfRange(name: "efSearch", value: efSearch, allowed: efs) }
    }

    var dictionary: [String: Int] { ["M": m, "efConstruction": efConstruction, "efSearch": efSearch] }
}
