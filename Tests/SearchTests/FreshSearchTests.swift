import Catalog
import Search
import TestSupport
import Testing

@Suite struct FreshSearchTests {
    @Test(arguments: ["flat", "hnsw", "ivfflat", "ivfpq"])
    func `what is committed is found in every scope while no sync daemon runs`(index: String) async throws {
        var families = try await FamilyCatalog(seed: 71)
        var random = SplitMix(state: 72)
        try families.change(using: &random)
        var scopes = [SearchScope()]
        for collapses in [false, true] {
            for part in [FamilyPart.originals, .augmented] {
                var scope = SearchScope()
                scope.collapsesFamilies = collapses
                scope.only = part
                scopes.append(scope)
            }
        }
        for scope in scopes {
            for k in [1, 7, 2_000] {
                let queries = (0..<3).map { _ in families.images.randomElement(using: &random)! }
                let (answers, failures) = try await families.engine(index).answer(
                    queries.map { .image($0) }, k: k, scope: scope, isFresh: true)
                try #require(failures.isEmpty && answers.count == queries.count)
                for (query, answer) in zip(queries, answers) {
                    let expected = families.expected(query, k: k, scope)
                    let found = answer.results.map { ($0.imageID, $0.folded) }
                    try #require(
                        found.elementsEqual(expected) { $0.0 == $1.image.rawValue && $0.1 == $1.folded },
                        "\(index), k \(k), image \(query), \(scope): \(found) is not \(expected)")
                    #expect(answer.pending == 0)
                }
            }
        }
    }

    @Test func `without asking for it the index answers as it is, and says what it has not seen`() async throws {
        var families = try await FamilyCatalog(seed: 81, families: 12)
        var random = SplitMix(state: 82)
        let known = families.images
        try families.change(using: &random)
        let added = try #require(families.images.first { !known.contains($0) })
        let stale = try await families.engine("flat").answer([.image(added)], k: 1).answers[0]
        #expect(stale.results[0].imageID != added.rawValue && stale.pending > 0)
        let fresh = try await families.engine("flat").answer([.image(added)], k: 1, isFresh: true).answers[0]
        #expect(fresh.results[0].imageID == added.rawValue && fresh.results[0].distance == 0 && fresh.pending == 0)
        try await families.sync()
        let synced = try await families.engine("flat").answer([.image(added)], k: 1).answers[0]
        #expect(synced.results == fresh.results && synced.pending == 0)
        // With nothing unseen it is the index's own answer.
        let again = try await families.engine("flat").answer([.image(added)], k: 1, isFresh: true).answers[0]
        #expect(again.results == synced.results && again.pending == 0)
    }
}
