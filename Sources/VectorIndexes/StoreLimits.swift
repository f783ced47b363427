/// What a store can have.
public enum StoreLimits {
    /// Numbers in a vector.
    public static let dimensions = 1...65_536
    /// Rows in a chunk. Chunks are the unit of compaction, and each costs an entry in the manifest.
    public static let rowsPerChunk = 1...1_048_576
    /// 128 MiB of vectors of 2,048 dimensions.
    public static let defaultRowsPerChunk = 16_384
}

extension StoreIdentity {
    /// The identity itself, once its name has been found fit for a folder and its dimension for a row.
    ///
    /// - Throws: ``IndexError/outOfRange(name:value:allowed:)`` or ``IndexError/unusableModelName(_:)``.
    @discardableResult
    public func validated() throws(IndexError) -> StoreIdentity {
        guard StoreLimits.dimensions.contains(dimension) else {
            throw .outOfRange(name: "the dimension", value: dimension, allowed: StoreLimits.dimensions)
        }
        let usable =
            (1...100).contains(model.utf8.count) && !model.hasPrefix(".")
            && model.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789._-".unicodeScalars.contains(scalar))
            }
        guard usable else { throw .unusableModelName(model) }
        return self
    }
}
