import Postgres

/// A picture of a family, and how it was made.
public struct FamilyMember: Sendable, Hashable {
    /// The picture.
    public let image: ImageID
    /// The digest of its file's bytes.
    public let digest: ContentDigest
    /// The files that hold it, the one seen last at the front, as bytes; empty when all have vanished.
    public let paths: [[UInt8]]
    /// Width in pixels, as seen.
    public let width: Int
    /// Height in pixels, as seen.
    public let height: Int
    /// The picture it was made from; nil for the original at the top.
    public let parent: ImageID?
    /// Steps from the original, 0 for itself.
    public let depth: Int
    /// Which of its parent's copies it is, counted from 0; nil when that is not known.
    public let ordinal: Int?
    /// The operations that made it of its parent, in order; nil for the original.
    public let recipe: JSON?
    /// Squared L2 distance to the original; nil when one of the two has no embedding of the model.
    public let distance: Float?
}

extension Catalog {
    /// The family that a picture belongs to: the original first, then what was made from it, nearest descendants first.
    ///
    /// - Parameter model: whose distances are wanted; nil: none.
    /// - Returns: nothing when there is no such picture; one member when it has no lineage.
    /// - Complexity: O(n) in the size of the family; reads the embedding of each member, and keeps that of the original.
    public func family(of image: ImageID, model: ModelID?) throws -> [FamilyMember] {
        guard let root = try families(of: [image])[image] else { return [] }
        let original = try model.flatMap { try embedding(of: root, model: $0) }
        let vector: SQL =
            model.map { "(select vector from likeness.embeddings where image = i.id and model = \($0))" }
            ?? "null::bytea"
        var members: [FamilyMember] = []
        try connection.copyOut(
            """
            select i.id, i.content_sha256, i.width, i.height, a.parent, coalesce(a.depth, 0), a.ordinal, a.recipe::text,
                array(
                    select f.path from likeness.image_files f where f.image = i.id and f.vanished_at is null
                    order by f.last_seen desc, f.id desc
                ), \(vector)
            from (
                select \(root) as id
                union all
                select child from likeness.augmentations where root = \(root)
            ) m
            join likeness.images i on i.id = m.id
            left join likeness.augmentations a on a.child = i.id
            order by coalesce(a.depth, 0), a.parent, a.ordinal, i.id
            """
        ) { row in
            let (width, height, depth): (Int32, Int32, Int32) = (try row[2], try row[3], try row[5])
            let (ordinal, recipe): (Int32?, String?) = (try row[6], try row[7])
            let distance = try row.withBytes(of: 9) { bytes in
                if let original, let bytes { Self.squaredDistance(original, bytes) } else { nil as Float? }
            }
            members.append(
                FamilyMember(
                    image: try row[0], digest: try row[1], paths: try row[8], width: Int(width), height: Int(height),
                    parent: try row[4], depth: Int(depth), ordinal: ordinal.map(Int.init),
                    recipe: recipe.map { JSON($0) }, distance: distance))
        }
        return members
    }

    /// - Parameter bytes: little-endian float32, as embeddings are stored; nil is the answer when it has another length.
    private static func squaredDistance(_ vector: [Float], _ bytes: UnsafeRawBufferPointer) -> Float? {
        guard bytes.count == 4 * vector.count else { return nil }
        var sum = 0.0
        for place in vector.indices {
            let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self))
            let difference = Double(vector[place]) - Double(Float(bitPattern: bits))
            sum += difference * difference
        }
        return Float(sum)
    }
}
