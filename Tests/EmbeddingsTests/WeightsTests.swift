import Embeddings
import FoundationEssentials
import SystemPackage
import Testing

@Suite struct WeightsTests {
    private let folder: WeightsFolder

    init() throws { folder = try WeightsFolder() }

    /// What loading a file answers; nil when it loads.
    private func refusal(_ path: FilePath) async -> EmbeddingError? {
        do throws(EmbeddingError) {
            _ = try await ResNet50(weights: path, precision: .float32)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a file that is not there is named`() async {
        let path = FilePath(folder.url.appending(path: "no such\nfile").path)
        let error = await refusal(path)
        #expect(error == .weightsMissing(path))
        #expect(error?.message.hasSuffix("no such\\nfile") == true)
    }

    @Test func `a folder is not a weights file`() async {
        let path = FilePath(folder.url.path)
        #expect(await refusal(path) == .weightsUnreadable(path, reason: "it is not a regular file"))
    }

    @Test(arguments: [
        ("", "it has 0 bytes, and the header length alone takes 8"),
        ("short", "it has 5 bytes, and the header length alone takes 8"),
        ("\0\0\0\0\0\0\0\u{1}{}", "its header length is 72057594037927936 bytes, and at most 2 can follow"),
        ("\u{2}\0\0\0\0\0\0\0[]", "its header is not the JSON of tensors with dtype, shape and data_offsets"),
        ("\u{3}\0\0\0\0\0\0\0{{{", "its header is not the JSON of tensors with dtype, shape and data_offsets"),
    ])
    func `a file without a header is refused with the reason`(bytes: String, reason: String) async throws {
        let path = try folder.file(Data(bytes.utf8))
        #expect(await refusal(path) == .notSafetensors(path, reason: reason))
    }

    @Test func `a header length of 2^63 and of 2^64 - 1 is refused`() async throws {
        for length in [1 << 63, UInt64.max] {
            let path = try folder.file(withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8))
            #expect(
                await refusal(path)
                    == .notSafetensors(path, reason: "its header length is \(length) bytes, and at most 2 can follow"))
        }
    }

    @Test(arguments: [
        (tensor("a", "F32", [2], [0, 9]), "tensor a ends at byte 9 of the data, which has 8"),
        (tensor("a", "F32", [2], [-8, 0]), "tensor a has data_offsets [-8, 0], not a start and an end"),
        (tensor("a", "F32", [2], [8, 0]), "tensor a has data_offsets [8, 0], not a start and an end"),
        (tensor("a", "F32", [2], [8]), "tensor a has data_offsets [8], not a start and an end"),
        (tensor("a", "F32", [-2], [0, 8]), "tensor a has shape [-2]"),
        (
            tensor("a", "F32", [1 << 32, 1 << 32], [0, 8]),
            "tensor a has shape [4294967296, 4294967296]"
        ),
        (
            tensor("a", "F32", [3], [0, 8]),
            "tensor a of type F32 and shape [3] takes 12 bytes, and its data_offsets hold 8"
        ),
        (
            tensor("a", "F32", [1], [0, 4]) + "," + tensor("b", "F16", [2], [2, 6]),
            "the bytes of tensors a and b overlap"
        ),
        ("\"a\":7", "its header is not the JSON of tensors with dtype, shape and data_offsets"),
        (
            "\"a\":{\"dtype\":\"F32\",\"shape\":[1e99],\"data_offsets\":[0,8]}",
            "its header is not the JSON of tensors with dtype, shape and data_offsets"
        ),
    ])
    func `a header that does not describe its file is refused`(entries: String, reason: String) async throws {
        let path = try folder.file(header: "{\(entries)}", data: Data(count: 8))
        #expect(await refusal(path) == .notSafetensors(path, reason: reason))
    }

    @Test func `the first tensor that is missing is named`() async throws {
        let conv1 = 4 * 64 * 3 * 7 * 7
        let path = try folder.file(
            header:
                "{\"__metadata__\":{\"format\":\"pt\"},\(tensor("conv1.weight", "F32", [64, 3, 7, 7], [0, conv1]))}",
            data: Data(count: conv1))
        let error = await refusal(path)
        #expect(error == .missingTensor(path, name: "bn1.weight"))
        #expect(error?.message == "\(path) has no tensor bn1.weight")
        #expect(error?.hint == "Get ImageNet weights that fit: likeness model fetch")
    }

    @Test func `a tensor of the wrong shape is named with both shapes`() async throws {
        let path = try folder.file(header: "{\(tensor("conv1.weight", "F16", [1, 3], [0, 6]))}", data: Data(count: 6))
        let error = await refusal(path)
        #expect(error == .wrongShape(path, name: "conv1.weight", have: [1, 3], need: [64, 3, 7, 7]))
        #expect(error?.message == "tensor conv1.weight of \(path) has shape [1, 3], not [64, 3, 7, 7]")
    }

    @Test(arguments: [("BF16", 2), ("F64", 8), ("F4", 1)])
    func `a type other than F32 and F16 is refused by name`(type: String, size: Int) async throws {
        let length = size * 64 * 3 * 7 * 7
        let path = try folder.file(
            header: "{\(tensor("conv1.weight", type, [64, 3, 7, 7], [0, length]))}", data: Data(count: length))
        let error = await refusal(path)
        #expect(error == .unsupportedType(path, name: "conv1.weight", type: type))
        #expect(error?.message == "tensor conv1.weight of \(path) has type \(type), not F32 or F16")
    }

    @Test func `no flipped or missing byte of a header brings the process down`() async throws {
        let header = "{\(tensor("conv1.weight", "F32", [2], [0, 8])),\(tensor("fc.bias", "I64", [], [8, 16]))}"
        let whole = safetensors(header: header, data: Data(count: 16))
        for position in 0..<whole.count {
            var flipped = whole
            flipped[position] ^= UInt8(1 << (position % 8))
            #expect(await refusal(try folder.file(flipped)) != nil)
            #expect(await refusal(try folder.file(whole[..<position])) != nil)
        }
    }

    @Test func `a file cut by one byte is refused`() async throws {
        let whole = try SharedData.bytes("models/resnet50-pqf.safetensors")
        let path = try folder.file(whole.dropLast())
        guard case .notSafetensors = await refusal(path) else {
            Issue.record("a file that ends inside a tensor was not refused as damaged")
            return
        }
    }

    @Test(arguments: [
        // Offsets from the file's own header: a float32 weight, a float16 weight, a variance.
        ("conv1.weight", 512, [0x00, 0x00, 0xC0, 0x7F], "conv1.weight"),
        ("layer1.0.conv1.weight", 251_904, [0x00, 0x7C], "layer1.0.conv1.weight"),
        ("bn1.running_var", 250_240, [0x00, 0xC0], "bn1.running_var"),
    ])
    func `weights that are not finite are named`(
        changed: String, offset: Int, bytes: [UInt8], named: String
    ) async throws {
        let real = try RealWeights()
        #expect(real.header.contains("\"\(changed)\""))
        var data = real.data
        data.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        let path = try folder.file(header: real.header, data: data)
        #expect(await refusal(path) == .weightsNotFinite(path, name: named))
    }

    @Test func `odd alignment and tensors without use change nothing`() async throws {
        let real = try RealWeights()
        let count = real.data.count
        let extra = [
            tensor("bn1.num_batches_tracked", "I64", [], [count, count + 8]),
            tensor("fc.weight", "F32", [1, 2], [count + 8, count + 16]),
        ]
        let header = "{\(extra.joined(separator: ",")),\(real.header.drop { $0 != "{" }.dropFirst())"
        let padded = header + (header.utf8.count.isMultiple(of: 2) ? " " : "")
        let path = try folder.file(header: padded, data: real.data + Data(count: 16))
        let network = try await ResNet50(weights: path, precision: .float32)
        let expected = try await SharedNetworks.of(.float32)
        #expect(network.model.weightsSHA256 != expected.model.weightsSHA256)
        let picture = try SharedData.picture("photos/vehicles/truck/truck1.jpg")
        #expect(try await network.embed(picture) == expected.embed(picture))
    }

    @Test func `the SHA-256 of a file names the model`() async throws {
        let path = try folder.file(Data("abc".utf8))
        let hash = try hexadecimal(WeightsFile.sha256(path))
        #expect(hash == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let network = try await SharedNetworks.of(.float32)
        #expect(try network.model.weightsSHA256 == WeightsFile.sha256(SharedData.weights))
        #expect(network.model.defaultName == "resnet50-fp32")
        #expect(network.model.preprocessing == "squash224-bilinear-imagenet")
    }

    @Test func `every binary16 value becomes its binary32 value`() {
        let halves = (0...UInt16.max).map { $0 }
        var values = [Float](repeating: 0, count: halves.count)
        let isFinite = halves.withUnsafeBytes { source in
            values.withUnsafeMutableBufferPointer { values in
                values.baseAddress.map { scaleHalves(source.baseAddress!, halves.count, by: 1, into: $0) }
            }
        }
        #expect(isFinite == false)
        for half in halves where half & 0x7C00 != 0x7C00 {
            #expect(values[Int(half)].bitPattern == Float(Float16(bitPattern: half)).bitPattern)
        }
        for half in [0x7C00, 0xFC00, 0x7E00, 0x7C01] as [UInt16] {
            var value: Float = 0
            #expect(withUnsafeBytes(of: half) { scaleHalves($0.baseAddress!, 1, by: 1, into: &value) } == false)
        }
        for half in [0x0000, 0x8001, 0x7BFF, 0xFBFF] as [UInt16] {
            var value: Float = 0
            #expect(withUnsafeBytes(of: half) { scaleHalves($0.baseAddress!, 1, by: 1, into: &value) })
        }
    }
}
