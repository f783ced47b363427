import ArgumentParser
import Augmentation
import Catalog
import Faults
import Imaging
import Postgres

struct LineageShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows the family of a picture: the original, and what was made from it.",
        discussion: """
            A picture is named by its path, or by the end of it, if one picture alone has it; by its number, #12 or --id 12; \
            or by the SHA-256 of its file. A file that the catalog does not have under this path is known by its bytes. \
            Distances are those to the original.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var model: ModelOptions

    @Argument(help: "A picture of the family.")
    var picture: PathArgument?

    @Option(help: "A picture of the family by its number.")
    var id: Int64?

    @Option(help: "Write a contact sheet to this JPEG file: the original, framed, and up to 24 of its copies.")
    var sheet: PathArgument?

    func validate() throws {
        guard (picture == nil) != (id == nil) else {
            throw ValidationError("a family needs one picture, by its file or by --id")
        }
    }

    func run() async throws {
        let format = try global.outputFormat
        let database = try await global.openDatabase()
        let model = try await wantedModel(database)?.id
        let (picture, id) = (picture, id)
        let members = try await database.run { connection in
            let catalog = Catalog(connection)
            let image = try picture.map { try Self.image($0, catalog) } ?? ImageID(rawValue: id ?? 0)
            let members = try catalog.family(of: image, model: model)
            if members.isEmpty { throw CatalogError.noSuchPicture("\(image)") }
            if members.count == 1 { throw FamilyFault.alone(image, path: members[0].paths.first) }
            return members
        }
        if let sheet { try FamilySheet(members: members).write(to: sheet.filePath, global) }
        try FamilyReport(members: members).write(format)
    }

    /// The model whose distances are shown; nil when the catalog has none.
    private func wantedModel(_ database: Database) async throws -> StoredModel? {
        guard let wanted = model.wanted else { return try await database.run { try Catalog($0).defaultModel() } }
        return try await ModelChooser(database: database, global: global).choose(wanted).stored
    }

    private static func image(_ argument: PathArgument, _ catalog: Catalog) throws -> ImageID {
        let base = PathArgument(bytes: Array(".".utf8)).resolved.bytes
        let names = [argument.bytes, argument.resolved.bytes].map { PictureReference($0, base: base) }
        let matches = try catalog.pictures(names)
        for case .image(let image) in matches { return image }
        if let content = try? FileContent.read(argument.bytes), let digest = ContentDigest(rawValue: content.sha256),
            let image = try catalog.images(of: [digest])[digest]
        {
            return image
        }
        if case .several(let first, let second) = matches[0] {
            throw FamilyFault.several(argument.bytes, first, second)
        }
        throw CatalogError.noSuchPicture(printableName(argument.bytes))
    }
}

/// Why there is no family to show.
enum FamilyFault: Fault {
    case alone(ImageID, path: [UInt8]?)
    case several([UInt8], [UInt8], [UInt8])

    var message: String {
        switch self {
        case .alone(let image, let path):
            "picture \(image)\(path.map { ", \(printableName($0))," } ?? "") has no family: it was made from no other, "
                + "and no other from it"
        case .several(let name, let first, let second):
            "\(printableName(name)) may be \(printableName(first)) or \(printableName(second))"
        }
    }

    var hint: String? {
        switch self {
        case .alone:
            "Make copies of it: likeness augment --output DIR; or tell what was made elsewhere: likeness lineage infer "
                + "--pattern '{stem}_{n}.jpg'"
        case .several: "Name it by more of its path, or by its number: likeness lineage show --id N"
        }
    }

    var exitStatus: ExitStatus { if case .several = self { .usage } else { .failed } }
}
