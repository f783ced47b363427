import ArgumentParser
import Catalog
import Faults
import Glibc
import Postgres

struct DuplicatesJudge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "judge", abstract: "Says whether two pictures are the same; the last word counts.",
        discussion: "A picture is its number in the catalog or a file that holds it; a file named 17 is ./17.")

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A picture.")
    var first: PathArgument

    @Argument(help: "Another one.")
    var second: PathArgument

    @Flag(help: "--same: near-duplicates whatever their distance; --different: none.")
    var verdict: Verdict

    enum Verdict: String, EnumerableFlag { case same, different }

    private struct Judgment: Encodable, Sendable {
        let firstImageID: ImageID
        let secondImageID: ImageID
        let verdict: String

        enum CodingKeys: String, CodingKey {
            case firstImageID = "first_image_id", secondImageID = "second_image_id", verdict
        }
    }

    func run() async throws {
        let format = try global.outputFormat
        let (first, second) = (first, second)
        let verdict: DuplicateVerdict = verdict == .same ? .same : .different
        let judgment = try await global.openDatabase().run { connection in
            let catalog = Catalog(connection)
            let images = [try Self.image(first, catalog), try Self.image(second, catalog)]
            try catalog.judge(images[0], images[1], verdict, by: Self.person)
            return Judgment(firstImageID: images.min()!, secondImageID: images.max()!, verdict: verdict.rawValue)
        }
        let cells = ["\(judgment.firstImageID)", "\(judgment.secondImageID)", judgment.verdict]
        switch format {
        case .json: StandardOutput.write(try JSON.text(judgment))
        case .csv:
            StandardOutput.write(CSV.text(header: ["first_image_id", "second_image_id", "verdict"], rows: [cells]))
        case .table:
            let words = verdict == .same ? "the same" : "different"
            StandardOutput.write("pictures \(cells[0]) and \(cells[1]) are judged to be \(words)\n")
        }
    }

    /// The picture that was named by its number or by a file.
    private static func image(_ argument: PathArgument, _ catalog: Catalog) throws -> ImageID {
        if let number = Int64(String(decoding: argument.bytes, as: UTF8.self)), number >= 0 {
            let image = ImageID(rawValue: number)
            guard try catalog.hasImage(image) else { throw CatalogError.noSuchPicture("\(image)") }
            return image
        }
        let path = HomeFolder.absolute(argument.filePath)
        guard let image = try catalog.image(at: path.bytes) else {
            throw CatalogError.noSuchPicture(printableName(path))
        }
        return image
    }

    /// The user of the system; in the private database everybody has the same name.
    private static var person: String {
        guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else { return "user \(getuid())" }
        return String(cString: name)
    }
}
