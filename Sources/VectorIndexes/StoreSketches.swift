import Synchronization

/// The sketches of all published rows of an opened store.
///
/// They are held against their checksums when they are first used, not when the store is opened: whoever asks another
/// kind of index does not pay for them.
final class StoreSketches: Sendable {
    let projection: SketchProjection
    /// In the order of the manifest.
    let chunks: [ChunkSketches]
    private let isChecked = Mutex(false)

    /// Maps the files that a manifest names; nil when it names none.
    init?(of manifest: Manifest, layout: StoreLayout) throws(IndexError) {
        guard let sketch = manifest.sketch else { return nil }
        projection = try SketchProjection(sketch, of: manifest, layout: layout)
        var chunks: [ChunkSketches] = []
        for chunk in manifest.chunks {
            guard let entry = chunk.sketch else { preconditionFailure("a manifest that was read has all sketches") }
            chunks.append(try ChunkSketches(chunk, entry, sketch, of: manifest, layout: layout))
        }
        self.chunks = chunks
    }

    /// Throws ``IndexError/damaged(_:what:)`` unless all files are as they were written. Reads them once.
    func check() throws(IndexError) {
        try isChecked.withLock { isChecked throws(IndexError) in
            if isChecked { return }
            try projection.check()
            for chunk in chunks { try chunk.check() }
            isChecked = true
        }
    }

    /// How far the sketch of any row is off, at most.
    var slack: Double { projection.slack(radius: chunks.reduce(0) { max($0, $1.radius) }) }

    /// Reads all files and says what of them differs from what was written.
    func verify() throws(IndexError) -> [Damage] {
        var damage: [Damage] = []
        for (file, parts) in [projection.parts] + chunks.map(\.parts) {
            if let what = try file.difference(in: parts) { damage.append(Damage(file: file.path, what: what, ids: [])) }
        }
        return damage
    }
}
