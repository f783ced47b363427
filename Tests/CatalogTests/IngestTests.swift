import Catalog
import Faults
import Postgres
import TestSupport
import Testing

struct IngestTests {
    private let databases = TestDatabases()

    @Test func `writing a batch twice adds nothing the second time`() throws {
        let test = try databases.catalog()
        let batch = IngestBatch.pictures(["a", "b", "c"])
        let first = try test.catalog.write(batch, model: test.model)
        #expect(first.addedImages == 3)
        #expect(first.addedEmbeddings == 3)
        #expect(first.addedFiles == 3)
        #expect(first.copies == 0)
        #expect(try test.catalog.write(batch, model: test.model) == IngestBatchOutcome())
        let counts = try test.catalog.counts()
        #expect(counts.images == 3)
        #expect(counts.files == 3)
        #expect(counts.models.map(\.embeddings) == [3])
    }

    @Test func `all that is known of a picture is stored, and what is unknown is null`() throws {
        let test = try databases.catalog()
        var full = IngestedContent.named("full")
        full.orientation = 6
        full.pixelDigest = .named("pixels")
        full.capturedAt = Timestamp(seconds: 1_600_000_000)
        full.capturedOffsetMinutes = -330
        full.camera = "Maker's \"Model\""
        full.latitude = -33.5
        full.longitude = 151.25
        full.blur = 12.5
        full.brightness = 0.25
        full.contrast = 0.125
        var batch = IngestBatch()
        batch.contents = [full, .named("bare")]
        try test.catalog.write(batch, model: test.model)
        let columns: SQL =
            """
            pixel_sha256, captured_at, captured_offset_minutes, camera, gps_latitude, gps_longitude, blur, brightness,
            contrast
            """
        let rows = try test.connection.rows(
            "select orientation, num_nulls(\(columns)) as nulls, \(columns) from likeness.images order by orientation desc"
        )
        #expect(try rows.map { try $0["nulls", as: Int.self] } == [0, 9])
        #expect(try rows[0]["pixel_sha256"] == ContentDigest.named("pixels"))
        #expect(try rows[0]["captured_at"] == Timestamp(seconds: 1_600_000_000))
        #expect(try rows[0]["captured_offset_minutes"] == -330)
        #expect(try rows[0]["camera"] == "Maker's \"Model\"")
        #expect(try rows[0]["gps_longitude"] == 151.25)
        #expect(try rows[0]["contrast"] == Float(0.125))
    }

    @Test func `files with one content are one picture`() throws {
        let test = try databases.catalog()
        var batch = IngestBatch()
        batch.contents = [.named("a"), .named("a")]
        batch.sightings = [.named("a", path: "/1"), .named("a", path: "/2"), .named("a", path: "/3")]
        let outcome = try test.catalog.write(batch, model: test.model)
        #expect(outcome.addedImages == 1)
        #expect(outcome.addedFiles == 3)
        #expect(outcome.copies == 2)
        batch.contents = []
        batch.sightings = [.named("a", path: "/4"), .named("a", path: "/1")]
        let second = try test.catalog.write(batch, model: test.model)
        #expect(second.addedFiles == 1)
        #expect(second.copies == 1)
    }

    @Test func `a file with a new content under its old name is another picture`() throws {
        let test = try databases.catalog()
        let old = try test.ingest("old")[0]
        var batch = IngestBatch()
        batch.contents = [.named("new")]
        batch.sightings = [.named("new", path: "/pictures/old", mtime: 2)]
        let outcome = try test.catalog.write(batch, model: test.model)
        #expect(outcome.replacedFiles == 1)
        #expect(outcome.addedFiles == 0)
        let row = try test.connection.firstRow(
            "select path, files from likeness.image_overview where image_id = \(old)")
        #expect(try row?["files"] == 0)
    }

    static let oddNames: [[UInt8]] = [
        Array("/plain".utf8), Array("/'quotes\" and \\ backslash".utf8), Array("/new\nline\ttab\r".utf8),
        [0x2F, 0xFF, 0xFE, 0x80], [0x2F, 0xC3], Array("/--json".utf8), Array("/\u{202E}gpj.exe".utf8),
        Array("/e\u{301}".utf8), Array("/\u{e9}".utf8), Array("/😀".utf8), Array("/$1 \\x27 {a,b} %s".utf8),
        [0x2F] + [UInt8](repeating: 0xFF, count: 4000),
        Array("/".utf8) + (0..<4000).map { UInt8(($0 * 7919 >> 3) % 255 + 1) },
    ]

