import Postgres

/// How a person names a picture of the catalog: `#12`, the SHA-256 of its file, a path, or the end of one.
public struct PictureReference: Sendable, Hashable {
    /// As it was typed.
    public let text: [UInt8]
    let kind: Kind

    enum Kind: Sendable, Hashable {
        case number(ImageID)
        case content(ContentDigest)
        /// An absolute path, and what a path must end with when none is the absolute one; nil: nothing else is meant.
        case path([UInt8], ending: [UInt8]?)
        case nothing
    }

    /// Reads a reference.
    ///
    /// - Parameters:
    ///   - text: of any bytes; a file whose name is a number sign and digits, or 64 hexadecimal digits, is named `./#12`.
    ///   - base: the absolute folder that relative paths begin in.
    public init(_ text: [UInt8], base: [UInt8]) {
        self.text = text
        kind = Self.kind(of: text, base: base)
    }

    private static func kind(of text: [UInt8], base: [UInt8]) -> Kind {
        if text.first == UInt8(ascii: "#"), let number = Int64(String(decoding: text.dropFirst(), as: UTF8.self)) {
            return .number(ImageID(rawValue: number))
        }
        if text.count == 64, let digest = ContentDigest(hexadecimal: String(decoding: text, as: UTF8.self)) {
            return .content(digest)
        }
        let slash = UInt8(ascii: "/")
        if text.isEmpty { return .nothing }
        if text.first == slash { return .path(normalized(text), ending: nil) }
        let relative = normalized(text)
        let isBelow = !relative.isEmpty && !relative.starts(with: Array("..".utf8))
        return .path(normalized(base + [slash] + text), ending: isBelow ? relative : nil)
    }

    /// The path without empty parts, `.` and, where something is before them, `..`.
    private static func normalized(_ path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        let isAbsolute = path.first == slash
        var parts: [ArraySlice<UInt8>] = []
        for part in path.split(separator: slash) where part != [UInt8(ascii: ".")] {
            let isUp = part == [UInt8(ascii: "."), UInt8(ascii: ".")]
            if isUp, let last = parts.last, last != part {
                parts.removeLast()
            } else if !(isUp && isAbsolute) {
                parts.append(part)
            }
        }
        return (isAbsolute ? [slash] : []) + Array(parts.joined(separator: [slash]))
    }
}

/// What a reference turned out to be.
public enum PictureMatch: Sendable, Hashable {
    case image(ImageID)
    /// The catalog has nothing like it.
    case nothing
    /// Several pictures have files with such an end: two of the paths.
    case several([UInt8], [UInt8])
}

extension Catalog {
    /// What references mean, in their order.
    ///
    /// An exact path counts before the end of one; of files that are gone only the exact path counts.
    ///
    /// - Complexity: three index look-ups, and one pass over all paths when some are to be found by their ends.
    public func pictures(_ references: [PictureReference]) throws -> [PictureMatch] {
        var numbers: [ImageID] = []
        var digests: [ContentDigest] = []
        var paths: [[UInt8]] = []
        for reference in references {
            switch reference.kind {
            case .number(let image): numbers.append(image)
            case .content(let digest): digests.append(digest)
            case .path(let path, _): paths.append(path)
            case .nothing: break
            }
        }
        let present = Set(
            try connection.rows("select id from likeness.images where id = any(\(numbers))").map {
                try $0[0, as: ImageID.self]
            })
        let contents = try images(of: digests)
        var exact: [[UInt8]: ImageID] = [:]
        let files = try connection.rows(
            """
            select path, image from likeness.image_files
            where sha256(path) in (select sha256(path) from unnest(\(paths)) path)
            """)
        for row in files { exact[try row[0]] = try row[1] }
        var endings: [[UInt8]: PictureMatch] = [:]
        for case .path(let path, let ending?) in references.map(\.kind) where exact[path] == nil {
            endings[ending] = .nothing
        }
        if !endings.isEmpty { try match(&endings) }
        return references.map { reference in
            switch reference.kind {
            case .number(let image): present.contains(image) ? .image(image) : .nothing
            case .content(let digest): contents[digest].map { .image($0) } ?? .nothing
            case .path(let path, let ending):
                exact[path].map { .image($0) } ?? ending.flatMap { endings[$0] } ?? .nothing
            case .nothing: .nothing
            }
        }
    }

    /// Finds the pictures whose paths end in some way.
    private func match(_ endings: inout [[UInt8]: PictureMatch]) throws {
        let slash = UInt8(ascii: "/")
        let longest = endings.keys.map { $0.count { $0 == slash } }.max() ?? 0
        var firstPaths: [[UInt8]: [UInt8]] = [:]
        try forEachFile { path, image in
            var parts = 0
            for place in path.indices.reversed() where path[place] == slash {
                let ending = Array(path[(place + 1)...])
                switch endings[ending] {
                case nil, .several: break
                case .nothing:
                    endings[ending] = .image(image)
                    firstPaths[ending] = path
                case .image(let other) where other == image: break
                case .image: endings[ending] = .several(firstPaths[ending] ?? [], path)
                }
                parts += 1
                if parts > longest { return }
            }
        }
    }

    /// Calls `body` with the path of each file that is there, and the picture it holds, in the order of the paths.
    ///
    /// - Parameter folder: absolute; nil for all files of the catalog.
    public func forEachFile(under folder: [UInt8]? = nil, _ body: ([UInt8], ImageID) throws -> Void) throws {
        let isUnder: SQL = folder.map { Self.isUnder($0) } ?? "true"
        try connection.copyOut(
            """
            select f.path, f.image from likeness.image_files f
            where f.vanished_at is null and \(isUnder) order by f.path
            """
        ) { try body(try $0[0], try $0[1]) }
    }
}
