import Catalog
import VectorIndexes

extension IDFilter {
    /// Lets originals pass, or what was made from others: by whichever of the two sets is the smaller one.
    ///
    /// - Parameter rows: the rows of the index that is to be asked.
    /// - Complexity: O(n) in the smaller of the two sets.
    public static func only(_ part: FamilyPart, in catalog: Catalog, rows: Int) throws -> IDFilter {
        let isMinor = try catalog.augmentedCount() <= rows / 2
        return (part == .augmented) == isMinor
            ? .among(ids(try catalog.images(part)))
            : .excluding(ids(try catalog.images(part == .originals ? .augmented : .originals)))
    }

    /// The numbers of pictures as an index has them.
    static func ids(_ images: [ImageID]) -> Set<VectorID> { Set(images.lazy.map { VectorID($0.rawValue) }) }
}
