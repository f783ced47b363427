import Augmentation
import Testing

@Suite struct RecipeTests {
    @Test func `the default recipe is read from what it is printed as`() throws {
        #expect(try Recipe(json: Array(Recipe.default.json.utf8), file: "x") == .default)
        print(Recipe.default.json)
    }
}
