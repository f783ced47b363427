import SystemPackage

extension StoreWriter {
    /// Makes sketches that were made beside the writer those of the store, with the next publication: rows that were
    /// appended since are sketched too, the files of the sketches before go.
    ///
    /// - Returns: false when the store has newer sketches or has been made anew meanwhile; the draft's files then go with
    ///   some later writer.
    /// - Throws: ``IndexError/damaged(_:what:)`` or ``IndexError/file(_:_:_:)``; then nothing has changed.
    /// - Complexity: that of sketching the rows that were appended since.
    @discardableResult
    public func adopt(_ draft: SketchDraft) throws(IndexError) -> Bool {
        try checkUsable()
        var next = pending.manifest
        next.sketch = draft.sketch
        let there = Set(try names(in: layout.vectors))
        guard draft.store == next.store, draft.sketch.generation > (pending.manifest.sketch?.generation ?? 0),
            draft.names.isSubset(of: there)
        else { return false }
        let projection = try SketchProjection(draft.sketch, of: next, layout: layout)
        try projection.check()
        var sketcher = Sketcher(draft.sketch, projection)
        for (place, chunk) in next.chunks.enumerated() {
            let sketched = draft.chunks[chunk.number]
            next.chunks[place].sketch = sketched?.entry
            var row = sketched?.rows ?? 0
            while row < chunk.rows {
                let count = min(Sketcher.rowsAtOnce, chunk.rows - row)
                let first = try mappedVectors(of: chunk.number) + row * next.identity.dimension
                next.chunks[place].sketch = try sketcher.write(
                    first, count, chunk: chunk.number, firstRow: row, after: next.chunks[place].sketch, of: next,
                    layout)
                row += count
            }
        }
        pending.manifest = next
        pending.isChanged = true
        self.sketcher = sketcher
        return true
    }

    /// The number that the next sketches get; above that of every file there is, so that what an earlier writer left is
    /// never taken for part of them.
    public func nextSketchGeneration() throws(IndexError) -> Int {
        let left = try names(in: layout.vectors).compactMap(StoreLayout.sketchGeneration(of:)).max() ?? 0
        return max(pending.manifest.sketch?.generation ?? 0, left) + 1
    }

    /// Sketches rows that are being appended; nil when the store has no sketches.
    ///
    /// - Parameters:
    ///   - rows: their places among the vectors.
    ///   - entry: what the manifest says of the rows that the chunk has.
    func writeSketches(
        _ rows: Range<Int>, _ vectors: [Float], chunk: Int, firstRow: Int, after entry: Manifest.ChunkSketch?
    ) throws(IndexError) -> Manifest.ChunkSketch? {
        let manifest = pending.manifest
        guard let sketch = manifest.sketch else { return nil }
        var sketcher: Sketcher
        if let loaded = self.sketcher {
            sketcher = loaded
        } else {
            let projection = try SketchProjection(sketch, of: manifest, layout: layout)
            try projection.check()
            sketcher = Sketcher(sketch, projection)
        }
        // After an error too: files with rows of earlier calls wait for their publication.
        defer { self.sketcher = sketcher }
        var written = entry
        try vectors.withUnsafeBufferPointer { vectors throws(IndexError) in
            guard let start = vectors.baseAddress else { return }
            for part in stride(from: rows.lowerBound, to: rows.upperBound, by: Sketcher.rowsAtOnce) {
                written = try sketcher.write(
                    start + part * manifest.identity.dimension, min(Sketcher.rowsAtOnce, rows.upperBound - part),
                    chunk: chunk, firstRow: firstRow + part - rows.lowerBound, after: written, of: manifest, layout)
            }
        }
        return written
    }

    /// Whether a file may be one of sketches that somebody is making beside the writer.
    func mayBeDraft(_ name: String) -> Bool {
        guard emptyStart == nil, let generation = StoreLayout.sketchGeneration(of: name) else { return false }
        return generation > (pending.manifest.sketch?.generation ?? 0)
    }
}

/// What a writer sketches rows with, and the files that it writes them to.
struct Sketcher {
    /// Rows that are sketched between two looks at whether anybody still wants that.
    static let rowsAtOnce = 1_024

    private let sketch: Manifest.Sketch
    private let projection: SketchProjection
    /// By the numbers of their chunks: those that may not be on the disk yet, and that of the chunk that has room.
    private(set) var files: [Int: SketchFile] = [:]

    init(_ sketch: Manifest.Sketch, _ projection: SketchProjection) {
        self.sketch = sketch
        self.projection = projection
    }

    /// Forgets files once the disk has them, but for that of one chunk.
    mutating func close(allBut open: Int?) { files = files.filter { $0.key == open } }

    /// Sketches rows of a chunk that lie one after the other and writes that behind what there is.
    ///
    /// - Returns: `entry` with these rows.
    mutating func write(
        _ rows: UnsafePointer<Float>, _ count: Int, chunk: Int, firstRow: Int, after entry: Manifest.ChunkSketch?,
        threads: Int = SearchLimits.defaultThreads, of manifest: Manifest, _ layout: StoreLayout
    ) throws(IndexError) -> Manifest.ChunkSketch {
        let file: SketchFile
        if let open = files[chunk], firstRow > 0 {
            file = open
        } else {
            file = try SketchFile(
                chunk, generation: sketch.generation, m: sketch.components, of: manifest, layout: layout,
                rows: firstRow)
            files[chunk] = file
        }
        let sketches = RowSketches(of: rows, count, projection, threads: threads)
        return try file.write(sketches, firstRow: firstRow, after: entry)
    }
}
