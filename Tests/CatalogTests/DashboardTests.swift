import Catalog
import Foundation
import Postgres
import TestSupport
import Testing

/// The dashboard that is delivered for Grafana, held against the views that it shows.
struct DashboardTests {
    private let databases = TestDatabases()

    private struct Dashboard: Decodable {
        let panels: [Panel]
    }
    private struct Panel: Decodable {
        let title: String
        let description: String
        let targets: [Target]
    }
    private struct Target: Decodable {
        let rawSql: String
        let format: String
    }

    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Deploy/grafana-dashboard.json")

    @Test func `every query of the dashboard runs as a reader of the views`() throws {
        let test = try databases.catalog()
        try test.ingest("a")
        let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(contentsOf: Self.file))
        #expect(dashboard.panels.count > 10)
        let connection = test.catalog.connection
        try connection.execute("set role likeness_reader")
        for panel in dashboard.panels {
            #expect(!panel.description.isEmpty, "\(panel.title)")
            for target in panel.targets {
                // What Grafana makes of its macro.
                let sql = target.rawSql.replacing(/\$__timeFilter\((\w+)\)/) { match in
                    "\(match.1) between '2000-01-01T00:00:00Z' and '2100-01-01T00:00:00Z'"
                }
                #expect(throws: Never.self, "\(panel.title): \(sql)") {
                    let columns = try connection.columns(of: "\(raw: sql)").map(\.name)
                    _ = try connection.rows("\(raw: sql)")
                    #expect(!columns.contains("?column?"))
                    if target.format == "time_series" { #expect(columns.first == "time", "\(panel.title)") }
                }
            }
        }
        try connection.execute("reset role")
    }
}
