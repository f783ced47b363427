import SystemPackage

extension VectorStore {
    /// Holds the files of an index against their checksums, and what they say against the rows: every live row is in the
    /// index, once, and the links of a graph lead to nearly all of them.
    ///
    /// What ``verify()`` looks at is not looked at again. A flat index, and one that is not built yet, is the rows themselves
    /// and has nothing to check.
    ///
    /// - Returns: every difference, none when all is well. Where a file differs from its checksum, what it says is not
    ///   looked at.
    /// - Throws: ``IndexError/noSuchIndex(_:have:)``, or ``IndexError/file(_:_:_:)`` when a file cannot be read at all.
    /// - Complexity: O(bytes of the index); reads the files through the file system and not through mappings, so that a disk
    ///   that fails is an error and not a signal.
    public func check(index name: String) throws(IndexError) -> [Damage] {
        guard let entry = manifest.indexes.first(where: { $0.specification.name == name }) else {
            throw .noSuchIndex(name, have: manifest.indexes.map(\.specification.name))
        }
        guard let built = entry.built, let kinds = fileKinds(of: entry.specification.type) else { return [] }
        let layout = StoreLayout(folder: folder)
        let indexFolder = IndexFolder(name, layout: layout, manifest: manifest)
        var damage: [Damage] = []
        for (file, kind) in [(built.base, kinds.base), (built.log, kinds.log)] {
            if let what = try indexFolder.difference(in: file, kind, generation: entry.generation) {
                damage.append(Damage(file: indexFolder.path.appending(file.name), what: what, ids: []))
            }
        }
        guard damage.isEmpty else { return damage }
        let uncovered = ids(of: rows.liveSlots(from: RowSlot(rawValue: built.covers)))
        if !uncovered.isEmpty {
            damage.append(
                Damage(
                    file: layout.manifest, what: "says that index \(name) does not cover \(counted(uncovered))",
                    ids: uncovered))
        }
        do throws(IndexError) {
            switch entry.specification.type {
            case .flat: break
            case .hnsw: damage += try check(graph: entry, built, in: indexFolder)
            case .ivfflat, .ivfpq: damage += try check(lists: entry, built, in: indexFolder)
            }
        } catch .damaged(let file, let what) {
            damage.append(Damage(file: file, what: what, ids: []))
        }
        return damage
    }

    /// The vectors of some deleted rows, spread over all of them: a search that is asked with one must not find it.
    ///
    /// - Complexity: O(n).
    public func deletedVectors(_ count: Int) -> [[Float]] {
        let dead = chunks.flatMap { chunk in
            (0..<chunk.rows).lazy.filter(chunk.tombstones.contains).map { (chunk, $0) }
        }
        let taken = min(max(0, count), dead.count)
        return (0..<taken).map { place in
            let (chunk, row) = dead[place * dead.count / taken]
            return Array(chunk.vector(row))
        }
    }

    /// Share of the rows that the links of a sound graph may not lead to. A node loses its place in the lists of its neighbors
    /// to nearer ones: of 9,200 rows in 20 tight crowds faiss's own graphs reached all with M 32, all but 7 with M 16, all
    /// but 51 with M 8 and all but 403 with M 4. Building such a graph anew would change nothing.
    private static let toleratedLoss = 0.1

    private func fileKinds(of type: IndexType) -> (base: FileHeader.Kind, log: FileHeader.Kind)? {
        switch type {
        case .flat: nil
        case .hnsw: (.graph, .links)
        case .ivfflat, .ivfpq: (.centroids, .lists)
        }
    }

    private func check(
        graph entry: Manifest.Index, _ built: Manifest.Generation, in folder: IndexFolder
    ) throws(IndexError) -> [Damage] {
        let structure = try HNSWReading(built, generation: entry.generation, in: folder) { slot throws(IndexError) in
            rows.vector(slot)
        }.structure
        let file = folder.path.appending(built.log.bytes == 0 ? built.base.name : built.log.name)
        // Each row in the graph, and the node that it is found by.
        let members =
            structure.slots.enumerated().map { (slot: RowSlot(rawValue: $1), node: $0) }
            + structure.twins.map { (slot: RowSlot(rawValue: $0.slot), node: Int($0.node)) }
        var damage = missing(from: Set(members.map(\.slot)), covers: built.covers).map { [$0(file)] } ?? []
        let others = members.filter { member in
            guard let place = rows.place(of: member.slot), !place.chunk.tombstones.contains(place.row) else {
                return false
            }
            return place.chunk.vectorChecksum(place.row) != structure.checksums[member.node]
        }
        if !others.isEmpty {
            let ids = ids(of: others.map(\.slot))
            let what = "has nodes of other vectors than those of \(counted(ids))"
            damage.append(Damage(file: file, what: what, ids: ids))
        }
        let reached = structure.graph.reachedNodes()
        let lost = ids(of: members.filter { !reached[$0.node] }.map(\.slot))
        if Double(lost.count) > Self.toleratedLoss * Double(liveCount) {
            damage.append(Damage(file: file, what: "has no links that lead to \(counted(lost))", ids: lost))
        }
        return damage
    }

