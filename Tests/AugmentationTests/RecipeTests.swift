import Augmentation
import Faults
import Testing

@Suite struct RecipeTests {
    private func read(_ json: String) throws(AugmentationError) -> Recipe {
        try Recipe(json: Array(json.utf8), file: "recipe.json")
    }

    @Test func `the default recipe is printed an operation a line and read again`() throws {
        let printed = """
            [
                {"operation": "rotate", "degrees": [-10, 10]},
                {"operation": "crop", "share": [0.8, 0.9], "size": 224},
                {"operation": "flip", "probability": 0.5},
                {"operation": "brightness", "factor": [0.8, 1.2]},
                {"operation": "contrast", "factor": [0.8, 1.2]},
                {"operation": "saturation", "factor": [0.8, 1.2]},
                {"operation": "jpeg", "quality": 90}
            ]

            """
        #expect(Recipe.default.json == printed)
        #expect(try read(printed) == .default)
    }

    @Test func `a recipe of everything is printed and read again`() throws {
        let recipe = try read(DeterminismTests.everything)
        #expect(try read(recipe.json) == recipe)
        #expect(recipe.steps.map(\.kind.rawValue).contains("perspective"))
        #expect(Set(recipe.steps.map(\.kind)).count == OperationKind.allCases.count)
    }

    @Test func `keys come in any order, and numbers in any notation`() throws {
        let odd = #"[ {"degrees":[-1e1,1.0E+1],"probability":1,"operation":"r\u006ftate"} ]"#
        #expect(try read(odd) == Recipe([Recipe.Step(.rotate, ["degrees": -10...10])]))
    }

    struct Refusal: Sendable {
        let json: String
        let message: String
        var detail: String?
    }

    private static let all =
        "The operations are: rotate, crop, flip, perspective, brightness, contrast, saturation, grayscale, blur, "
        + "noise, occlusion, jpeg."

