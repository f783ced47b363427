import FoundationEssentials
import SystemPackage

extension StoreWriter {
    /// Appends vectors. An id that has a live row gets this one in its place; of an id that is given twice the last vector
    /// stays.
    ///
    /// All or nothing: after an error none of the ids has changed, and the same call may be made again.
    ///
    /// - Parameters:
    ///   - ids: as many as there are vectors.
    ///   - vectors: ids.count × dimension finite values, row-major.
    /// - Throws: ``IndexError/valueCountMismatch(ids:values:dimension:)``, ``IndexError/dimensionMismatch(expected:got:)``,
    ///   ``IndexError/notFinite(id:component:)`` or ``IndexError/file(_:_:_:)``.
    /// - Complexity: O(values), times the numbers in a sketch where there are sketches. Writes 4 bytes a value, 16 bytes a
    ///   vector, and the sketch.
    public func append(ids: [VectorID], vectors: [Float]) throws(IndexError) {
        try checkUsable()
        try check(ids, vectors)
        typealias Written = (
            ids: ArraySlice<VectorID>, chunk: Int, records: CRC32C, sketch: Manifest.ChunkSketch?
        )
        var written: [Written] = []
        var next = (
            chunk: pending.manifest.nextChunk, firstRow: 0, records: CRC32C(), sketch: Manifest.ChunkSketch?.none
        )
        if let open = pending.openChunk {
            let chunk = pending.manifest.chunks[open]
            next = (chunk.number, chunk.rows, CRC32C(chunk.recordsChecksum), chunk.sketch)
        }
        var newest = pending.manifest.nextChunk
        var rest = ids[...]
        while !rest.isEmpty {
            let part = rest.prefix(pending.manifest.rowsPerChunk - next.firstRow)
            rest = rest.dropFirst(part.count)
            let records = try write(part, vectors, chunk: next.chunk, firstRow: next.firstRow, records: next.records)
            let sketch = try writeSketches(
                part.indices, vectors, chunk: next.chunk, firstRow: next.firstRow, after: next.sketch)
            written.append((part, next.chunk, records, sketch))
            newest = max(newest, next.chunk + 1)
            next = (newest, 0, CRC32C(), nil)
        }
        for part in written {
            pending.take(part.ids, chunk: part.chunk, records: part.records, sketch: part.sketch)
        }
    }

    /// Deletes rows by id and says how many lived; ids without a live row are let pass.
    ///
    /// - Complexity: O(ids).
    @discardableResult
    public func remove(_ ids: [VectorID]) throws(IndexError) -> Int {
        try checkUsable()
        return ids.reduce(0) { $0 + (pending.remove($1) ? 1 : 0) }
    }

    /// Adds an index over the rows there are and those to come. It can be asked once it is published.
    ///
    /// - Throws: ``IndexError/indexExists(_:)`` and what ``IndexSpecification/validated(dimension:)`` throws.
    public func add(_ specification: IndexSpecification) throws(IndexError) {
        try checkUsable()
        try specification.validated(dimension: pending.manifest.identity.dimension)
        guard !pending.manifest.indexes.contains(where: { $0.specification.name == specification.name }) else {
            throw .indexExists(specification.name)
        }
        pending.manifest.indexes.append(
            .init(
                specification: specification, generation: specification.type == .flat ? 1 : 0,
                builtAt: wholeSeconds(now()), built: nil))
        pending.manifest.indexes.sort { $0.specification.name < $1.specification.name }
        pending.isChanged = true
    }

    /// Takes an index away; the rows stay.
    ///
    /// - Throws: ``IndexError/noSuchIndex(_:have:)``.
    public func drop(named name: String) throws(IndexError) {
        try checkUsable()
        guard let place = pending.manifest.indexes.firstIndex(where: { $0.specification.name == name }) else {
            throw .noSuchIndex(name, have: pending.manifest.indexes.map(\.specification.name))
        }
        pending.manifest.indexes.remove(at: place)
        pending.isChanged = true
    }

    private func check(_ ids: [VectorID], _ vectors: [Float]) throws(IndexError) {
        let dimension = pending.manifest.identity.dimension
        guard vectors.count == ids.count * dimension else {
            if let got = ids.isEmpty ? nil : vectors.count / ids.count, got * ids.count == vectors.count {
                throw .dimensionMismatch(expected: dimension, got: got)
            }
            throw .valueCountMismatch(ids: ids.count, values: vectors.count, dimension: dimension)
        }
        if let position = firstNonFinite(vectors) {
            throw .notFinite(id: ids[position / dimension], component: position % dimension)
        }
    }

    /// Writes rows behind those that the chunk has, and gives the checksum of its records then.
    private func write(
        _ ids: ArraySlice<VectorID>, _ vectors: [Float], chunk: Int, firstRow: Int, records: CRC32C
    ) throws(IndexError) -> CRC32C {
        let dimension = pending.manifest.identity.dimension
        let files = try files(of: chunk, firstRow: firstRow)
        var newRecords: [UInt8] = []
        newRecords.reserveCapacity(ids.count * RowRecord.size)
        try vectors.withUnsafeBufferPointer { vectors throws(IndexError) in
            let rows = vectors[ids.startIndex * dimension..<ids.endIndex * dimension]
            for (place, id) in ids.enumerated() {
                let row = UnsafeBufferPointer(rebasing: rows.dropFirst(place * dimension).prefix(dimension))
                let checksum = CRC32C.checksum(UnsafeRawBufferPointer(row))
                newRecords += RowRecord(id: id, vectorChecksum: checksum).bytes
            }
            try files.vectors.write(
                UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: rows)),
                at: FileHeader.Kind.vectors.contentOffset + firstRow * 4 * dimension)
        }
        try files.records.write(
            newRecords, at: FileHeader.Kind.records.contentOffset + firstRow * RowRecord.size)
        var checksum = records
        newRecords.withUnsafeBytes { checksum.update($0) }
        return checksum
    }

    private func files(of chunk: Int, firstRow: Int) throws(IndexError) -> ChunkFiles {
        if let open = files[chunk], firstRow > 0 { return open }
        let opened = try ChunkFiles(chunk, of: pending.manifest, layout: layout, rows: firstRow)
        files[chunk] = opened
        return opened
    }
}

/// The two files of a chunk, open to be written.
struct ChunkFiles {
    let vectors: OpenFile
    let records: OpenFile

    /// Opens the files of a chunk and cuts off what stands behind its rows; those of a chunk without rows get their
    /// headers.
    init(_ chunk: Int, of manifest: Manifest, layout: StoreLayout, rows: Int) throws(IndexError) {
        let dimension = manifest.identity.dimension
        vectors = try OpenFile(layout.vectors(chunk), for: .write, truncating: rows == 0)
        records = try OpenFile(layout.records(chunk), for: .write, truncating: rows == 0)
        for (kind, file, rowSize) in [(.vectors, vectors, 4 * dimension), (.records, records, RowRecord.size)]
            as [(FileHeader.Kind, OpenFile, Int)]
        {
            let header = FileHeader(kind: kind, dimension: dimension, chunk: chunk, store: manifest.store)
            if rows == 0 {
                try file.write(header.bytes, at: 0)
            } else {
                try file.resize(to: kind.contentOffset + rows * rowSize)
            }
        }
    }

    func synchronize() throws(IndexError) {
        try vectors.synchronize()
        try records.synchronize()
    }
}
