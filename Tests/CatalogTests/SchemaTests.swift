import Catalog
import Postgres
import TestSupport
import Testing

struct SchemaTests {
    private let databases = TestDatabases()

    @Test func `every table, view, column and function says what it is`() throws {
        let connection = try databases.migrated().connect()
        let rows = try connection.rows(
            """
            select c.relname || coalesce('.' || a.attname, '') as name
            from pg_class c left join lateral (
                select attname, attnum from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
                union all select null, 0
            ) a on true
            where c.relnamespace = 'likeness'::regnamespace and c.relkind in ('r', 'v')
                and case when a.attnum = 0 then obj_description(c.oid, 'pg_class')
                    else col_description(c.oid, a.attnum) end is null
            union all
            select proname || '()' from pg_proc
            where pronamespace = 'likeness'::regnamespace and obj_description(oid, 'pg_proc') is null
            """)
        #expect(try rows.map { try $0["name", as: String.self] } == [])
        let tables = try connection.firstRow(
            "select count(*) as n from pg_class where relnamespace = 'likeness'::regnamespace and relkind = 'r'")
        #expect(try tables?["n"] == 29)
    }

    @Test func `every foreign key has an index to find its rows by`() throws {
        let connection = try databases.migrated().connect()
        let rows = try connection.rows(
            """
            select conname::text as name from pg_constraint f
            where f.contype = 'f' and f.connamespace = 'likeness'::regnamespace and not exists (
                select from pg_index i where i.indrelid = f.conrelid and i.indkey[0] = f.conkey[1])
            """)
        #expect(try rows.map { try $0["name", as: String.self] } == [])
    }

    @Test func `vectors are stored out of line and uncompressed`() throws {
        let connection = try databases.migrated().connect()
        let row = try connection.firstRow(
            "select attstorage::text as it from pg_attribute where attrelid = 'likeness.embeddings'::regclass and attname = 'vector'"
        )
        #expect(try row?["it"] == "e")
    }

    @Test(arguments: [
        (
            "insert into likeness.images (content_sha256, width, height, bytes, format) values ('\\x00', 1, 1, 1, 'jpeg')",
            "images_content_sha256_is_32_bytes"
        ),
        ("update likeness.images set width = 0", "images_width_is_positive"),
        ("update likeness.images set orientation = 9", "images_orientation_is_exif"),
        ("update likeness.images set gps_latitude = 1", "images_gps_is_whole"),
        ("update likeness.images set gps_latitude = 91, gps_longitude = 0", "images_gps_latitude_is_on_earth"),
        ("update likeness.images set state = 'lost'", "images_state_is_known"),
        ("update likeness.watched_roots set on_vanish = 'delete'", "watched_roots_on_vanish_is_known"),
        ("update likeness.root_mounts set state = 'unavailable'", "root_mounts_unavailable_has_reason"),
        ("update likeness.ingest_queue set state = 'in work'", "ingest_queue_state_is_known"),
        ("update likeness.ingest_queue set state = 'failed'", "ingest_queue_failed_has_error"),
        ("update likeness.ingest_queue set attempts = 1", "ingest_queue_failed_has_error"),
        ("update likeness.image_files set path = 'relative'", "image_files_path_is_absolute"),
        ("update likeness.embeddings set vector = '\\x00'", "embeddings_vector_has_dimension"),
        ("update likeness.embeddings set dimension = 3, vector = substr(vector, 1, 12)", "embeddings_model"),
        ("update likeness.embeddings set model = model + 1", "embeddings_model"),
        ("update likeness.embeddings set image = image + 1", "embeddings_image"),
        ("delete from likeness.embedding_models", "embeddings_model"),
        (
            "insert into likeness.augmentations (child, parent, root, recipe) select id, id, id, '[]' from likeness.images",
            "augmentations_child_is_not_parent"
        ),
        (
            "insert into likeness.vector_indexes (name, model, type) select 'a', id, 'magic' from likeness.embedding_models",
            "vector_indexes_type_is_known"
        ),
    ])
    func `a row that means nothing is refused by a constraint with a name`(statement: String, name: String) throws {
        let test = try databases.catalog()
        try test.ingest("a")
        let root = try test.openRoot().id
        _ = try test.catalog.enqueue([.at("/pictures/b")], root: root, host: "here")
        let error = #expect(throws: PostgresError.self) { try test.connection.execute(SQL(raw: statement)) }
        #expect(error?.constraint == name)
    }