    @Test func `a path may hold any bytes`() throws {
        let test = try databases.catalog()
        var batch = IngestBatch()
        batch.contents = [.named("a")]
        batch.sightings = Self.oddNames.map {
            FileSighting(path: $0, content: .named("a"), stamp: FileStamp(size: 1, mtimeNanoseconds: -5))
        }
        #expect(try test.catalog.write(batch, model: test.model).addedFiles == Self.oddNames.count)
        let known = try test.catalog.knownFiles(under: Array("/".utf8), model: test.model.id)
        #expect(Set(known.keys) == Set(Self.oddNames))
        #expect(try test.catalog.knownFiles(at: Self.oddNames, model: test.model.id) == known)
        let texts = try test.connection.rows("select path, path_text from likeness.image_files")
        for row in texts { #expect(try row["path_text"] == printableName(try row["path", as: [UInt8].self])) }
        batch.sightings = []
        batch.failures = Self.oddNames.map {
            IngestFailure(path: $0, errorClass: "odd", message: "odd", stamp: FileStamp(size: 1, mtimeNanoseconds: -5))
        }
        #expect(try test.catalog.write(batch, model: test.model).failures == Self.oddNames.count)
        #expect(try Set(test.catalog.knownFailures(under: Array("/".utf8)).keys) == Set(Self.oddNames))
    }

    @Test func `the files of a folder are those below it and no others`() throws {
        let test = try databases.catalog()
        var batch = IngestBatch()
        batch.contents = [.named("a")]
        let deep = "/photos/" + String(repeating: "long/", count: 150)
        let paths = [
            "/photos/1", "/photos/sub/2", "/photos", "/photos2/3", "/photos.4", "/photo/5", "/photos/", deep + "6",
            deep + "sub/7",
        ]
        batch.sightings = paths.map { .named("a", path: $0) }
        try test.catalog.write(batch, model: test.model)
        func names(_ folder: String) throws -> Set<String> {
            let files = try test.catalog.knownFiles(under: Array(folder.utf8), model: test.model.id)
            return Set(files.keys.map { String(decoding: $0, as: UTF8.self) })
        }
        #expect(
            try names("/photos") == [
                "/photos/1", "/photos/sub/2", "/photos", "/photos/", deep + "6", deep + "sub/7",
            ])
        #expect(try names("/") == Set(paths))
        #expect(try names("/photos/sub") == ["/photos/sub/2"])
        #expect(try names(deep + "sub") == [deep + "sub/7"])
        #expect(try names("/nowhere").isEmpty)
        #expect(try names("/photos/1") == ["/photos/1"])
    }

    @Test func `what is known of a file is its stamp, its picture and whether that has an embedding`() throws {
        let test = try databases.catalog()
        let image = try test.ingest("a")[0]
        let other = try test.catalog.addModel(name: "other", identity: .small(dimension: 8))
        let path = Array("/pictures/a".utf8)
        let known = try #require(try test.catalog.knownFiles(at: [path], model: test.model.id)[path])
        #expect(known.stamp == FileSighting.named("a").stamp)
        #expect(known.image == image)
        #expect(known.hasEmbedding)
        #expect(try test.catalog.knownFiles(at: [path], model: other.id)[path]?.hasEmbedding == false)
        let contents = try test.catalog.knownContents([.named("a"), .named("b")], model: other.id)
        #expect(contents.count == 1)
        #expect(contents[.named("a")]?.image == image)
        #expect(contents[.named("a")]?.hasEmbedding == false)
        #expect(known.stamp.vouches(for: FileStamp(size: 1000, mtimeNanoseconds: 1_000_000_007)))
        #expect(!known.stamp.vouches(for: FileStamp(size: 1000, mtimeNanoseconds: 1_000_000_008)))
    }

