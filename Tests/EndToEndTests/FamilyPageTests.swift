import Foundation
import Imaging
import Postgres
import SystemPackage
import TestSupport
import Testing

/// Families and answers as people look at them: `lineage show`, its contact sheet, and `query --html`.
@Suite struct FamilyPageTests {
    private let watched: WatchedFolder
    private let output: TemporaryFolder

    init() async throws {
        watched = try WatchedFolder()
        output = try TemporaryFolder(isReachableByAll: true)
        for name in ["a.jpg", "b.jpg", "alone.jpg"] { try watched.add(name) }
        for command in [
            ["ingest", watched.folder.path.string],
            [
                "augment", "--count", "30", "--where", "path like '%/_.jpg'", "--output",
                output.path.appending("copies").string,
            ],
        ] {
            let run = try await watched.likeness.run(command)
            try #require(run.status == 0, "\(command): \(run.errors)")
        }
    }

    private struct Family: Decodable {
        struct Member: Decodable {
            struct Operation: Decodable { let operation: String }
            let image_id: Int64
            let depth: Int
            let parent_id: Int64?
            let ordinal: Int?
            let distance: Float?
            let path: String
            let recipe: [Operation]?
        }
        let original: Member
        let copies: [Member]
    }

    private func file(_ name: String) -> String { watched.folder.path.appending(name).string }

