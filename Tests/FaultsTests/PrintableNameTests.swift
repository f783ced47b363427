import Faults
import Testing

@Test(arguments: [
    (Array("truck 1.jpg".utf8), "truck 1.jpg"),
    (Array("café \"x\".jpg".utf8), "café \"x\".jpg"),
    (Array("a\nb\tc".utf8), "a\\nb\\tc"),
    ([0x61, 0xE9, 0x62], "a\\xE9b"),
    ([0xF0, 0x9F, 0x9A, 0x9A], "🚚"),
    ([0xF0, 0x9F, 0x9A], "\\xF0\\x9F\\x9A"),
    (Array("\u{1B}[31m\\".utf8), "\\u{1B}[31m\\\\"),
    (Array("a\u{202E}gpj".utf8), "a\\u{202E}gpj"),
    ([], ""),
])
func `a name of any bytes prints on one line, unambiguously`(bytes: [UInt8], expected: String) {
    #expect(printableName(bytes) == expected)
}
