import Postgres

extension Catalog {
    /// Reads the embeddings of some pictures; those of hidden and deleted ones, which no index holds, are left out.
    ///
    /// - Parameters:
    ///   - images: at most some thousands: the server is sent all of them at once.
    ///   - each: gets the picture and the bytes of its vector, little-endian float32, valid during the call; in no order.
    public func embeddings(
        of images: [ImageID], model: ModelID, each: (ImageID, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try stream(
            """
            select e.image, e.vector from likeness.embeddings e join likeness.images i on i.id = e.image
            where e.model = \(model) and e.image = any(\(images)) and i.state = 'active'
            """, each)
    }

    /// Reads all embeddings of a model in the order of the pictures' numbers, hidden ones left out, in bounded memory.
    ///
    /// Opens a transaction of its own, so that the position is exactly that of the embeddings.
    ///
    /// - Parameter each: gets the picture and the bytes of its vector, little-endian float32, valid during the call.
    /// - Returns: the position from which the feed goes on.
    public func allEmbeddings(
        model: ModelID, each: (ImageID, UnsafeRawBufferPointer) throws -> Void
    ) throws -> FeedPosition {
        try connection.transaction(.repeatableReadOnly) {
            let position = try currentPosition()
            try stream(
                """
                select e.image, e.vector from likeness.embeddings e join likeness.images i on i.id = e.image
                where e.model = \(model) and i.state = 'active' order by e.image
                """, each)
            return position
        }
    }

    /// The pictures that have an embedding of the model, hidden ones left out, in ascending order: what an index must hold.
    public func embeddedImages(model: ModelID) throws -> [ImageID] {
        var images: [ImageID] = []
        try connection.copyOut(
            """
            select e.image from likeness.embeddings e join likeness.images i on i.id = e.image
            where e.model = \(model) and i.state = 'active' order by e.image
            """
        ) { images.append(try $0[0]) }
        return images
    }

    /// The vector of a picture; nil when it has none of this model. A hidden picture has one.
    public func embedding(of image: ImageID, model: ModelID) throws -> [Float]? {
        try vector("select vector from likeness.embeddings where image = \(image) and model = \(model)")
    }

    /// The vector of a picture by its content; nil when there is none of this model.
    public func embedding(ofContent digest: ContentDigest, model: ModelID) throws -> [Float]? {
        try vector(
            """
            select e.vector from likeness.embeddings e join likeness.images i on i.id = e.image
            where i.content_sha256 = \(digest) and e.model = \(model)
            """)
    }

    private func vector(_ query: SQL) throws -> [Float]? {
        try connection.firstRow(query)?.withBytes(of: 0) { bytes in
            bytes.map { Array(LittleEndianFloats(bytes: $0)) }
        }
    }

    private func stream(_ query: SQL, _ each: (ImageID, UnsafeRawBufferPointer) throws -> Void) throws {
        try connection.copyOut(query) { row in
            let image: ImageID = try row[0]
            try row.withBytes(of: 1) { bytes in
                guard let bytes else { return }
                try each(image, bytes)
            }
        }
    }
}
