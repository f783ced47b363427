import CKernels
import Testing

@Suite struct Smoke { @Test func `a table is there`() { #expect(String(cString: lk_kernels_of_this_cpu().pointee.name) != "") } }
