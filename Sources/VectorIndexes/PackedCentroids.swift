import CKernels

/// Centroids in the order in which the kernel for the nearest of them reads them; a copy of their values.
final class PackedCentroids: Sendable {
    let count: Int
    let dimension: Int
    // Written once, in init.
    private nonisolated(unsafe) let panels: UnsafeMutablePointer<Float>
    private nonisolated(unsafe) let norms: UnsafeMutablePointer<Float>

    /// - Parameters:
    ///   - centroids: count × dimension, row-major.
    ///   - count: 1 or more.
    init(_ centroids: UnsafePointer<Float>, count: Int, dimension: Int) {
        self.count = count
        self.dimension = dimension
        let padded = lk_panel_rows(count)
        panels = Self.allocate(padded * dimension)
        norms = Self.allocate(padded)
        lk_pack_panels(centroids, count, dimension, panels, norms)
    }

    deinit {
        panels.deallocate()
        norms.deallocate()
    }

    /// The nearest centroid of each vector, the first among equally near ones; see ckernels_lists.h.
    ///
    /// - Parameters:
    ///   - rows: where each of `count` vectors begins.
    ///   - labels: set to as many numbers.
    ///   - scores: memory for as many, whose contents nobody needs.
    func nearest(
        _ rows: UnsafePointer<UnsafePointer<Float>>, count rowCount: Int, _ labels: UnsafeMutablePointer<UInt32>,
        _ scores: UnsafeMutablePointer<Float>
    ) {
        lk_list_kernels_of_this_cpu().pointee.nearest(panels, norms, count, dimension, rows, rowCount, labels, scores)
    }

    /// Vectors that are assigned in well under a second, so that somebody who wants to end it need not wait.
    static func block(centroids: Int, dimension: Int) -> Int {
        max(120, min(16_384, 2_000_000_000 / max(1, centroids * dimension)))
    }

    /// Vectors that a thread takes at a time: what the kernel reads a panel once for.
    static let part = 60

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        // A register's width, so that no load lies on two cache lines.
        UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * 4, alignment: 64)
            .bindMemory(to: Float.self, capacity: max(1, count))
    }
}
