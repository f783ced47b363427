import CWorkers
import Embeddings
import FoundationEssentials
import Glibc
import Imaging

/// The process that decodes: it gets one file after the other from the process that started it, and nothing else.
///
/// Whatever a hostile file does to a decoder, it does here: there is no database, no file and no network to reach, memory
/// is limited, and what ends this process costs the one file.
public enum DecodeWorker {
    /// The first argument of the program that runs this.
    public static let command = "decode-worker"

    /// What its pool hands over, beside standard error.
    private enum Descriptor {
        static let socket: Int32 = 3
        static let output: Int32 = 4
    }

    /// Decodes until its pool hangs up.
    ///
    /// - Parameter settings: what the pool says, as it says it.
    /// - Throws: ``IngestionError/notStartedByPool(reason:)``; ``IngestionError/noSharedMemory(bytes:reason:)``.
    public static func run(settings text: String) throws {
        guard let settings = try? JSONDecoder().decode(DecodeSettings.self, from: Data(text.utf8)),
            let preparation = PicturePreparation(rawValue: settings.preparation)
        else { throw IngestionError.notStartedByPool(reason: "it does not understand \(text.debugDescription)") }
        try confine(settings)
        let length = preparation.inputLength
        let output = try MappedMemory(
            Descriptor.output, size: length * MemoryLayout<Float>.stride, protection: PROT_READ | PROT_WRITE)
        let slot = output.bytes.bindMemory(to: Float.self)
        try send(.ready)
        while let (request, memory) = try receive() {
            defer { close(memory) }
            let limits = settings.limits(memory: request.memoryLimit)
            let file = try MappedMemory(memory, size: request.fileSize, protection: PROT_READ)
            try send(answer(UnsafeRawBufferPointer(file.bytes), preparation, limits, into: slot))
        }
    }

    private static func answer(
        _ file: UnsafeRawBufferPointer, _ preparation: PicturePreparation, _ limits: DecodeLimits,
        into slot: UnsafeMutableBufferPointer<Float>
    ) -> DecodeAnswer {
        do throws(ImagingError) {
            let decoded = try ImageDecoder.decode(file, scale: preparation.decodeScale, limits: limits)
            preparation.prepare(decoded.image, into: slot)
            return .prepared(PictureFacts(decoded))
        } catch {
            return .refused(RefusedPicture(error))
        }
    }

    /// The next file; nil when the pool has hung up.
    private static func receive() throws -> (request: DecodeRequest, memory: Int32)? {
        var request = DecodeRequest(fileSize: 0, memoryLimit: 0)
        var memory: Int32 = -1
        let size = MemoryLayout<DecodeRequest>.size
        let received = cworkers_receive(Descriptor.socket, &request, size, &memory)
        if received == 0 { return nil }
        guard received == size, memory >= 0 else {
            throw IngestionError.notStartedByPool(reason: "its socket gives \(received) bytes, not \(size)")
        }
        return (request, memory)
    }

    private static func send(_ answer: DecodeAnswer) throws {
        let bytes = [UInt8](try DecodeAnswer.encoder.encode(answer))
        // A pool that is gone needs no answer; the next receive tells.
        _ = cworkers_send(Descriptor.socket, bytes, bytes.count, -1)
    }

    /// Takes from this process what it does not need.
    private static func confine(_ settings: DecodeSettings) throws {
        guard cworkers_die_with(settings.parent) == 0 else {
            throw IngestionError.notStartedByPool(reason: "process \(settings.parent) is not its parent")
        }
        // Ctrl-C and a service manager's SIGTERM go to the whole group; the pool decides when its workers end.
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_IGN) }
        limit(__rlimit_resource_t(RLIMIT_CORE.rawValue), to: 0)
        // Nothing is written but words to standard error.
        limit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), to: 1 << 20)
        limit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), to: 16)
        // What decoders allocate is counted and limited before they do; this is for what they get wrong.
        limit(
            __rlimit_resource_t(RLIMIT_DATA.rawValue),
            to: dataBytes() + settings.maxMemoryBytes + preparedMemory)
    }

    /// Beside decoding: the picture at the size of the model's input, and what the allocator keeps for later.
    private static let preparedMemory = 96 << 20

    private static func limit(_ resource: __rlimit_resource_t, to value: Int) {
        var limit = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
        setrlimit(resource, &limit)
    }

    /// Bytes of data that this process has now: the sixth number of /proc/self/statm, in pages.
    private static func dataBytes() -> Int {
        guard let text = FileManager.default.contents(atPath: "/proc/self/statm") else { return 0 }
        let numbers = String(decoding: text, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
        return numbers.count > 5 ? numbers[5] * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}

extension DecodeAnswer {
    /// Numbers that JSON lacks travel as words: a file may claim any.
    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }

    static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }
}
