/// An index that can be asked with other parameters than those it was built with.
public protocol TunableIndex: SearchableIndex {
    /// The same index, asked otherwise: nothing is copied, and the index itself stays as it is.
    ///
    /// - Parameter parameters: those that a search reads, by name (`nprobe`, `rerank`); others are let pass, and numbers
    ///   outside what the index has are brought inside.
    func with(parameters: [String: Int]) -> Self
}