    @Test func `a reader sees the views and nothing else`() throws {
        let test = try databases.catalog()
        try test.ingest("a", "b")
        let connection = test.connection
        try connection.execute("set role likeness_reader")
        let relations = try connection.rows(
            """
            select relname::text as name, relkind = 'v' as is_view from pg_class
            where relnamespace = 'likeness'::regnamespace and relkind in ('r', 'v') order by relname
            """)
        for relation in relations {
            let name: String = try relation["name"]
            if try relation["is_view"] {
                try connection.execute("select * from likeness.\(identifier: name)")
                #expect(throws: PostgresError.self) {
                    try connection.execute("delete from likeness.\(identifier: name)")
                }
            } else {
                let error = #expect(throws: PostgresError.self) {
                    try connection.execute("select from likeness.\(identifier: name)")
                }
                #expect(error?.sqlState == "42501")
            }
        }
        #expect(try connection.rows("select image_id from likeness.image_overview").count == 2)
        #expect(throws: PostgresError.self) {
            try connection.execute("select likeness.prune_embedding_changes()")
        }
        #expect(throws: PostgresError.self) { try connection.execute("create table likeness.mine ()") }
    }

    @Test func `a user who may not create roles or databases can migrate a database of his own`() throws {
        let administration = try Connection(TestServer.shared.administrationTarget())
        try administration.execute("create role plain_tests login")
        let database = try databases.empty()
        defer {
            _ = try? administration.execute("alter database \(identifier: database.name) owner to postgres")
            _ = try? database.connect().execute("drop owned by plain_tests cascade")
            _ = try? administration.execute("drop role plain_tests")
        }
        try administration.execute("alter database \(identifier: database.name) owner to plain_tests")
        let connection = try database.connect()
        try connection.execute("set role plain_tests")
        try Migrator().migrate(connection)
        #expect(try Migrator().status(connection).isCurrent)
        let catalog = Catalog(connection)
        let model = try catalog.addModel(name: "small", identity: .small(dimension: 4))
        #expect(try catalog.write(.pictures(["a"]), model: model).addedEmbeddings == 1)
        let position = try catalog.currentPosition()
        #expect(try catalog.changes(model: model.id, after: position, limit: 9).changes.isEmpty)
    }

    @Test func `the views show what is in the tables`() throws {
        let test = try databases.catalog()
        let images = try test.ingest("original", "copy", "alone")
        try test.catalog.write(
            {
                var batch = IngestBatch()
                batch.sightings = [.named("alone", path: "/elsewhere/alone")]
                return batch
            }(), model: test.model)
        try test.connection.execute(
            """
            insert into likeness.augmentations (child, parent, root, recipe)
            values (\(images[1]), \(images[0]), \(images[0]),
                '[{"operation": "rotate", "degrees": 4}, {"operation": "flip"}]')
            """)
        try test.connection.execute(
            """
            insert into likeness.near_duplicate_edges (model, first_image, second_image, distance)
            values (\(test.model.id), \(images[0]), \(images[1]), 0.025)
            """)
        func one(_ query: SQL) throws -> Row { try #require(try test.connection.firstRow(query)) }
        let family = try one("select * from likeness.lineage_tree where depth = 1")
        #expect(try family["operations"] == "rotate + flip")
        #expect(try family["family_id"] == images[0])
        #expect(try test.connection.rows("select from likeness.lineage_tree").count == 2)
        let duplicate = try one("select * from likeness.exact_duplicates")
        #expect(try duplicate["image_id"] == images[2])
        #expect(try duplicate["paths"] == ["/pictures/alone", "/elsewhere/alone"])
        let near = try one("select * from likeness.near_duplicates")
        #expect(try near["same_family"] == true)
        #expect(try near["relation"] == "lineage")
        try test.catalog.writeOutcomes(
            [AugmentationOutcome(image: images[1], operation: "rotate", strength: 0.3, rank: 1, distance: 0.25)],
            model: test.model.id, indexType: .flat)
        let robustness = try one("select * from likeness.augmentation_robustness")
        #expect(try robustness["n"] == 1)
        #expect(try robustness["recall_at_1"] == 1.0)
        #expect(try robustness["median_distance"] == 0.25)
        let health = try one("select * from likeness.ingest_health where folder is null")
        #expect(try health["files"] == 4)
        let overview = try one("select * from likeness.image_overview where image_id = \(images[1])")
        #expect(try overview["path"] == "/pictures/copy")
        #expect(try overview["root_id"] == images[0])
    }
}
