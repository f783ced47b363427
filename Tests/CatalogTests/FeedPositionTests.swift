import Catalog
import Foundation
import Testing

struct FeedPositionTests {
    @Test(arguments: [
        "77/16384 12:12:", "77/16384 7:12:7,9,11", "77/16384 7:12:7,9@9/88123", "1/2 3:3:@3/9,4/10", "77/5 5:12:7",
    ])
    func `a position is the same after a journey as text`(text: String) throws {
        let position = try #require(FeedPosition(text))
        #expect(FeedPosition(position.description) == position)
        let decoded = try JSONDecoder().decode(FeedPosition.self, from: JSONEncoder().encode(position))
        #expect(decoded == position)
    }

    @Test(arguments: [
        "", "77/16384", "77/16384 12:12", "x 12:11:", "x 12:12:12", "x 7:12:9,7", "x 8:12:7", "x 7:12:7@8/1",
        "x 7:12:7@7", "x 7:12:7@7/1/2", "x 7:12:7,", "x 7:12:seven", "x 7:12:7@", "x 7:12:7 ",
    ])
    func `a text that is no position is refused`(text: String) {
        #expect(FeedPosition(text) == nil)
    }

    @Test func `the horizon is the first transaction that may still bring changes`() throws {
        #expect(try #require(FeedPosition("x 12:12:")).horizon == 12)
        #expect(try #require(FeedPosition("x 7:12:7,9")).horizon == 7)
        #expect(try #require(FeedPosition("x 7:12:7,9@7/3")).snapshot == "7:12:7,9")
    }
}
