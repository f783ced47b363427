import CKernels
import Glibc

/// Memory that ends where the process may not read: whoever reads past the end of it does not go unnoticed.
final class GuardedMemory<Element: BitwiseCopyable> {
    private let mapping: UnsafeMutableRawPointer
    private let mappedBytes: Int
    /// The elements, the last of which ends at the guard page; aligned to the element and to nothing more.
    let elements: UnsafeMutableBufferPointer<Element>

    init(_ values: some Collection<Element>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let bytes = values.count * MemoryLayout<Element>.stride
        mappedBytes = (bytes + page - 1) / page * page + page
        mapping = mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(mapping != MAP_FAILED, "no memory for \(mappedBytes) bytes")
        let end = mapping + (mappedBytes - page)
        precondition(mprotect(end, page, PROT_NONE) == 0, "the system protects no page")
        let first = (end - bytes).bindMemory(to: Element.self, capacity: values.count)
        elements = UnsafeMutableBufferPointer(start: first, count: values.count)
        _ = elements.update(fromContentsOf: values)
    }

    deinit { munmap(mapping, mappedBytes) }

    var start: UnsafeMutablePointer<Element> { elements.baseAddress! }
}
