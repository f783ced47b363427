/// New lists from the published ones, for less than training anew costs.
extension InvertedFileTraining {
    /// The published generation of the same index; nil where there is none that can be used.
    func previous() throws(IndexError) -> InvertedFileLists? {
        let published = job.store.manifest.indexes.first { $0.specification == job.specification }
        guard job.remedy != .full, let published, let built = published.built else { return nil }
        do throws(IndexError) {
            return try InvertedFileLists(published, built, over: job.store)
        } catch {
            // Training anew mends it.
            if case .damaged = error { return nil }
            throw error
        }
    }

    /// Each centroid becomes the mean of its list's live rows; lists without any keep theirs. All rows are assigned anew
    /// to the nearest of the new centroids, as one pass of k-means would, and coded anew with the codebooks there are.
    func recentered(_ previous: InvertedFileLists) throws(IndexError) -> RemediedLists {
        let shape = previous.shape
        var centroids = Array(UnsafeBufferPointer(start: previous.base.centroids, count: shape.centroidValues))
        for list in 0..<shape.nlist {
            control.report("re-centering lists", Double(list) / Double(shape.nlist))
            let vectors = previous.entries(of: list).map { previous.vectors[$0] }
            guard let mean = try mean(of: vectors) else { continue }
            centroids.replaceSubrange(list * dimension..<(list + 1) * dimension, with: mean)
        }
        let codebooks = Array(UnsafeBufferPointer(start: previous.base.codebooks, count: shape.codebookValues))
        return withExtendedLifetime(previous) {
            RemediedLists(InvertedFileQuantizer(shape, centroids: centroids, codebooks: codebooks))
        }
    }

    /// Lists that are more than three times as long as the mean are halved by 2-means until none is, or until its rows are
    /// equal. New halves take the places of empty lists first. The rows of lists whose centroid is new, and of the eight
    /// nearest lists of each, are assigned anew among all; the records of all others stay as they are.
    func split(_ previous: InvertedFileLists) throws(IndexError) -> RemediedLists {
        let old = previous.shape
        var centroids = Array(UnsafeBufferPointer(start: previous.base.centroids, count: old.centroidValues))
        var empty = (0..<old.nlist).filter { previous.entries(of: $0).isEmpty }
        let longest = max(1, 3 * previous.count / old.nlist)
        var tooLong = (0..<old.nlist).map { ($0, previous.entries(of: $0).map { previous.vectors[$0] }) }
            .filter { $0.1.count > longest }
        var moved: Set<Int> = []
        while let (list, vectors) = tooLong.popLast() {
            control.report("splitting lists", 0)
            guard let halves = try halves(of: vectors) else { continue }
            centroids.replaceSubrange(list * dimension..<(list + 1) * dimension, with: halves[0].centroid)
            let other: Int
            if let reused = empty.popLast() {
                other = reused
                centroids.replaceSubrange(other * dimension..<(other + 1) * dimension, with: halves[1].centroid)
            } else {
                other = centroids.count / dimension
                centroids += halves[1].centroid
            }
            moved.formUnion([list, other])
            for (list, half) in zip([list, other], halves) where half.vectors.count > longest {
                tooLong.append((list, half.vectors))
            }
        }
        let shape = InvertedFileShape(
            dimension: dimension, nlist: centroids.count / dimension, m: old.m, bits: old.bits)
        let codebooks = Array(UnsafeBufferPointer(start: previous.base.codebooks, count: shape.codebookValues))
        var lists = RemediedLists(InvertedFileQuantizer(shape, centroids: centroids, codebooks: codebooks))
        let affected = neighborhood(of: moved, centroids)
        for list in 0..<old.nlist where !affected.contains(list) {
            for entry in previous.entries(of: list) {
                let start = Int(previous.ordinals[entry]) * old.recordSize
                lists.kept[previous.slots[entry]] = Array(previous.records[start..<start + old.recordSize])
            }
        }
        return lists
    }

    /// Two groups of the vectors and their centroids; nil when they cannot be told apart.
    private func halves(
        of vectors: [UnsafePointer<Float>]
    ) throws(IndexError) -> [(centroid: ArraySlice<Float>, vectors: [UnsafePointer<Float>])]? {
        let sample = RowSample.places(1_024, of: vectors.count, seed: 1).map { vectors[$0] }.filter { vector in
            firstNonFinite(UnsafeBufferPointer(start: vector, count: dimension)) == nil
        }
        guard sample.count >= 2 else { return nil }
        let pair = try Clustering(
            index: name, phase: "splitting lists", share: 0..<1, iterations: Self.listIterations, threads: job.threads,
            control: control
        ).centroids(2, of: sample, dimension: dimension)
        let quantizer = InvertedFileQuantizer(
            InvertedFileShape(dimension: dimension, nlist: 2, m: 0, bits: 0), centroids: pair, codebooks: [])
        let sides = try inBlocks(vectors, of: quantizer.block, "splitting lists") { block in
            quantizer.lists(of: block, threads: job.threads)
        }
        let halves = [UInt32(0), 1].map { side in
            (
                centroid: pair[Int(side) * dimension..<Int(side + 1) * dimension],
                vectors: zip(vectors, sides).filter { $0.1 == side }.map(\.0)
            )
        }
        return halves.contains { $0.vectors.isEmpty } ? nil : halves
    }

    /// Lists and the eight nearest lists of each.
    private func neighborhood(of lists: Set<Int>, _ centroids: [Float]) -> Set<Int> {
        let count = centroids.count / dimension
        var distances = [Float](repeating: 0, count: count)
        var near = lists
        centroids.withUnsafeBufferPointer { centroids in
            guard let first = centroids.baseAddress else { return }
            let addresses = (0..<count).map { first + $0 * dimension }
            for list in lists {
                addresses.withUnsafeBufferPointer { addresses in
                    distances.withUnsafeMutableBufferPointer { distances in
                        Kernels.squaredDistances(
                            from: UnsafeBufferPointer(start: first + list * dimension, count: dimension), to: addresses,
                            dimension: dimension, threads: 1, into: distances)
                    }
                }
                // Itself, at distance 0, and eight others.
                var nearest = NearestNeighbors(9)
                for (other, distance) in distances.enumerated() { nearest.offer(VectorID(Int64(other)), at: distance) }
                near.formUnion(nearest.sorted().map { Int($0.id.rawValue) })
            }
        }
        return near
    }

    /// The mean of vectors, added up in double precision; nil when there is none that is finite.
    private func mean(of vectors: [UnsafePointer<Float>]) throws(IndexError) -> [Float]? {
        var sums = [Double](repeating: 0, count: dimension)
        var count = 0
        for (place, vector) in vectors.enumerated() {
            if place.isMultiple(of: 1_024) { try control.check(name) }
            guard firstNonFinite(UnsafeBufferPointer(start: vector, count: dimension)) == nil else { continue }
            for component in 0..<dimension { sums[component] += Double(vector[component]) }
            count += 1
        }
        return count == 0 ? nil : sums.map { Float($0 / Double(count)) }
    }
}
