import ArgumentParser
import Catalog
import Faults
import Postgres

struct RootsRetire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Gives up a folder that no daemon watches any more.",
        discussion: """
            All its files count as gone, whether they are or not; its failures and what waits of it are forgotten. Pictures keep \
            their rows, embeddings and lineage, and 'likeness watch FOLDER' finds them again without reading a file.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The folder, there or not.")
    var folder: PathArgument

    @Option(
        name: .customLong("on-vanish"),
        help: """
            What becomes of pictures whose last file goes with it: keep leaves them in the answers, hide takes them out. \
            (as the folder was watched)
            """)
    var onVanish: OnVanish?

    private struct Retired: Encodable, Sendable {
        let folder: String
        let onVanish: String
        let files: Int
        let hiddenImages: Int
        let restoredImages: Int

        enum CodingKeys: String, CodingKey {
            case folder, onVanish = "on_vanish", files, hiddenImages = "hidden_images"
            case restoredImages = "restored_images"
        }
    }

    func run() async throws {
        let format = try global.outputFormat
        let (folder, policy) = (folder.resolved.bytes, onVanish)
        let outcome = try await global.openDatabase().run { try Catalog($0).retireRoot(at: folder, policy: policy) }
        let retired = Retired(
            folder: printableName(folder), onVanish: outcome.root.onVanish.rawValue, files: outcome.files,
            hiddenImages: outcome.hiddenImages, restoredImages: outcome.restoredImages)
        switch format {
        case .json: StandardOutput.write(try JSON.text(retired))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["folder", "on_vanish", "files", "hidden_images", "restored_images"],
                    rows: [
                        [
                            retired.folder, retired.onVanish, "\(retired.files)", "\(retired.hiddenImages)",
                            "\(retired.restoredImages)",
                        ]
                    ]))
        case .table:
            var words = "retired \(retired.folder): \(grouped(retired.files)) files count as gone, "
            words += "\(grouped(retired.hiddenImages)) pictures left the answers"
            if retired.restoredImages > 0 { words += ", \(grouped(retired.restoredImages)) came back" }
            StandardOutput.write(words + "\n")
        }
    }
}
