import Postgres

extension Catalog {
    /// Whether the catalog has a picture of this number, hidden ones included.
    public func hasImage(_ image: ImageID) throws -> Bool {
        try connection.firstRow("select from likeness.images where id = \(image)") != nil
    }
}
