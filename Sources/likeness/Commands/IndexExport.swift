import ArgumentParser
import Catalog
import Faults
import NativeThreads
import Postgres
import SystemPackage
import VectorIndexes

struct IndexExport: AsyncParsableCommand, ComputesForLong {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes an index into a file that faiss reads, in Python too.",
        discussion: """
            The file is an IndexIDMap2 whose ids are the numbers of the images, with all vectors in it: \
            faiss.read_index("FILE"). What is exported is the index as it is on this machine; deleted images are left out.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The index.")
    var name: String

    @Option(name: .shortAndLong, help: "The file to write.")
    var output: PathArgument

    @Flag(help: "Write over a file that is there.")
    var force = false

    func run() async throws {
        let name = name
        let (model, file) = try await global.openDatabase().run { connection in
            let catalog = Catalog(connection)
            let index = try catalog.index(named: name)
            let model = try catalog.models().first { $0.model.id == index.model }?.model
            return (model, output.filePath)
        }
        guard let model else { throw CommandFault.noModel }
        guard let store = try VectorStore.open(IndexFolders(home: global.homeFolder).folder(ofModel: model.name)) else {
            throw CommandFault.nothingIndexed(model: model.name)
        }
        let control = BuildControl()
        let signals = StopSignals { control.cancel() }
        let exported: ExportedIndex
        do {
            exported = try await ExportThread().run(
                store, name, to: file, mayReplace: force, control, quiet: global.isQuiet)
        } catch IndexError.file(.write, file, .fileExists) where !force {
            throw FileIsThere(path: file, index: name)
        }
        withExtendedLifetime(signals) {}
        for notice in exported.notices { global.notice(notice.text(index: name)) }
        try write(exported, file)
    }

    private struct Answer: Encodable {
        let index: String
        let type: String
        let file: String
        let rows: Int
        let bytes: Int
    }

    private func write(_ exported: ExportedIndex, _ file: FilePath) throws {
        let type = exported.type.rawValue
        switch try global.outputFormat {
        case .json:
            StandardOutput.write(
                try JSON.text(
                    Answer(index: name, type: type, file: file.string, rows: exported.rows, bytes: exported.bytes)))
        case .csv:
            StandardOutput.write(
                CSV.text(
                    header: ["index", "type", "file", "rows", "bytes"],
                    rows: [[name, type, file.string, "\(exported.rows)", "\(exported.bytes)"]]))
        case .table:
            StandardOutput.write(
                "wrote \(grouped(exported.rows)) rows as \(type) to \(printableName(file)): "
                    + "\(byteSize(exported.bytes))\n")
        }
    }
}

/// The file that is to be written is there already.
private struct FileIsThere: Fault {
    let path: FilePath
    let index: String

    var message: String { "\(printableName(path)) is there already" }
    var hint: String? {
        "Write over it: likeness index export \(index) --output \(printableName(path)) --force"
    }
    var recovery: Recovery { .askOperator }
    var exitStatus: ExitStatus { .cannotWrite }
}

/// The thread on which an export runs.
private actor ExportThread {
    private let thread = NativeThreadExecutor(name: "export")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func run(
        _ store: VectorStore, _ name: String, to file: FilePath, mayReplace: Bool, _ control: BuildControl, quiet: Bool
    ) async throws -> ExportedIndex {
        let progress = Task { await ExportProgress.show(control, quiet: quiet) }
        let result = Result { () throws(IndexError) in
            try store.export(index: name, to: file, mayReplace: mayReplace, control)
        }
        progress.cancel()
        await progress.value
        return try result.get()
    }
}

/// A line of progress, drawn until its task is cancelled.
private enum ExportProgress {
    static func show(_ control: BuildControl, quiet: Bool) async {
        var bar = ProgressBar(quiet: quiet)
        let start = ContinuousClock.now
        while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            let (phase, fraction) = control.progress
            bar.update(
                done: Int(fraction * 100), total: 100, elapsed: ContinuousClock.now - start, note: phase)
        }
        bar.clear()
    }
}
