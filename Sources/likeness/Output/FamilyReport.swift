import Catalog
import Faults
import Search

/// A family as people and programs read it: the original first.
struct FamilyReport: Encodable {
    let members: [FamilyMember]

    private enum Key: String, CodingKey { case original, copies }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(members.first.map(MemberJSON.init), forKey: .original)
        try container.encode(members.dropFirst().map(MemberJSON.init), forKey: .copies)
    }

    func write(_ format: OutputFormat) throws {
        switch format {
        case .json: StandardOutput.write(try JSON.text(self))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: [
                        "image_id", "depth", "parent_id", "ordinal", "distance", "width", "height", "content_sha256",
                        "path", "recipe",
                    ], rows: members.map(cells)))
        case .table: StandardOutput.write(table)
        }
    }

    private func cells(_ member: FamilyMember) -> [String] {
        [
            "\(member.image)", "\(member.depth)", member.parent.map { "\($0)" } ?? "",
            member.ordinal.map(String.init) ?? "", member.distance.map { "\($0)" } ?? "", "\(member.width)",
            "\(member.height)", member.digest.description, path(of: member) ?? "", words(member) ?? "",
        ]
    }

    private var table: String {
        let isDeep = members.contains { $0.depth > 1 }
        var columns: [TextTable.Column] = [.right("image")]
        // In a family without copies of copies these say the same in each row.
        if isDeep { columns += [.right("depth"), .right("of")] }
        var table = TextTable(columns + [.right("distance"), .right("size"), .left("path"), .left("made by")])
        for member in members {
            var cells = ["\(member.image)"]
            if isDeep { cells += ["\(member.depth)", member.parent.map { "\($0)" } ?? ""] }
            cells.append(member.distance.map { fixed(Double($0), 5) } ?? "")
            cells += ["\(member.width)×\(member.height)", member.paths.first.map { printableName($0) } ?? "(vanished)"]
            table.append(cells + [words(member) ?? (member.depth == 0 ? "(the original)" : "(not known)")])
        }
        return table.text
    }

    private func words(_ member: FamilyMember) -> String? {
        member.recipe.flatMap { JSONValue($0) }.flatMap { RecipeWords($0).full }
    }
}

/// As queries show paths: text where it is text, else with `\xE9` for each byte that is not.
private func path(of member: FamilyMember) -> String? {
    member.paths.first.map { String(validating: $0, as: UTF8.self) ?? printableName($0) }
}

private struct MemberJSON: Encodable {
    let member: FamilyMember

    init(_ member: FamilyMember) { self.member = member }

    private enum Key: String, CodingKey {
        case image = "image_id", depth, parent = "parent_id", ordinal, distance, width, height
        case digest = "content_sha256", path, recipe
    }

    /// Every key is in every object: what is missing is null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(member.image.rawValue, forKey: .image)
        try container.encode(member.depth, forKey: .depth)
        try container.encode(member.parent?.rawValue, forKey: .parent)
        try container.encode(member.ordinal, forKey: .ordinal)
        try container.encode(member.distance, forKey: .distance)
        try container.encode(member.width, forKey: .width)
        try container.encode(member.height, forKey: .height)
        try container.encode(member.digest.description, forKey: .digest)
        try container.encode(path(of: member), forKey: .path)
        try container.encode(member.recipe.flatMap { JSONValue($0) }, forKey: .recipe)
    }
}
