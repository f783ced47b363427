import Catalog
import Embeddings
import Faults
import Glibc
import Ingestion
import SystemPackage
import TestSupport
import Testing

/// One after the other: they watch processes at work, which others must not keep from working.
@Suite(.serialized) struct DecodeWorkerTests {
    @Test(arguments: [SIGKILL, SIGSEGV, SIGABRT])
    func `a worker that ends while it decodes costs one file, and the next ones are done`(signal: Int32) async throws {
        let scene = try Scene(workers: 1)
        try scene.write(SlowPicture.bytes(), "a.jpg")
        try scene.write(photo("photos/vehicles/truck/truck1.jpg"), "b.jpg")
        try scene.write(photo("photos/vehicles/truck/truck2.jpg"), "c.jpg")
        try await scene.decoders.start()
        let worker = try #require(scene.workers.first)
        let before = computed(worker)
        async let taken = scene.take(scene.files())
        try await eventually("the worker decodes") { computed(worker) >= before + 20 }
        kill(worker, signal)
        let result = try await taken
        #expect(result.words == ["decoder_crashed", "added", "added"])
        let name = try #require([SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT"][signal])
        #expect(result.failures.first?.message == "the decoder ended with \(name) on this file")
        #expect(result.failures.first?.recovery == .quarantineItem)
        #expect(result.batch.failures.map(\.errorClass) == ["decoder_crashed"])
        let next = try scene.write(photo("photos/vehicles/truck/truck3.jpg"), "d.jpg")
        #expect(try await scene.take(scene.files(next)).words == ["added"])
        #expect(scene.workers.count == 1 && scene.workers.first != worker)
    }

    @Test func `a worker that ends while it has nothing to do costs nothing`() async throws {
        let scene = try Scene(workers: 1)
        try scene.write(photo("photos/vehicles/truck/truck1.jpg"), "a.jpg")
        try await scene.decoders.start()
        let worker = try #require(scene.workers.first)
        kill(worker, SIGKILL)
        try await eventually("the worker has ended") { scene.workers.isEmpty }
        #expect(try await scene.take(scene.files()).words == ["added"])
    }

    @Test func `a picture that takes too long is given up and its worker replaced`() async throws {
        let scene = try Scene(workers: 1, timeLimit: .seconds(5))
        try scene.write(photo("photos/vehicles/truck/truck1.jpg"), "a.jpg")
        try scene.write(photo("photos/vehicles/truck/truck2.jpg"), "b.jpg")
        try await scene.decoders.start()
        let worker = try #require(scene.workers.first)
        kill(worker, SIGSTOP)
        let result = try await scene.take(scene.files())
        // Which of the two the worker gets first is open.
        #expect(result.words.sorted() == ["added", "decode_timeout"])
        #expect(result.failures.first?.message == "decoding took longer than the limit of 5.0 seconds")
        #expect(!scene.workers.contains(worker))
    }

    @Test func `Ctrl-C and a service manager's SIGTERM leave the workers to their pool`() async throws {
        let scene = try Scene(workers: 1)
        try scene.write(photo("photos/vehicles/truck/truck1.jpg"), "a.jpg")
        try await scene.decoders.start()
        let worker = try #require(scene.workers.first)
        for signal in [SIGINT, SIGTERM, SIGHUP] { kill(worker, signal) }
        #expect(try await scene.take(scene.files()).words == ["added"])
        #expect(scene.workers == [worker])
    }

    @Test func `a worker has its socket, its memory and nothing else`() async throws {
        let scene = try Scene(workers: 1)
        try await scene.decoders.start()
        let worker = try #require(scene.workers.first)
        let open = try FileDescriptorNames(of: worker)
        #expect(open.names.keys.sorted() == [0, 1, 2, 3, 4])
        #expect(open.names[0] == "/dev/null" && open.names[1] == "/dev/null")
        #expect(open.names[3]?.hasPrefix("socket:") == true)
        let limits = try #require(contents("/proc/\(worker)/limits")).split(separator: "\n")
        func limit(_ name: String) -> String? {
            limits.first { $0.hasPrefix(name) }?.dropFirst(name.count).split(separator: " ").first.map(String.init)
        }
        #expect(limit("Max core file size") == "0")
        let data = try #require(limit("Max data size").flatMap { Int($0) })
        #expect(data > 384 << 20 && data < 1 << 30)
        let variables = try #require(contents("/proc/\(worker)/environ"))
        #expect(!variables.contains("DATABASE_URL") && !variables.contains("HOME="))
    }

    @Test func `workers end with their pool`() async throws {
        var scene: Scene? = try Scene()
        try await scene?.decoders.start()
        let worker = try #require(scene?.workers.first)
        scene = nil
        try await eventually("the worker has ended") { contents("/proc/\(worker)/cmdline")?.isEmpty != false }
    }

    @Test func `a program that is no worker is told with its last words, not started for ever`() async throws {
        let folder = try TemporaryFolder()
        let program = folder.path.appending("broken")
        let script = "#!/bin/sh\necho >> '\(folder.path)/starts'\necho 'libfaiss.so: cannot open' >&2\nexit 127\n"
        let file = try FileDescriptor.open(
            program, .writeOnly, options: .create, permissions: [.ownerReadWriteExecute])
        _ = try file.closeAfter { try file.writeAll(script.utf8) }
        let pool = DecodePool(preparation: .structure, workers: 1, program: program)
        await #expect(
            throws: IngestionError.workerDoesNotStart(
                program: program.string, reason: "it ended with status 127", words: "libfaiss.so: cannot open")
        ) { try await pool.start() }
        #expect(contents(folder.path.appending("starts").string) == "\n\n\n")
        let missing = DecodePool(preparation: .structure, program: "/no/likeness")
        let error = await #expect(throws: IngestionError.self) { try await missing.start() }
        #expect(error?.message == "the decode worker /no/likeness does not start: no such file or directory")
    }

    @Test func `a person who types the worker's command is told what to type`() async throws {
        let folder = try TemporaryFolder()
        let run = try await LikenessBinary(home: folder.path)("decode-worker", "photos")
        #expect(run.status == 1)
        #expect(
            run.errors == """
                error: decode-worker is a part of likeness, not a command for people: it does not understand "photos"
                hint: Bring pictures into the catalog: likeness ingest FOLDER

                """)
        let help = try await LikenessBinary(home: folder.path)("--help")
        #expect(!help.output.contains("decode-worker"))
    }
}

/// What a process has open, by number.
private struct FileDescriptorNames {
    var names: [Int: String] = [:]

    init(of process: pid_t) throws {
        for number in 0..<256 {
            var target = [CChar](repeating: 0, count: 4096)
            let length = readlink("/proc/\(process)/fd/\(number)", &target, target.count - 1)
            let bytes = target.prefix(max(0, length)).map(UInt8.init(bitPattern:))
            if length >= 0 { names[number] = String(decoding: bytes, as: UTF8.self) }
        }
    }
}
