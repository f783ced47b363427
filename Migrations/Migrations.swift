/// One SQL file that makes a part of the schema.
public struct SQLFile: Sendable, Equatable {
    /// Its name without the extension: `0004_feed`, `image_overview`.
    public let name: String
    /// Its bytes, UTF-8, as they lie in the repository.
    public let bytes: [UInt8]

    /// Names a text.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// Its text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// The SQL files that this build carries inside itself, so that the binary works wherever it is copied.
///
/// A new file is entered here; a test compares the lists with the folders.
public enum Migrations {
    /// `Schema/`: numbered from 1 without a gap, applied once each in this order and never edited afterwards.
    public static var schema: [SQLFile] {
        [
            SQLFile(name: "0001_schema", bytes: PackageResources._001_schema_sql),
            SQLFile(name: "0002_images", bytes: PackageResources._002_images_sql),
            SQLFile(name: "0003_embeddings", bytes: PackageResources._003_embeddings_sql),
            SQLFile(name: "0004_feed", bytes: PackageResources._004_feed_sql),
            SQLFile(name: "0005_indexes", bytes: PackageResources._005_indexes_sql),
            SQLFile(name: "0006_lineage", bytes: PackageResources._006_lineage_sql),
            SQLFile(name: "0007_benchmarks", bytes: PackageResources._007_benchmarks_sql),
            SQLFile(name: "0008_functions", bytes: PackageResources._008_functions_sql),
            SQLFile(name: "0009_maintenance", bytes: PackageResources._009_maintenance_sql),
            SQLFile(name: "0010_index_requests", bytes: PackageResources._010_index_requests_sql),
            SQLFile(name: "0011_sync_activity", bytes: PackageResources._011_sync_activity_sql),
            SQLFile(name: "0012_ingest_queue", bytes: PackageResources._012_ingest_queue_sql),
            SQLFile(name: "0013_reports", bytes: PackageResources._013_reports_sql),
            SQLFile(name: "0014_lineage", bytes: PackageResources._014_lineage_sql),
            SQLFile(name: "0015_shown_pictures", bytes: PackageResources._015_shown_pictures_sql),
            SQLFile(name: "0016_robustness", bytes: PackageResources._016_robustness_sql),
            SQLFile(name: "0017_watched_by", bytes: PackageResources._017_watched_by_sql),
        ]
    }

    /// `Views/`: one view a file, of the same name; created again whenever its text changed. In no particular order.
    public static var views: [SQLFile] {
        [
            SQLFile(name: "augmentation_robustness", bytes: PackageResources.augmentation_robustness_sql),
            SQLFile(name: "benchmark_table", bytes: PackageResources.benchmark_table_sql),
            SQLFile(name: "duplicate_groups", bytes: PackageResources.duplicate_groups_sql),
            SQLFile(name: "exact_duplicates", bytes: PackageResources.exact_duplicates_sql),
            SQLFile(name: "failures_by_class", bytes: PackageResources.failures_by_class_sql),
            SQLFile(name: "families_by_size", bytes: PackageResources.families_by_size_sql),
            SQLFile(name: "file_states", bytes: PackageResources.file_states_sql),
            SQLFile(name: "growth_by_day", bytes: PackageResources.growth_by_day_sql),
            SQLFile(name: "image_overview", bytes: PackageResources.image_overview_sql),
            SQLFile(name: "index_history", bytes: PackageResources.index_history_sql),
            SQLFile(name: "index_status", bytes: PackageResources.index_status_sql),
            SQLFile(name: "ingest_health", bytes: PackageResources.ingest_health_sql),
            SQLFile(name: "leaks", bytes: PackageResources.leaks_sql),
            SQLFile(name: "lineage_tree", bytes: PackageResources.lineage_tree_sql),
            SQLFile(name: "near_duplicates", bytes: PackageResources.near_duplicates_sql),
            SQLFile(name: "outliers", bytes: PackageResources.outliers_sql),
            SQLFile(name: "same_pixels", bytes: PackageResources.same_pixels_sql),
        ]
    }
}
