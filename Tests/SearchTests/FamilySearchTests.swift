import Catalog
import Postgres
import Search
import TestSupport
import Testing

@Suite struct FamilySearchTests {
    private static let scopes: [SearchScope] = [false, true].flatMap { collapses in
        [false, true].flatMap { excludes in
            [nil, FamilyPart.originals, .augmented].map { part in
                var scope = SearchScope()
                scope.collapsesFamilies = collapses
                scope.excludesOwnFamily = excludes
                scope.only = part
                return scope
            }
        }
    }

    @Test(arguments: ["flat", "hnsw", "ivfflat", "ivfpq"])
    func `every scope gives what comparing with every picture gives, and k of them`(index: String) async throws {
        let families = try await FamilyCatalog(seed: 21)
        let engine = families.engine(index)
        var random = SplitMix(state: 22)
        let few = Array(families.images.shuffled(using: &random).prefix(12))
        let many = families.images.filter { _ in Bool.random(using: &random) }
        for among in [nil, few, many] {
            for var scope in Self.scopes {
                if let among { scope.matching = { _ in among } }
                // Alone and in company, few and more than there are.
                for (count, k) in [(1, 5), (3, 17), (2, 2_000)] {
                    let queries = (0..<count).map { _ in families.images.randomElement(using: &random)! }
                    let (answers, failures) = try await engine.answer(queries.map { .image($0) }, k: k, scope: scope)
                    try #require(failures.isEmpty && answers.count == count)
                    for (query, answer) in zip(queries, answers) {
                        let expected = families.expected(query, k: k, scope, among: among)
                        let found = answer.results.map { ($0.imageID, $0.folded) }
                        try #require(
                            found.elementsEqual(expected) { $0.0 == $1.image.rawValue && $0.1 == $1.folded },
                            "\(index), k \(k), image \(query), \(scope): \(found) is not \(expected)")
                        #expect(answer.results.map(\.rank) == expected.indices.map { $0 + 1 })
                    }
                }
            }
        }
    }

    @Test(arguments: ["flat", "hnsw", "ivfflat", "ivfpq"])
    func `pictures that were deleted or hidden since the index saw them cost no place in an answer`(
        index: String
    ) async throws {
        let families = try await FamilyCatalog(seed: 31, families: 24)
        let query = families.images[1]
        // Of all that is near, every second picture.
        let near = families.expected(query, k: 60, SearchScope()).map(\.image)
        let gone = near.enumerated().filter { $0.offset % 2 == 1 && $0.element != query }.map(\.element)
        try families.catalog.connection.execute(
            "update likeness.images set state = 'hidden' where id = any(\(gone))")
        let left = families.images.filter { !gone.contains($0) }
        for collapses in [false, true] {
            var scope = SearchScope()
            scope.collapsesFamilies = collapses
            let expected = families.expected(query, k: 10, scope, among: left)
            let answer = try #require(
                try await families.engine(index).answer([.image(query)], k: 10, scope: scope).answers.first)
            #expect(answer.results.map(\.imageID) == expected.map(\.image.rawValue))
            #expect(answer.results.map(\.folded) == expected.map(\.folded))
            #expect(answer.pending == gone.count)
        }
    }

    @Test func `a collapsed family says how many it stands for`() async throws {
        let families = try await FamilyCatalog(seed: 41, families: 8)
        var scope = SearchScope()
        scope.collapsesFamilies = true
        let query = try #require(families.roots.keys.sorted().first)
        let answer = try #require(
            try await families.engine("flat").answer([.image(query)], k: 1, scope: scope).answers.first)
        #expect(answer.results.map(\.imageID) == [query.rawValue])
        #expect(answer.results[0].folded == families.images.count { families.family($0) == families.family(query) } - 1)
        let plain = try await families.engine("flat").answer([.image(query)], k: 1).answers
        #expect(plain[0].results[0].folded == nil)
    }

    @Test func `distances have probabilities once they are calibrated`() async throws {
        let families = try await FamilyCatalog(seed: 51)
        let query = families.images[0]
        func results() async throws -> [QueryResult] {
            try await families.engine("flat").answer([.image(query)], k: 400).answers.flatMap(\.results)
        }
        #expect(try await results().allSatisfy { $0.probability == nil })
        let curve = try families.catalog.calibrate(model: families.model).curve
        let calibrated = try await results()
        #expect(calibrated.allSatisfy { $0.probability == curve.probability(at: $0.distance) })
        let probabilities = calibrated.compactMap(\.probability)
        #expect(probabilities == probabilities.sorted(by: >) && probabilities.first != probabilities.last)
    }

    @Test func `a picture of the catalog has its origin by content or by lineage`() async throws {
        let families = try await FamilyCatalog(seed: 61, families: 12)
        let (copy, original) = try #require(families.roots.first { families.parents[$0.key] == $0.value })
        let answers = try await families.engine("flat").answer(
            [.image(original), .image(copy)], k: 1, findsOrigins: true
        ).answers
        guard case .origin(let own)? = answers[0].origin, case .origin(let made)? = answers[1].origin else {
            Issue.record("no origin: \(answers)")
            return
        }
        #expect(own.evidence == .content && own.imageID == original.rawValue && own.distance == 0)
        #expect(made.evidence == .lineage && made.imageID == original.rawValue && made.probability == 1)
        #expect(made.nearestID == copy.rawValue && made.nearestDistance == 0)
        let truth = zip(families.vectors[copy] ?? [], families.vectors[original] ?? []).reduce(Float(0)) {
            $0 + ($1.0 - $1.1) * ($1.0 - $1.1)
        }
        #expect(abs((made.distance ?? .nan) - truth) < 1e-5)
        guard case .array(let steps)? = made.recipe, case .object(let first)? = steps.first else {
            Issue.record("no recipe")
            return
        }
        #expect(steps.count == 1)
        #expect(first["operation"] == .string("step \(families.step(of: copy))"))
        let unasked = try await families.engine("flat").answer([.image(copy)], k: 1).answers
        #expect(unasked[0].origin == nil)
    }
}
