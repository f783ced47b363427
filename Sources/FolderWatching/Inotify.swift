import Glibc

/// An inotify instance: the kernel's queue of what happens in watched folders.
final class Inotify {
    /// What one event says.
    struct Event {
        /// The watch; below zero for an overflow of the queue.
        let watch: Int32
        let mask: UInt32
        /// The entry of the folder that it is about; empty when it is the folder itself.
        let name: [UInt8]

        func has(_ bits: Int32) -> Bool { mask & UInt32(bits) != 0 }
    }

    /// What to poll for input.
    let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    /// What is asked for in every folder. IN_MODIFY is not: it comes with each write, and says nothing that the close does not.
    private static let mask = UInt32(
        IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
            | IN_ONLYDIR | IN_EXCL_UNLINK)

    init() throws(WatchingError) {
        descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else {
            let error = SystemError.last
            throw .noInotify(reason: error.reason, isLimit: error.code == EMFILE)
        }
    }

    deinit { close(descriptor) }

    /// The watch of a folder: the one it has, or a new one. The same folder has the same watch wherever it is mounted or moved.
    ///
    /// By descriptor, not by path: what is watched is what is listed, and no path is too long.
    func watch(_ folder: borrowing OpenFolder) throws(SystemError) -> Int32 {
        let watch = inotify_add_watch(descriptor, "/proc/self/fd/\(folder.descriptor)", Self.mask)
        guard watch >= 0 else { throw .last }
        return watch
    }

    /// Ends a watch, if it has not ended by itself. The kernel never gives its number again.
    func remove(_ watch: Int32) { _ = inotify_rm_watch(descriptor, watch) }

    /// The events that are in the queue, at most a buffer of them; none when it is empty.
    func read() -> [Event] {
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return [] }
        return buffer.withUnsafeBytes { bytes in
            var events: [Event] = []
            var start = 0
            while start + 16 <= count {
                let length = Int(bytes.loadUnaligned(fromByteOffset: start + 12, as: UInt32.self))
                let name = bytes[(start + 16)..<(start + 16 + length)]
                events.append(
                    Event(
                        watch: bytes.loadUnaligned(fromByteOffset: start, as: Int32.self),
                        mask: bytes.loadUnaligned(fromByteOffset: start + 4, as: UInt32.self),
                        name: Array(name.prefix { $0 != 0 })))
                start += 16 + length
            }
            return events
        }
    }

    /// How many watches the system allows this user.
    static var limit: Int { number(in: "/proc/sys/fs/inotify/max_user_watches") ?? 0 }

    private static func number(in file: String) -> Int? {
        guard let content = try? contentOfSmallFile(Array(file.utf8), limit: 32).bytes else { return nil }
        return Int(String(decoding: content.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