    @Test func `a family is the same whichever of its pictures is named, and however`() async throws {
        let copy = output.path.appending("copies/a_7.jpg").string
        let answer = try await watched.likeness("lineage", "show", file("a.jpg"), "--format", "json")
        #expect(answer.status == 0, "\(answer.errors)")
        let family = try JSONDecoder().decode(Family.self, from: Data(answer.output.utf8))
        #expect(family.original.path == file("a.jpg") && family.original.depth == 0)
        #expect(family.original.distance == 0 && family.original.recipe == nil)
        #expect(family.copies.map(\.ordinal) == (0..<30).map { $0 })
        for member in family.copies {
            #expect(member.parent_id == family.original.image_id && member.depth == 1)
            #expect((0.001...1.5).contains(member.distance ?? 0) && member.recipe?.last?.operation == "jpeg")
        }
        let number = try #require(family.copies.first { $0.path == copy }?.image_id)
        let digest = try await watched.likeness.shell("sha256sum '\(copy)' | cut -d ' ' -f 1").output
        // Its bytes under a name that the catalog does not have.
        let elsewhere = output.path.appending("elsewhere").string
        try FileManager.default.copyItem(atPath: copy, toPath: elsewhere)
        for picture in [
            [copy], ["a_7.jpg"], ["copies/a_7.jpg"], ["#\(number)"], ["--id", "\(number)"], [elsewhere],
            [digest.trimmingCharacters(in: .newlines)],
        ] {
            let other = try await watched.likeness.run(["lineage", "show", "--format", "json"] + picture)
            #expect(other.output == answer.output, "\(picture): \(other.errors)")
        }
        let table = try await watched.likeness("lineage", "show", file("a.jpg")).output.split(separator: "\n")
        #expect(table.count == 33 && table[2].hasSuffix("/a.jpg  (the original)"), "\(table)")
        #expect(table[3].contains("/a_0.jpg") && table[3].contains("  rotate ") && table[3].contains(" + crop "))
        let csv = try await watched.likeness("lineage", "show", file("a.jpg"), "--format", "csv")
        #expect(
            csv.output.hasPrefix(
                "image_id,depth,parent_id,ordinal,distance,width,height,content_sha256,path,recipe\r\n"))
    }

    @Test func `what has no family, and what is no picture, is told so`() async throws {
        let alone = try await watched.likeness("lineage", "show", file("alone.jpg"))
        #expect(alone.status == 1)
        #expect(
            alone.errors.contains("alone.jpg, has no family: it was made from no other, and no other from it\nhint: "))
        let unknown = try await watched.likeness("lineage", "show", "nobody.jpg")
        #expect(
            unknown.status == 1 && unknown.errors.hasPrefix("error: no picture nobody.jpg is in the catalog\nhint: "))
        let number = try await watched.likeness("lineage", "show", "--id", "99999")
        #expect(number.status == 1 && number.errors.hasPrefix("error: no picture 99999 is in the catalog\nhint: "))
        for arguments in [[], ["a.jpg", "--id", "1"]] {
            let run = try await watched.likeness.run(["lineage", "show"] + arguments)
            #expect(run.status == 64 && run.errors.contains("a family needs one picture"), "\(run.errors)")
        }
    }

    @Test func `a contact sheet shows the original and two dozen copies, and says what is missing`() async throws {
        let sheet = output.path.appending("sheet.jpg")
        try FileManager.default.removeItem(atPath: output.path.appending("copies/a_3.jpg").string)
        let run = try await watched.likeness("lineage", "show", file("a.jpg"), "--sheet", sheet.string)
        #expect(run.status == 0)
        #expect(
            run.errors.contains("has an empty cell: \(output.path.string)/copies/a_3.jpg: no such file or directory"))
        #expect(run.errors.contains("notice: the sheet shows 24 of 30 copies"))
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: sheet.string)))
        let image = try ImageDecoder.decode(bytes).image
        #expect(image.width == 524 && image.height == 524 && bytes.count < 100_000)
        func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(image.pixels[(3 * (524 * y + x))...].prefix(3)) }
        // The frame is red, the empty cell gray.
        let frame = pixel(2, 50)
        #expect(frame[0] > 150 && frame[0] > frame[2] + 60)
        #expect(pixel(4 * 104 + 54, 54).allSatisfy { (220...238).contains($0) })
        let nowhere = try await watched.likeness("lineage", "show", "a.jpg", "--sheet", "/proc/nowhere/sheet.jpg")
        #expect(nowhere.status == 73 && nowhere.errors.hasPrefix("error: /proc/nowhere/sheet.jpg cannot be written: "))
        let folder = try await watched.likeness("lineage", "show", "a.jpg", "--sheet", output.path.string)
        #expect(folder.status == 73 && folder.errors.contains("is a directory"), "\(folder.errors)")
    }

    @Test func `answers become one page that shows pictures whatever their names are`() async throws {
        // A name that is markup, and bytes that are no text.
        let strange = Array("\(watched.folder.path.string)/<b>&'\"".utf8) + [0xFF] + Array(".jpg".utf8)
        let shell = try await watched.likeness.shell(
            "cp '\(file("alone.jpg"))' \"$(printf '%b' '\(watched.folder.path.string)/<b>&\\x27\\x22\\xff.jpg')\"")
        #expect(shell.status == 0, "\(shell.errors)")
        for command in [["index", "create", "default", "--type", "flat"], ["sync", "--once"]] {
            #expect(try await watched.likeness.run(command).status == 0)
        }
        let page = output.path.appending("page.html")
        let copy = output.path.appending("copies/a_7.jpg")
        let arguments = ["query", "--origin", "--id", "1", "-k", "4", "--html", page.string, copy.string]
        let run = try await watched.likeness.run(bytes: arguments.map { Array($0.utf8) } + [strange])
        #expect(run.status == 0 && run.output.contains("rank"), "\(run.errors)")
        let html = try String(contentsOfFile: page.string, encoding: .utf8)
        #expect(html.hasPrefix("<!DOCTYPE html>\n") && html.hasSuffix("</body>\n</html>\n"))
        #expect(html.contains("<title>3 queries</title>"))
        // Three pictures that were asked with, and four results each.
        #expect(html.components(separatedBy: "src=\"data:image/jpeg;base64,/9j/").count - 1 == 15)
        #expect(!html.contains("file:") && !html.contains("http") && !html.contains("class=\"picture gone\""))
        #expect(html.contains("/&lt;b&gt;&amp;&#39;&quot;\\xFF.jpg") && !html.contains("<b>&"))
        #expect(html.contains("<p>this was made from image ") && html.contains("<h2>image 1</h2>"))
        #expect(html.contains("<p class=\"facts\">made from image ") && html.contains(" by rotate "))
        // A picture whose file is gone has its reason instead.
        try FileManager.default.removeItem(atPath: output.path.appending("copies/b_1.jpg").string)
        let gone = try await watched.likeness(
            "query", "-k", "40", "--where", "path like '%/b_1.jpg'", "--html", page.string, copy.string)
        #expect(gone.status == 0, "\(gone.errors)")
        let second = try String(contentsOfFile: page.string, encoding: .utf8)
        #expect(second.contains("<div class=\"picture gone\">\(output.path.string)/copies/b_1.jpg: no such file"))
        let nowhere = try await watched.likeness("query", copy.string, "--html", "/proc/nowhere/page.html")
        #expect(nowhere.status == 73 && nowhere.output.isEmpty, "\(nowhere.errors)")
    }
}
