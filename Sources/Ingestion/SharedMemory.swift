import CWorkers
import Faults
import FolderWatching
import Glibc

/// Memory that another process can be given: a file without a name, of a fixed size, gone with the last who has it.
final class SharedMemory: Sendable {
    /// Of its file, for reading and writing.
    let descriptor: Int32
    /// Bytes of use; the file has at least one.
    let size: Int

    /// Makes memory that is all zero.
    ///
    /// - Throws: ``IngestionError/noSharedMemory(bytes:reason:)``.
    init(size: Int) throws(IngestionError) {
        descriptor = cworkers_create_memory(max(size, 1))
        self.size = size
        guard descriptor >= 0 else { throw .noSharedMemory(bytes: size, reason: SystemError.last.reason) }
    }

    deinit { close(descriptor) }

    /// A descriptor of the same memory that cannot write to it; the caller closes it.
    func readOnlyDescriptor() throws(IngestionError) -> Int32 {
        let copy = cworkers_reopen_read_only(descriptor)
        guard copy >= 0 else { throw .noSharedMemory(bytes: size, reason: SystemError.last.reason) }
        return copy
    }

    /// The memory itself, for as long as the result lives, to write all of it: its pages are made at once, without a fault for
    /// each.
    func map() throws(IngestionError) -> MappedMemory {
        try MappedMemory(descriptor, size: size, protection: PROT_READ | PROT_WRITE, flags: MAP_POPULATE)
    }
}

/// Shared memory in this process's address space.
struct MappedMemory: ~Copyable {
    /// The bytes; valid as long as the mapping lives.
    let bytes: UnsafeMutableRawBufferPointer
    private let base: UnsafeMutableRawPointer

    /// Maps the beginning of a descriptor's memory; the descriptor may be closed at once.
    init(_ descriptor: Int32, size: Int, protection: Int32, flags: Int32 = 0) throws(IngestionError) {
        let address = mmap(nil, max(size, 1), protection, MAP_SHARED | flags, descriptor, 0)
        guard let base = address, base != MAP_FAILED else {
            throw .noSharedMemory(bytes: size, reason: SystemError.last.reason)
        }
        self.base = base
        bytes = UnsafeMutableRawBufferPointer(start: base, count: size)
    }

    deinit { munmap(base, max(bytes.count, 1)) }
}
