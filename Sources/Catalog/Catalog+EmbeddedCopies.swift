import Postgres

/// An augmented copy that can be asked with, for its original.
public struct EmbeddedCopy: Sendable, Hashable {
    /// The copy.
    public let image: ImageID
    /// The original at the top of its family.
    public let root: ImageID
    /// The operations of its last step, as `jsonb` shows them.
    public let recipe: JSON
    /// Steps from the root.
    public let depth: Int
}

extension Catalog {
    /// The active copies that have an embedding of a model and whose original is active and has one too, in ascending order.
    ///
    /// - Complexity: O(n) in the number of copies; some 400 bytes of memory each.
    public func embeddedCopies(model: ModelID) throws -> [EmbeddedCopy] {
        var copies: [EmbeddedCopy] = []
        try connection.copyOut(
            """
            select a.child, a.root, a.recipe::text, a.depth
            from likeness.augmentations a
            join likeness.images c on c.id = a.child and c.state = 'active'
            join likeness.images r on r.id = a.root and r.state = 'active'
            join likeness.embeddings ce on ce.image = a.child and ce.model = \(model)
            join likeness.embeddings re on re.image = a.root and re.model = \(model)
            order by a.child
            """
        ) { row in
            let (recipe, depth): (String, Int32) = (try row[2], try row[3])
            copies.append(
                EmbeddedCopy(image: try row[0], root: try row[1], recipe: JSON(recipe), depth: Int(depth)))
        }
        return copies
    }
}
