extension StoreWriter {
    /// Takes over what of a specification needs no building: all of it while the index has no generation, else the numbers
    /// that only queries use. Readers see it with the next publication.
    ///
    /// What else the specification asks for comes with a generation that is built for it: ``adopt(_:)-(GenerationDraft)``.
    ///
    /// - Returns: whether anything changed.
    /// - Throws: ``IndexError/noSuchIndex(_:have:)``, also for an index of another type, and what
    ///   ``IndexSpecification/validated(dimension:)`` throws.
    @discardableResult
    public func apply(_ specification: IndexSpecification) throws(IndexError) -> Bool {
        try specification.validated(dimension: pending.manifest.identity.dimension)
        let place = try place(of: specification.name, specification.type)
        let entry = pending.manifest.indexes[place]
        guard entry.built == nil else {
            return try setSearchParameters(specification.parameters, of: specification.name)
        }
        guard entry.specification != specification else { return false }
        pending.manifest.indexes[place] = Manifest.Index(
            specification: specification, generation: entry.generation, builtAt: entry.builtAt, built: nil)
        pending.isChanged = true
        return true
    }

    /// Changes the numbers that only queries use, of the generation that answers; nothing is built. Readers see it with the
    /// next publication.
    ///
    /// - Parameter parameters: by name; those that shape the index are let pass, and no more lists are read than there are.
    /// - Returns: whether anything changed; false while the index has no generation.
    /// - Throws: ``IndexError/noSuchIndex(_:have:)``.
    @discardableResult
    public func setSearchParameters(
        _ parameters: [String: Int], of name: String
    ) throws(IndexError) -> Bool {
        try checkUsable()
        let place = try place(of: name)
        let entry = pending.manifest.indexes[place]
        guard var built = entry.built else { return false }
        for name in IndexParameters.searchNames(of: entry.specification.type) {
            guard var value = parameters[name.rawValue] else { continue }
            if name == .nprobe, let nlist = built.parameters[IndexParameters.Name.nlist.rawValue] {
                value = min(value, nlist)
            }
            built.parameters[name.rawValue] = value
        }
        guard built != entry.built else { return false }
        pending.manifest.indexes[place].built = built
        pending.isChanged = true
        return true
    }

    private func place(of name: String, _ type: IndexType? = nil) throws(IndexError) -> Int {
        let indexes = pending.manifest.indexes
        let place = indexes.firstIndex { entry in
            entry.specification.name == name && (type == nil || entry.specification.type == type)
        }
        if let place { return place }
        throw .noSuchIndex(name, have: indexes.map(\.specification.name))
    }
}