    private func check(
        lists entry: Manifest.Index, _ built: Manifest.Generation, in folder: IndexFolder
    ) throws(IndexError) -> [Damage] {
        let shape = try InvertedFileBase(built, entry, in: folder).shape
        let log = try folder.map(built.log, .lists, generation: entry.generation)
        let slots = stride(from: 0, through: log.content.count - shape.recordSize, by: shape.recordSize).map {
            RowSlot(rawValue: log.content.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
        }
        if let missing = missing(from: Set(slots), covers: built.covers) { return [missing(log.path)] }
        // Refuses what else a record can say wrongly: a list or a code that there is not, a row twice.
        _ = try InvertedFileLists(entry, built, over: self)
        return []
    }

    /// What is to be said of the live rows that an index should have and has not; nil when there are none.
    private func missing(from slots: Set<RowSlot>, covers: UInt32) -> ((FilePath) -> Damage)? {
        let missing = ids(of: rows.liveSlots().filter { $0.rawValue < covers && !slots.contains($0) })
        guard !missing.isEmpty else { return nil }
        return { Damage(file: $0, what: "lacks \(counted(missing))", ids: missing) }
    }

    /// The ids of those of the rows that live.
    private func ids(of slots: [RowSlot]) -> [VectorID] { slots.compactMap { rows.liveID($0) }.sorted() }
}

private func counted(_ ids: [VectorID]) -> String {
    let first = ids.first.map { "\($0.rawValue)" } ?? "none"
    return ids.count == 1 ? "the live row of id \(first)" : "\(ids.count) live rows, first that of id \(first)"
}

extension HNSWGraph {
    /// For each node whether links on the lowest level, where all nodes are, lead to it from the node at which searches begin.
    ///
    /// - Complexity: O(links).
    func reachedNodes() -> [Bool] {
        var reached = [Bool](repeating: false, count: count)
        guard entry.node >= 0, Int(entry.node) < reached.count else { return reached }
        var open = [entry.node]
        reached[Int(entry.node)] = true
        while let node = open.popLast() {
            withNeighbors(of: List(node: node, level: 0)) { neighbors in
                for neighbor in neighbors where !reached[Int(neighbor)] {
                    reached[Int(neighbor)] = true
                    open.append(neighbor)
                }
            }
        }
        return reached
    }
}

extension IndexFolder {
    /// Reads a file that a manifest names, a part at a time, and says in what it differs; nil when it is as it was written.
    ///
    /// - Throws: ``IndexError/file(_:_:_:)`` when it cannot be read, or ``IndexError/newerFormat(_:have:know:)``.
    func difference(
        in file: Manifest.Generation.File, _ kind: FileHeader.Kind, generation: Int
    ) throws(IndexError) -> String? {
        let path = path.appending(file.name)
        let open: OpenFile
        do {
            open = try OpenFile(path, for: .read)
        } catch .file(_, _, .noSuchFileOrDirectory) {
            return "is missing"
        }
        let head = try open.read(count: kind.contentOffset, at: 0)
        do {
            try head.withUnsafeBufferPointer { head throws(IndexError) in
                try header(kind, generation: generation).check(UnsafeRawBufferPointer(head), of: path)
            }
        } catch .damaged(_, let what) {
            return what
        }
        var checksum = CRC32C()
        var offset = 0
        while offset < file.bytes {
            let part = try open.read(count: min(1 << 20, file.bytes - offset), at: kind.contentOffset + offset)
            if part.isEmpty {
                let needed = kind.contentOffset + file.bytes
                return "has \(kind.contentOffset + offset) bytes, fewer than the \(needed) that the manifest names"
            }
            part.withUnsafeBytes { checksum.update($0) }
            offset += part.count
        }
        guard checksum.value != file.checksum else { return nil }
        return "has checksum \(hexadecimal(checksum.value)), not \(hexadecimal(file.checksum))"
    }
}
