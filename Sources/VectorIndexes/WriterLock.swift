import Glibc
import SystemPackage

/// The right to write to a store, among the processes of this machine; it ends with the last reference, however the
/// process ends.
struct WriterLock: Sendable {
    private let file: OpenFile

    /// Takes the lock, or says who has it.
    init(_ layout: StoreLayout) throws(IndexError) {
        file = try OpenFile(layout.lock, for: .write)
        guard try file.tryLock() else {
            let note = String(
                decoding: try file.read(count: 200, at: 0).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            throw .locked(layout.folder, by: note.isEmpty ? "another process" : note)
        }
        // The note is for people only: a full disk must not keep a writer from saying so where it matters.
        try? file.resize(to: 0)
        try? file.write(Array("process \(getpid())\n".utf8), at: 0)
    }
}
