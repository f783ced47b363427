import FoundationEssentials

/// The tensors that a safetensors file says it holds: name, type, shape, place.
///
/// The format: eight bytes little-endian header length, that many bytes of JSON, then the data that the JSON's offsets
/// count from. Source: the format section of the safetensors README.
struct SafetensorsHeader {
    /// One tensor; its bytes lie at `range` of the file.
    struct Tensor: Equatable {
        let type: String
        let shape: [Int]
        let range: Range<Int>
    }

    let tensors: [String: Tensor]

    /// The reference implementation refuses longer headers as well.
    private static let longestHeader = 100_000_000

    /// Reads and checks the header of a file that lies in memory; nothing beyond the header is touched.
    ///
    /// - Throws: a reason in words when the header does not describe this file.
    init(_ file: UnsafeRawBufferPointer) throws(Damage) {
        guard file.count >= 8 else { throw Damage("it has \(file.count) bytes, and the header length alone takes 8") }
        let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
        let longest = min(file.count - 8, Self.longestHeader)
        guard length <= UInt64(longest) else {
            throw Damage("its header length is \(length) bytes, and at most \(longest) can follow")
        }
        let dataStart = 8 + Int(length)
        let entries: [String: Entry]
        do {
            let json = Data(UnsafeRawBufferPointer(rebasing: file[8..<dataStart]))
            entries = try JSONDecoder().decode([String: Entry].self, from: json)
        } catch {
            throw Damage("its header is not the JSON of tensors with dtype, shape and data_offsets")
        }
        var tensors: [String: Tensor] = [:]
        tensors.reserveCapacity(entries.count)
        // In a fixed order, so that the same file always gives the same message.
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            guard case .tensor(let type, let shape, let offsets) = entry else { continue }
            let range = try Self.checkedRange(
                name, type: type, shape: shape, offsets: offsets, dataLength: file.count - dataStart)
            tensors[name] = Tensor(
                type: type, shape: shape, range: dataStart + range.lowerBound..<dataStart + range.upperBound)
        }
        self.tensors = tensors
        try checkOverlaps()
    }

    /// Why a header is refused.
    struct Damage: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private enum Entry: Decodable {
        case metadata
        case tensor(type: String, shape: [Int], offsets: [Int])

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }

        init(from decoder: any Decoder) throws {
            if decoder.codingPath.last?.stringValue == "__metadata__" {
                self = .metadata
                return
            }
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self = .tensor(
                type: try container.decode(String.self, forKey: .dtype),
                shape: try container.decode([Int].self, forKey: .shape),
                offsets: try container.decode([Int].self, forKey: .offsets))
        }
    }

    /// Bytes of one value; nil for types that are not known here, whose tensors are kept but not measured.
    private static func size(of type: String) -> Int? {
        switch type {
        case "F64", "I64", "U64": 8
        case "F32", "I32", "U32": 4
        case "F16", "BF16", "I16", "U16": 2
        case "F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL": 1
        default: nil
        }
    }

    private static func checkedRange(
        _ name: String, type: String, shape: [Int], offsets: [Int], dataLength: Int
    ) throws(Damage) -> Range<Int> {
        guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
            throw Damage("tensor \(name) has data_offsets \(offsets), not a start and an end")
        }
        guard offsets[1] <= dataLength else {
            throw Damage("tensor \(name) ends at byte \(offsets[1]) of the data, which has \(dataLength)")
        }
        guard let size = size(of: type) else { return offsets[0]..<offsets[1] }
        var bytes = size
        for extent in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard extent >= 0, !overflow else { throw Damage("tensor \(name) has shape \(shape)") }
            bytes = product
        }
        guard bytes == offsets[1] - offsets[0] else {
            throw Damage(
                "tensor \(name) of type \(type) and shape \(shape) takes \(bytes) bytes, "
                    + "and its data_offsets hold \(offsets[1] - offsets[0])")
        }
        return offsets[0]..<offsets[1]
    }

    private func checkOverlaps() throws(Damage) {
        let inOrder = tensors.filter { !$0.value.range.isEmpty }
            .sorted { ($0.value.range.lowerBound, $0.key) < ($1.value.range.lowerBound, $1.key) }
        for (tensor, next) in zip(inOrder, inOrder.dropFirst())
        where next.value.range.lowerBound < tensor.value.range.upperBound {
            throw Damage("the bytes of tensors \(tensor.key) and \(next.key) overlap")
        }
    }
}
