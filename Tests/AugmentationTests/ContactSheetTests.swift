import Augmentation
import Imaging
import Testing

@Suite struct ContactSheetTests {
    @Test func `pictures stand in the middle of their cells`() {
        let sheet = ContactSheet.image(
            of: [plain(10, 10, [1, 1, 1]), plain(20, 10, [2, 2, 2]), plain(1, 4, [3, 3, 3])],
            columns: 2, cell: 8, gap: 2, background: (9, 9, 9))
        #expect(sheet.width == 22 && sheet.height == 22)
        func expected(_ x: Int, _ y: Int) -> UInt8 {
            switch (x, y) {
            case (2..<10, 2..<10): 1
            case (12..<20, 4..<8): 2
            case (5..<7, 12..<20): 3
            default: 9
            }
        }
        for y in 0..<22 {
            for x in 0..<22 {
                let pixel = Array(sheet.pixels[(3 * (22 * y + x))...].prefix(3))
                #expect(pixel == [UInt8](repeating: expected(x, y), count: 3), "\(x), \(y)")
            }
        }
    }

    @Test func `a frame lies in the gap, and a picture that is missing leaves its cell darker`() {
        let sheet = ContactSheet.image(
            of: [plain(4, 4, [1, 1, 1]), nil], columns: 2, cell: 4, gap: 2, background: (100, 100, 100), framed: 0)
        #expect(sheet.width == 14 && sheet.height == 8)
        for y in 0..<8 {
            for x in 0..<14 {
                let expected: [UInt8] =
                    switch (x, y) {
                    case (2..<6, 2..<6): [1, 1, 1]
                    case (8..<12, 2..<6): [90, 90, 90]
                    case (0..<8, 0..<8): [214, 69, 27]
                    default: [100, 100, 100]
                    }
                #expect(Array(sheet.pixels[(3 * (14 * y + x))...].prefix(3)) == expected, "\(x), \(y)")
            }
        }
    }

    @Test func `fewer pictures than columns make a narrow sheet`() {
        let sheet = ContactSheet.image(of: [pattern(3, 3)], columns: 10, cell: 3, gap: 0)
        #expect(sheet == pattern(3, 3))
    }
}
