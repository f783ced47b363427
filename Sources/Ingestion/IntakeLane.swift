import Catalog
import Embeddings
import Faults
import FolderWatching
import Imaging
import NativeThreads

/// Turns files into what the catalog stores, group by group: reads and hashes them on a thread of its own, asks which
/// contents are new, has those decoded by workers and embedded by the network, in batches while others still decode.
///
/// Two or three lanes at once keep all cores busy: one reads or writes while another decodes and a third embeds. A lane has
/// in memory the bytes of its group and two batches of prepared pictures.
public actor IntakeLane {
    private let thread = NativeThreadExecutor(name: "intake")
    /// The thread that reads.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// The most files of a group: one question to the catalog tells them apart.
    public static let mostFiles = 64
    /// The most bytes of a group, unless a single file has more.
    public static let mostBytes: Int64 = 64 << 20

    private let intake: Intake
    private var batches: FillingBatches

    /// A lane for one group at a time.
    public init(_ intake: Intake) {
        self.intake = intake
        batches = FillingBatches(intake.embedder)
    }

    /// Takes a group of files, ``mostFiles`` and ``mostBytes`` at most; another group when this one is done.
    ///
    /// A content that several files hold, of this group or of one that another lane has at the moment, is embedded once.
    /// The last batch of a group goes to the network as full as it is: nobody waits for pictures to come.
    ///
    /// - Parameters:
    ///   - files: complete files; their order is that of the outcomes.
    ///   - known: asks the catalog about contents, none of them twice; one that it does not tell of is new.
    /// - Returns: the batch to write, and what became of each file.
    /// - Throws: what `known` throws, ``IngestionError``, ``Embeddings/EmbeddingError``, `CancellationError`. A bad file is
    ///   no error.
    public func take(
        _ files: some Sequence<FoundFile> & Sendable,
        known: @Sendable ([ContentDigest]) async throws -> [ContentDigest: ContentStanding]
    ) async throws -> IntakeResult {
        let files = Array(files)
        let bytes = files.reduce(0) { $0 + Int(clamping: $1.size) }
        await intake.fileMemory.take(bytes)
        defer { intake.fileMemory.giveBack(bytes) }
        var cost = IntakeCost()
        let reads = try read(files, &cost)
        let claims = intake.inFlight.claim(reads.compactMap { try? $0.get().digest })
        let news = try await newContents(of: reads, claims, known)
        do {
            cost += try await embed(news, claims, batches)
        } catch {
            // Pictures of this group must not stand in the next one's batches.
            batches = FillingBatches(intake.embedder)
            throw error
        }
        var result = IntakeResult(cost: cost, claims: claims)
        for (file, read) in zip(files, reads) {
            result.append(file, read, await outcome(of: read, claims))
        }
        return result
    }

    private func read(
        _ files: [FoundFile], _ cost: inout IntakeCost
    ) throws -> [Result<ReadFile, ReadFile.Refusal>] {
        let start = ContinuousClock.now
        defer { cost.read += (ContinuousClock.now - start) / .seconds(1) }
        cost.files += files.count
        return try files.map { file in
            try Task.checkCancellation()
            let read = try ReadFile.read(
                file, maxBytes: intake.limits.maxFileBytes, followsLinks: intake.followsLinks)
            if case .success(let read) = read { cost.bytes += Int64(read.bytes.size) }
            return read
        }
    }

    /// One file of each content that this lane is to embed, in the order of the files; of the others it is said what is
    /// known.
    private func newContents(
        of reads: [Result<ReadFile, ReadFile.Refusal>], _ claims: ClaimedContents,
        _ known: ([ContentDigest]) async throws -> [ContentDigest: ContentStanding]
    ) async throws -> [ReadFile] {
        var ours: [ReadFile] = []
        var seen: Set<ContentDigest> = []
        for case .success(let read) in reads where claims.mine[read.digest] != nil {
            if seen.insert(read.digest).inserted { ours.append(read) }
        }
        if ours.isEmpty { return [] }
        let standings = try await known(ours.map(\.digest))
        return ours.filter { read in
            switch standings[read.digest] {
            case .known: claims.mine[read.digest]?.settle(.known)
            case .inWorkElsewhere: claims.mine[read.digest]?.settle(.postponed)
            case .new, nil: return true
            }
            return false
        }
    }

    private enum Step: Sendable {
        /// A picture was decoded or refused, and a batch may be full by that.
        case decoded(full: FilledBatch?, isRefused: Bool, seconds: Double)
        case embedded(pictures: Int, seconds: Double)
    }

    /// Decodes and embeds, and settles what becomes of each content.
    private func embed(
        _ reads: [ReadFile], _ claims: ClaimedContents, _ batches: FillingBatches
    ) async throws -> IntakeCost {
        if reads.isEmpty { return IntakeCost() }
        return try await withThrowingTaskGroup(of: Step.self) { steps in
            var cost = IntakeCost()
            var waiting = reads[...]
            var room = batches.room
            var decoding = 0
            func decodeWhatFits() {
                while room > 0, let read = waiting.popFirst() {
                    room -= 1
                    decoding += 1
                    steps.addTask { try await self.decode(read, claims, into: batches) }
                }
            }
            decodeWhatFits()
            while let step = try await steps.next() {
                switch step {
                case .decoded(let full, let isRefused, let seconds):
                    decoding -= 1
                    room += isRefused ? 1 : 0
                    cost.decode += seconds
                    if let full { steps.addTask { try await self.embed(full, claims, of: batches) } }
                case .embedded(let pictures, let seconds):
                    room += pictures
                    cost.embed += seconds
                }
                decodeWhatFits()
                // Nothing else will come: what is there goes to the network.
                if decoding == 0, let partial = batches.takePartial() {
                    steps.addTask { try await self.embed(partial, claims, of: batches) }
                }
            }
            return cost
        }
    }

    private nonisolated func decode(
        _ read: ReadFile, _ claims: ClaimedContents, into batches: FillingBatches
    ) async throws -> Step {
        let decoded = try await intake.decoders.decode(read.bytes) { facts, values in
            batches.add(values, PreparedPicture(read: read, facts: facts))
        }
        switch decoded.result {
        case .success(let full): return .decoded(full: full, isRefused: false, seconds: decoded.seconds)
        case .failure(let refusal):
            claims.mine[read.digest]?.settle(.failed(refusal))
            return .decoded(full: nil, isRefused: true, seconds: decoded.seconds)
        }
    }

    private nonisolated func embed(
        _ filled: FilledBatch, _ claims: ClaimedContents, of batches: FillingBatches
    ) async throws -> Step {
        let seconds: Double
        if let embedded = try await intake.embed(filled.batch) {
            seconds = embedded.seconds
            let dimension = intake.embedder.model.dimension
            for (row, picture) in filled.pictures.enumerated() {
                claims.settle(picture, vector: Array(embedded.vectors[row * dimension..<(row + 1) * dimension]))
            }
        } else {
            seconds = try await embedOneByOne(filled.pictures, claims)
        }
        batches.giveBack(filled)
        return .embedded(pictures: filled.pictures.count, seconds: seconds)
    }

    /// Embeds the pictures of a batch in which one has no embedding, so that the others get theirs; the seconds it took.
    private nonisolated func embedOneByOne(
        _ pictures: [PreparedPicture], _ claims: ClaimedContents
    ) async throws -> Double {
        let alone = intake.embedder.makeBatch(capacity: 1)
        var spent = 0.0
        for picture in pictures {
            alone.removeAll()
            let decoded = try await intake.decoders.decode(picture.read.bytes) { _, values in
                alone.append { _ = $0.update(fromContentsOf: values) }
            }
            if case .failure(let refusal) = decoded.result {
                claims.mine[picture.read.digest]?.settle(.failed(refusal))
            } else if let embedded = try await intake.embed(alone) {
                spent += embedded.seconds
                claims.settle(picture, vector: embedded.vectors)
            } else {
                claims.mine[picture.read.digest]?.settle(.failed(.notEmbedded))
            }
        }
        return spent
    }

    /// What became of the content of a file; nil when it was not read.
    private func outcome(
        of read: Result<ReadFile, ReadFile.Refusal>, _ claims: ClaimedContents
    ) async -> ContentOutcome? {
        guard case .success(let read) = read else { return nil }
        return await (claims.mine[read.digest] ?? claims.others[read.digest])?.outcome
    }
}

