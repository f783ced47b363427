import Postgres

/// A file that the catalog knows.
public struct KnownFile: Sendable, Hashable {
    /// The file as it was when it was read.
    public let stamp: FileStamp
    /// The picture that it held.
    public let image: ImageID
    /// Whether the picture has an embedding of the model that was asked about.
    public let hasEmbedding: Bool
}

/// A picture that the catalog knows.
public struct KnownContent: Sendable, Hashable {
    /// The picture.
    public let image: ImageID
    /// Whether it has an embedding of the model that was asked about.
    public let hasEmbedding: Bool
}

extension Catalog {
    /// The files that are known in a folder and below, by path: what has the same stamp need not be read again.
    ///
    /// Streams from the server; the dictionary takes about 200 bytes a file.
    ///
    /// - Parameter folder: absolute path, without a slash at its end but for the root folder; a file is taken for itself.
    public func knownFiles(under folder: [UInt8], model: ModelID) throws -> [[UInt8]: KnownFile] {
        let files = try knownFiles(where: Self.isUnder(folder), model: model)
        guard let file = try knownFiles(at: [folder], model: model)[folder] else { return files }
        return files.merging([folder: file]) { $1 }
    }

    /// Those of the files that are known, by path.
    public func knownFiles(at paths: [[UInt8]], model: ModelID) throws -> [[UInt8]: KnownFile] {
        try knownFiles(where: "sha256(f.path) in (select sha256(path) from unnest(\(paths)) path)", model: model)
    }

    /// Those of the pictures that are known, by digest.
    public func knownContents(_ digests: [ContentDigest], model: ModelID) throws -> [ContentDigest: KnownContent] {
        let rows = try connection.rows(
            """
            select i.content_sha256, i.id, e.image is not null
            from likeness.images i left join likeness.embeddings e on e.image = i.id and e.model = \(model)
            where i.content_sha256 = any(\(digests))
            """)
        var contents: [ContentDigest: KnownContent] = [:]
        contents.reserveCapacity(rows.count)
        for row in rows { contents[try row[0]] = KnownContent(image: try row[1], hasEmbedding: try row[2]) }
        return contents
    }

    /// The files in a folder and below that failed and are not due again, by path, each as it was then.
    ///
    /// One with the same stamp need not be tried again; one that had no stamp is left out.
    public func knownFailures(under folder: [UInt8]) throws -> [[UInt8]: FileStamp] {
        var failures: [[UInt8]: FileStamp] = [:]
        try connection.copyOut(
            """
            select f.path, f.size, f.mtime_nanoseconds from likeness.ingest_failures f
            where (\(Self.isUnder(folder)) or sha256(f.path) = sha256(\(folder)))
                and f.size is not null and f.next_retry_at is null
            """
        ) { row in failures[try row[0]] = FileStamp(size: try row[1], mtimeNanoseconds: try row[2]) }
        return failures
    }

    private func knownFiles(where condition: SQL, model: ModelID) throws -> [[UInt8]: KnownFile] {
        var files: [[UInt8]: KnownFile] = [:]
        try connection.copyOut(
            """
            select f.path, f.size, f.mtime_nanoseconds, f.device, f.inode, f.image, e.image is not null
            from likeness.image_files f left join likeness.embeddings e on e.image = f.image and e.model = \(model)
            where f.vanished_at is null and \(condition)
            """
        ) { row in
            let stamp = FileStamp(
                size: try row[1], mtimeNanoseconds: try row[2],
                device: try row[3, as: Int64?.self].map { UInt64(bitPattern: $0) },
                inode: try row[4, as: Int64?.self].map { UInt64(bitPattern: $0) })
            files[try row[0]] = KnownFile(stamp: stamp, image: try row[5], hasEmbedding: try row[6])
        }
        return files
    }

    /// The condition that `f.path` lies below a folder: from `folder/` up to `folder0`, the byte after a slash.
    static func isUnder(_ folder: [UInt8]) -> SQL {
        let stem = folder.last == UInt8(ascii: "/") ? folder.dropLast() : folder[...]
        let first = stem + [UInt8(ascii: "/")]
        let end = stem + [UInt8(ascii: "0")]
        // The index holds the first 512 bytes of a path; with those alone the end is one that counts as well.
        return """
            substr(f.path, 1, 512) >= \(Array(first.prefix(512))) and substr(f.path, 1, 512) <= \(Array(end.prefix(512)))
                and f.path >= \(Array(first)) and f.path < \(Array(end))
            """
    }
}