    @Test func `a failure is counted, outlived by its file and forgotten when that is ingested`() throws {
        let test = try databases.catalog()
        let path = Array("/pictures/a".utf8)
        func failure(mtime: Int64?) -> IngestBatch {
            var batch = IngestBatch()
            let stamp = mtime.map { FileStamp(size: 10, mtimeNanoseconds: $0) }
            batch.failures = [IngestFailure(path: path, errorClass: "truncated", message: "cut short", stamp: stamp)]
            return batch
        }
        try test.catalog.write(failure(mtime: 1), model: test.model)
        try test.catalog.write(failure(mtime: 1), model: test.model)
        #expect(try test.catalog.failures(limit: 9).map(\.attempts) == [2])
        #expect(
            try test.catalog.knownFailures(under: Array("/pictures".utf8)) == [
                path: FileStamp(size: 10, mtimeNanoseconds: 1)
            ])
        try test.catalog.write(failure(mtime: 2), model: test.model)
        #expect(try test.catalog.failures(limit: 9).map(\.attempts) == [1])
        try test.catalog.write(failure(mtime: nil), model: test.model)
        #expect(try test.catalog.knownFailures(under: Array("/pictures".utf8)).isEmpty)
        #expect(try test.catalog.counts().failures == ["truncated": 1])
        try test.ingest("a")
        #expect(try test.catalog.failures(limit: 9).isEmpty)
    }

    @Test func `a file that was replaced by junk no longer holds its picture`() throws {
        let test = try databases.catalog()
        let image = try test.ingest("a")[0]
        var batch = IngestBatch()
        let path = Array("/pictures/a".utf8)
        batch.failures = [
            IngestFailure(path: path, errorClass: "x", message: "x", stamp: FileSighting.named("a").stamp)
        ]
        try test.catalog.write(batch, model: test.model)
        #expect(try test.catalog.counts().vanishedFiles == 0)
        batch.failures[0].stamp = FileStamp(size: 3, mtimeNanoseconds: 3)
        try test.catalog.write(batch, model: test.model)
        #expect(try test.catalog.counts().vanishedFiles == 1)
        #expect(try test.catalog.results(for: [[SearchHit(image: image, distance: 0)]]).results[0][0].path == nil)
        try test.ingest("a")
        #expect(try test.catalog.counts().vanishedFiles == 0)
    }

    @Test func `ingests of the same pictures at once add each once`() async throws {
        let test = try databases.catalog()
        let target = test.database.target, model = test.model
        let outcomes = try await withThrowingTaskGroup(of: IngestBatchOutcome.self) { group in
            for worker in 0..<4 {
                group.addTask {
                    try await Database(target).run { connection in
                        var random = SplitMix(state: UInt64(worker))
                        var sum = IngestBatchOutcome()
                        for names in (0..<200).map({ "p\($0)" }).shuffled(using: &random).chunks(of: 16) {
                            sum += try Catalog(connection).write(.pictures(names), model: model)
                        }
                        return sum
                    }
                }
            }
            return try await group.reduce(into: IngestBatchOutcome()) { $0 += $1 }
        }
        #expect(outcomes.addedImages == 200)
        #expect(outcomes.addedEmbeddings == 200)
        #expect(outcomes.addedFiles == 200)
        let changes = try test.connection.firstRow("select count(*) as n from likeness.embedding_changes")
        #expect(try changes?["n"] == 200)
    }

    @Test func `a vector that does not fit its model is refused before anything is written`() throws {
        let test = try databases.catalog()
        #expect(throws: CatalogError.wrongDimension(have: 5, need: 4)) {
            try test.catalog.write(.pictures(["a"], dimension: 5), model: test.model)
        }
        #expect(try test.catalog.counts().images == 0)
    }

    @Test func `an error leaves nothing of the batch behind`() throws {
        let test = try databases.catalog()
        var batch = IngestBatch.pictures(["a", "b"])
        batch.contents[1].width = 0
        let error = #expect(throws: PostgresError.self) { try test.catalog.write(batch, model: test.model) }
        #expect(error?.constraint == "images_width_is_positive")
        #expect(try test.catalog.counts().images == 0)
        #expect(try test.catalog.write(.pictures(["a"]), model: test.model).addedImages == 1)
    }

    @Test func `a picture without an embedding can be given one later`() throws {
        let test = try databases.catalog()
        var batch = IngestBatch.pictures(["a"])
        batch.contents[0].vector = nil
        #expect(try test.catalog.write(batch, model: test.model).addedEmbeddings == 0)
        let outcome = try test.catalog.write(.pictures(["a"]), model: test.model)
        #expect(outcome.addedImages == 0)
        #expect(outcome.addedEmbeddings == 1)
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