    @Test(arguments: [
        Refusal(
            json: "[\n{\"operation\": \"rotat\"}]", message: #"recipe.json:2: there is no operation "rotat""#,
            detail: all),
        Refusal(json: "[{}]", message: #"recipe.json:1: an object without the key "operation""#, detail: all),
        Refusal(
            json: #"[{"operation": 3}]"#, message: #"recipe.json:1: "operation" must be a word, not 3"#),
        Refusal(
            json: "[{\"operation\": \"rotate\",\n \"degrees\": [10, -10]}]",
            message: #"recipe.json:2: rotate's "degrees" goes from 10 down to -10"#,
            detail: "The smaller number goes first: [-10, 10]."),
        Refusal(
            json: #"[{"operation": "rotate", "degrees": [-200, 10]}]"#,
            message: #"recipe.json:1: rotate's "degrees" must be from -180 to 180, not -200"#),
        Refusal(
            json: #"[{"operation": "crop", "share": [0.5, 1.01], "size": 224}]"#,
            message: #"recipe.json:1: crop's "share" must be from 0.01 to 1, not 1.01"#),
        Refusal(
            json: #"[{"operation": "crop", "share": 0.5, "size": 2.5}]"#,
            message: #"recipe.json:1: crop's "size" must be a whole number, not 2.5"#),
        Refusal(
            json: #"[{"operation": "crop", "share": 0.5}]"#, message: #"recipe.json:1: crop needs "size""#,
            detail: "crop has: operation, probability, share, x, y, size."),
        Refusal(
            json: #"[{"operation": "flip", "probability": 1.5}]"#,
            message: "recipe.json:1: a probability must be from 0 to 1, not 1.5"),
        Refusal(
            json: #"[{"operation": "flip", "probability": -0.1}]"#,
            message: "recipe.json:1: a probability must be from 0 to 1, not -0.1"),
        Refusal(
            json: #"[{"operation": "flip", "probability": "often"}]"#,
            message: #"recipe.json:1: flip's "probability" must be a number from 0 to 1, not "often""#),
        Refusal(
            json: #"[{"operation": "blur", "sigma": "much"}]"#,
            message: #"recipe.json:1: blur's "sigma" must be a number or a range [LOW, HIGH], not "much""#),
        Refusal(
            json: #"[{"operation": "blur", "sigma": [1, 2, 3]}]"#,
            message: #"recipe.json:1: blur's "sigma" must be a number or a range [LOW, HIGH], not a list of 3"#),
        Refusal(
            json: #"[{"operation": "blur", "sigma": [1, null]}]"#,
            message: #"recipe.json:1: blur's "sigma" must be a number or a range [LOW, HIGH], not a list of 2"#),
        Refusal(
            json: "[{\"operation\": \"blur\",\n\"sigma\": 1,\n\"radius\": 3}]",
            message: #"recipe.json:3: blur has no key "radius""#,
            detail: "blur has: operation, probability, sigma."),
        Refusal(
            json: #"[{"operation": "blur", "sigma": 1, "sigma": 2}]"#,
            message: #"recipe.json:1: the key "sigma" stands twice in one operation"#),
        Refusal(
            json: #"[{"operation": "occlusion", "share": 0.1, "fill": "red"}]"#,
            message: #"recipe.json:1: occlusion's "fill" must be "gray" or "noise", not "red""#),
        Refusal(json: "[]", message: "recipe.json:1: a recipe has at least one operation, not none"),
        Refusal(
            json: #"{"operation": "flip"}"#, message: "recipe.json:1: a recipe is a list of operations, not an object"),
        Refusal(json: #"["flip"]"#, message: #"recipe.json:1: an operation is an object, not "flip""#),
        Refusal(json: "", message: "recipe.json:1: expected a value, not the end of the file"),
        Refusal(
            json: "[\n  {\"operation\": \"flip\"},\n]", message: #"recipe.json:3: expected a value, not "]""#),
        Refusal(
            json: "[\n  {\"operation\": \"flip\"}\n  {}]",
            message: #"recipe.json:3: expected "," or "]", not "{""#),
        Refusal(json: "[{operation: 1}]", message: #"recipe.json:1: expected a key in quotation marks, not "o""#),
        Refusal(
            json: "[{\"operation\": \"fl\nip\"}]",
            message: "recipe.json:1: expected a quotation mark that ends the text, not the end of the line"),
        Refusal(
            json: #"[{"operation": "rotate", "degrees": 1e999}]"#,
            message: "recipe.json:1: expected a number below 1.8e308, not 1e999"),
        Refusal(json: "[-]", message: #"recipe.json:1: expected a digit, not "]""#),
        Refusal(json: "[01]", message: #"recipe.json:1: expected "," or "]", not "1""#),
        Refusal(json: "[] x", message: #"recipe.json:1: expected the end of the file, not "x""#),
        Refusal(
            json: #"["\ud800"]"#,
            message: #"recipe.json:1: expected the second half of a pair of surrogates, not """"#),
    ])
    func `a recipe that cannot be is refused in words`(refusal: Refusal) {
        let error = #expect(throws: AugmentationError.self) { try read(refusal.json) }
        #expect(error?.message == refusal.message)
        #expect(error?.detail == refusal.detail)
        #expect(error?.hint == "Begin with the one that is used when none is named: likeness augment --print-recipe")
        #expect(error?.exitStatus == .usage)
    }

    @Test func `nesting without end is refused, and bytes that are no text`() {
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        let error = #expect(throws: AugmentationError.self) { try Recipe(json: deep, file: "deep") }
        #expect(error?.message == #"deep:1: expected at most 16 levels of nesting, not "[""#)
        #expect(throws: AugmentationError.self) { try Recipe(json: [0x22, 0xFF, 0x22], file: "x") }
        #expect(throws: AugmentationError.self) { try Recipe(json: [0xEF, 0xBB, 0xBF], file: "x") }
    }

    @Test func `a recipe built in Swift is held to the same limits`() {
        #expect(throws: RecipeProblem.outOfLimits("sigma", .blur, 21, 0...20)) {
            try Recipe.Step(.blur, ["sigma": 0...21])
        }
        #expect(throws: RecipeProblem.unknownKey("sigma", .flip)) { try Recipe.Step(.flip, ["sigma": 0...1]) }
        #expect(throws: RecipeProblem.probability(2)) { try Recipe.Step(.flip, probability: 2) }
        #expect(throws: RecipeProblem.self) { try Recipe.Step(.flip, probability: .nan) }
        #expect(throws: RecipeProblem.empty) { try Recipe([]) }
    }
}