extension ClaimedContents {
    fileprivate func settle(_ picture: PreparedPicture, vector: [Float]) {
        let digest = picture.read.digest
        mine[digest]?.settle(
            .embedded(picture.facts.content(digest, bytes: picture.read.bytes.size, vector: vector)))
    }
}

extension IntakeResult {
    fileprivate mutating func append(
        _ file: FoundFile, _ read: Result<ReadFile, ReadFile.Refusal>, _ outcome: ContentOutcome?
    ) {
        let taken: FileOutcome
        switch read {
        case .failure(.changed): taken = .changed
        case .failure(.failed(let failure)): taken = fail(failure)
        case .success(let read):
            switch outcome {
            case .known: taken = see(read, .known(read.digest))
            case .embedded(let content):
                batch.contents.append(content)
                taken = see(read, .added(read.digest))
            case .failed(let refusal): taken = fail(FailedFile(read, refusal))
            case .postponed, nil: taken = .postponed(read.digest)
            }
        }
        files.append(TakenFile(file: file, outcome: taken))
    }

    private mutating func see(_ read: ReadFile, _ outcome: FileOutcome) -> FileOutcome {
        batch.sightings.append(FileSighting(path: read.file.path, content: read.digest, stamp: read.stamp))
        return outcome
    }

    private mutating func fail(_ failure: FailedFile) -> FileOutcome {
        batch.failures.append(failure.row)
        return .failed(failure)
    }
}
