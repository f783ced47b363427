import Catalog
import Faults
import Imaging
import Search

/// Answers as one page of HTML that can be moved and mailed: the pictures are in it, made small.
struct QueryPage {
    let answers: [QueryAnswer]
    /// The pictures that were asked with by their numbers.
    let asked: [CatalogResult]

    /// Pixels of the longer side of a picture.
    private static let side = 224

    /// The whole page; a picture that no file holds any more is a gray field with the reason.
    ///
    /// - Complexity: reads and decodes the file of each picture; some kilobytes for each.
    var html: String {
        HTMLPage.start(title: answers.count == 1 ? "1 query" : "\(grouped(answers.count)) queries", style: Self.style)
            + answers.map(section).joined() + HTMLPage.end
    }

    private func section(_ answer: QueryAnswer) -> String {
        let results =
            answer.results.isEmpty
            ? "<p>nothing: the index has no picture that may be found</p>\n"
            : "<ol>\n\(answer.results.map(item).joined())</ol>\n"
        let origin = QueryWords(answer: answer).origin.map { "<p>\(HTMLPage.escaped($0))</p>\n" } ?? ""
        return """
            <section>
            <header>
            \(queryPicture(answer))
            <div>
            <h2>\(HTMLPage.escaped(QueryWords(answer: answer).subject))</h2>
            <p class="facts">\(HTMLPage.escaped(QueryWords(answer: answer).facts))</p>
            \(origin)</div>
            </header>
            \(results)</section>

            """
    }

    private func item(_ result: QueryResult) -> String {
        let same = result.probability.map { " <span>\(percentage($0)) the same</span>" } ?? ""
        let folded = result.folded.map {
            $0 == 0 ? "" : "<p class=\"facts\">and \(grouped($0)) more of its family</p>\n"
        }
        let path = result.pathBytes.map { printableName($0) } ?? "(vanished)"
        return """
            <li>
            \(picture { try PictureFile.bytes(of: try digest(result), in: result.pathBytes.map { [$0] } ?? []) })
            <p><b>\(result.rank)</b> <span class="n">\(fixed(Double(result.distance), 5))</span>\(same)</p>
            <p class="path">\(HTMLPage.escaped(path))</p>
            <p class="facts">image \(result.imageID), \(result.width)×\(result.height)</p>
            \(made(result).map { "<p class=\"facts\">\(HTMLPage.escaped($0))</p>\n" } ?? "")\(folded ?? "")</li>

            """
    }

    private func made(_ result: QueryResult) -> String? {
        result.parentID.map { parent in
            "made from image \(parent)" + (result.recipe.flatMap { RecipeWords($0).full }.map { " by \($0)" } ?? "")
        }
    }

    private func digest(_ result: QueryResult) throws -> ContentDigest {
        guard let digest = ContentDigest(hexadecimal: result.contentSHA256) else {
            throw PictureIsGone(path: nil, reason: nil)
        }
        return digest
    }

    private func queryPicture(_ answer: QueryAnswer) -> String {
        picture {
            if let path = answer.queryPath { return try FileContent.read(path).bytes }
            guard let known = asked.first(where: { $0.image.rawValue == answer.queryID }) else {
                throw PictureIsGone(path: nil, reason: nil)
            }
            return try PictureFile.bytes(of: known.digest, in: known.path.map { [$0] } ?? [])
        }
    }

    private func picture(_ bytes: () throws -> [UInt8]) -> String {
        do {
            let source = try Thumbnail.dataURI(decoding: try bytes(), side: Self.side)
            return "<div class=\"picture\"><img alt=\"\" src=\"\(source)\"></div>"
        } catch {
            let reason = (error as? any Fault)?.message ?? "\(error)"
            return "<div class=\"picture gone\">\(HTMLPage.escaped(reason))</div>"
        }
    }

    private static let style = """
        section { margin: 2em 0 3em; }
        header { display: flex; gap: 1.2em; align-items: flex-end; padding-bottom: 1em; border-bottom: 1px solid #ccc; }
        header .picture { border: 3px solid #d6451b; }
        h2 { font-size: 1.1em; margin: 0 0 0.3em; overflow-wrap: anywhere; }
        ol { list-style: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(224px, 1fr)); gap: 1.5em; padding: 0; }
        p { margin: 0.2em 0; }
        .picture { width: 224px; height: 224px; flex: none; background: #f2f2f2; display: flex; }
        .picture img { width: 100%; height: 100%; object-fit: contain; }
        .gone { align-items: center; justify-content: center; text-align: center; color: #777; overflow-wrap: anywhere; }
        .n { font-variant-numeric: tabular-nums; }
        .path { overflow-wrap: anywhere; }
        .facts { color: #666; }
        """
}
