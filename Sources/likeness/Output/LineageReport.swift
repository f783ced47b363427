import Catalog
import Faults

/// What became of lineage that was given or inferred, as people and programs read it.
struct LineageReport: Encodable {
    /// A child and a parent, by the names they were given with.
    struct Edge: Encodable {
        /// The line of the file; nil when it was inferred.
        let line: Int?
        let child: String
        let parent: String
        let childID: Int64?
        let parentID: Int64?
        /// Why it was refused; nil when it was not.
        let reason: String?

        enum CodingKeys: String, CodingKey {
            case line, child, parent, childID = "child_id", parentID = "parent_id", reason
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(line, forKey: .line)
            try container.encode(child, forKey: .child)
            try container.encode(parent, forKey: .parent)
            try container.encode(childID, forKey: .childID)
            try container.encode(parentID, forKey: .parentID)
            try container.encode(reason, forKey: .reason)
        }
    }

    let isDryRun: Bool
    /// Children that had no lineage; 0 when everything was refused.
    let recorded: Int
    /// Children of which more is known now of how they were made.
    let completed: Int
    let unchanged: Int
    /// What was, or would be, recorded; only told of a dry run.
    let edges: [Edge]
    let refused: [Edge]

    enum CodingKeys: String, CodingKey {
        case isDryRun = "dry_run", recorded, completed, unchanged, edges, refused
    }

    init(_ outcome: LineageOutcome, isDryRun: Bool, edges: [Edge], refused: [Edge]) {
        self.isDryRun = isDryRun
        recorded = outcome.recorded
        completed = outcome.completed
        unchanged = outcome.unchanged
        self.edges = isDryRun ? edges : []
        self.refused = refused
    }

    /// Writes the report to standard output, and each refusal to standard error.
    ///
    /// - Parameter file: what the lines are lines of; nil when there is none.
    func write(_ format: OutputFormat, file: String? = nil) throws {
        switch format {
        case .json: StandardOutput.write(try JSON.text(self))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["line", "child", "parent", "child_id", "parent_id", "reason"],
                    rows: (edges + refused).map { edge in
                        [
                            edge.line.map(String.init) ?? "", edge.child, edge.parent,
                            edge.childID.map(String.init) ?? "", edge.parentID.map(String.init) ?? "",
                            edge.reason ?? "",
                        ]
                    }))
        case .table: StandardOutput.write(table)
        }
        for edge in refused {
            let place = edge.line.map { "\(file.map { "\($0): " } ?? "")line \($0): " } ?? ""
            let names = edge.child.isEmpty && edge.parent.isEmpty ? "" : "\(edge.child) from \(edge.parent): "
            StandardError.write("error: \(place)\(names)\(edge.reason ?? "")\n")
        }
    }

    private var table: String {
        var table = TextTable([.right("image"), .left("child"), .right("of"), .left("parent")])
        for edge in edges {
            table.append([
                edge.childID.map(String.init) ?? "", edge.child, edge.parentID.map(String.init) ?? "", edge.parent,
            ])
        }
        let will = isDryRun ? "would be " : ""
        return table.text + """
            \(grouped(recorded)) \(will)recorded, \(grouped(completed)) \(will)completed, \
            \(grouped(unchanged)) known already, \(grouped(refused.count)) refused

            """
    }
}
