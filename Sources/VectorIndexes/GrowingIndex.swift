/// An index of a type that has structure of its own, loaded by the writer: rows are added to it, and what they changed is
/// written behind its files.
///
/// For one thread, that of the writer. Rows stay mapped while the writer lives.
protocol GrowingIndex: AnyObject {
    /// Adds live rows whose slots are above all that it has, in order.
    ///
    /// - Throws: ``IndexError/native(_:)``, after which the object must not be used any more.
    func add(_ rows: [AddedRow], threads: Int) throws(IndexError)

    /// Writes what was added since the last publication behind its files and waits until the disk has it.
    ///
    /// After an error the same call may be made again. A type may begin new files here, named after the publication, when
    /// the old ones have grown by more than they need.
    ///
    /// - Parameter publication: the number of the publication that will name what is written.
    /// - Returns: what the manifest is to say; ``Manifest/Generation/covers`` is the caller's to set.
    func write(for publication: Int) throws(IndexError) -> Manifest.Generation
}

/// A row that an index is to have.
struct AddedRow {
    let slot: RowSlot
    /// As many values as the store has dimensions; valid while the writer lives.
    let vector: UnsafePointer<Float>
}
