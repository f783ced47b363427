import Faults
import Testing

@Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (9292, "9,292"), (1_048_576, "1,048,576"), (-1000, "-1,000"),
    (Int.min, "-9,223,372,036,854,775,808"),
])
func `a count has commas between thousands`(count: Int, expected: String) {
    #expect(grouped(count) == expected)
}

@Test(arguments: [
    (0.125, 2, "0.13"), (-0.125, 2, "-0.13"), (-0.001, 2, "0.00"), (2.5, 0, "3"), (0.5, 1, "0.5"), (.nan, 2, "nan"),
])
func `a number has the decimals that were asked for`(value: Double, decimals: Int, expected: String) {
    #expect(fixed(value, decimals) == expected)
}
