import CFaiss
import SystemPackage

/// Rows as faiss is to have them: numbered from 0, each with its id.
struct ExportedRows {
    var addresses: [UnsafePointer<Float>] = []
    var ids: [Int64] = []

    mutating func append(_ address: UnsafePointer<Float>, _ id: VectorID) {
        addresses.append(address)
        ids.append(id.rawValue)
    }
}

/// Writes one of faiss's files, a part at a time.
final class FaissFileWriter {
    private let file: ExportFile
    private let name: String
    private let dimension: Int
    /// About, for progress.
    private let expectedBytes: Int
    private let control: BuildControl
    private var failure: IndexError?

    /// - Parameter name: of the index, for messages.
    init(_ file: ExportFile, of name: String, dimension: Int, rows: Int, _ control: BuildControl) {
        self.file = file
        self.name = name
        self.dimension = dimension
        expectedBytes = max(1, rows * (4 * dimension + 8))
        self.control = control
    }

    func writeFlat(_ rows: ExportedRows) throws(IndexError) {
        try write(rows) { rows, sink, context, message, capacity in
            cfaiss_export_flat(rows, sink, context, message, capacity)
        }
    }

    /// - Parameters:
    ///   - rows: those of the graph's nodes, then those of `twins`.
    ///   - twins: nodes to whose rows the others are equal.
    func write(_ graph: HNSWGraph, _ rows: ExportedRows, twins: [Int32], efSearch: Int) throws(IndexError) {
        precondition(rows.ids.count == graph.count + twins.count)
        try write(rows) { rows, sink, context, message, capacity in
            graph.withHandle { graph in
                cfaiss_export_hnsw(rows, graph, twins, Int32(efSearch), sink, context, message, capacity)
            }
        }
    }

    /// - Parameters:
    ///   - listNumbers: for each row its list.
    ///   - codes: for each row its codes, a byte each; empty for IVFFlat.
    func write(
        _ lists: InvertedFile, _ rows: ExportedRows, listNumbers: [UInt32], codes: [UInt8]
    ) throws(IndexError) {
        let shape = lists.lists.shape
        precondition(listNumbers.count == rows.ids.count && codes.count == rows.ids.count * shape.m)
        try write(rows) { rows, sink, context, message, capacity in
            listNumbers.withUnsafeBufferPointer { listNumbers in
                codes.withUnsafeBufferPointer { codes in
                    withExtendedLifetime(lists.lists) {
                        // An empty array has no address, and faiss reads nothing there.
                        withUnsafePointer(to: UInt32(0)) { none in
                            var exported = cfaiss_exported_lists(
                                nlist: shape.nlist, centroids: lists.lists.base.centroids,
                                lists: listNumbers.baseAddress ?? none, nprobe: lists.nprobe, m: shape.m,
                                bits: shape.bits, codebooks: shape.m == 0 ? nil : lists.lists.base.codebooks,
                                codes: codes.baseAddress, rerank: lists.rerank)
                            return cfaiss_export_inverted_file(rows, &exported, sink, context, message, capacity)
                        }
                    }
                }
            }
        }
    }

    private typealias Export = (
        UnsafePointer<cfaiss_exported_rows>, @escaping cfaiss_sink, UnsafeMutableRawPointer?,
        UnsafeMutablePointer<CChar>?, Int
    ) -> cfaiss_status

    private func write(_ rows: ExportedRows, _ export: Export) throws(IndexError) {
        precondition(rows.addresses.count == rows.ids.count)
        // Addresses of nothing, for no rows.
        let addresses = rows.addresses.isEmpty ? [Self.nothing] : rows.addresses
        let ids = rows.ids.isEmpty ? [0] : rows.ids
        let count = rows.ids.count
        do throws(IndexError) {
            try Faiss.call { message, capacity in
                addresses.withUnsafeBufferPointer { addresses in
                    ids.withUnsafeBufferPointer { ids in
                        guard let addresses = addresses.baseAddress, let ids = ids.baseAddress else {
                            return CFAISS_REFUSED
                        }
                        var exported = cfaiss_exported_rows(
                            dimension: dimension, count: count, rows: addresses, ids: ids)
                        return withExtendedLifetime(self) {
                            export(
                                &exported,
                                { context, bytes, count in
                                    guard let context else { return 1 }
                                    let writer = Unmanaged<FaissFileWriter>.fromOpaque(context).takeUnretainedValue()
                                    return writer.take(UnsafeRawBufferPointer(start: bytes, count: count)) ? 0 : 1
                                }, Unmanaged.passUnretained(self).toOpaque(), message, capacity)
                        }
                    }
                }
            }
        } catch {
            // What faiss says of an export that was ended says nothing of why.
            if let failure { throw failure }
            throw error
        }
    }

    /// The next bytes of the file; false when there is no going on.
    private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        do throws(IndexError) {
            try control.check(name)
            try file.append(bytes)
        } catch {
            failure = error
            return false
        }
        control.report("writing", min(1, Double(file.byteCount) / Double(expectedBytes)))
        return true
    }

    private nonisolated(unsafe) static let nothing: UnsafePointer<Float> = {
        let place = UnsafeMutablePointer<Float>.allocate(capacity: 1)
        place.initialize(to: 0)
        return UnsafePointer(place)
    }()
}

/// A file of faiss that was read back by faiss, with all rows in memory: what an export is compared with, in tests.
///
/// One thread at a time: it is not Sendable.
package final class ReadFaissFile {
    private let handle: OpaquePointer

    /// Reads a file.
    ///
    /// - Throws: ``IndexError/native(_:)`` with faiss's words.
    package init(_ path: FilePath) throws(IndexError) {
        var read: OpaquePointer?
        try Faiss.call { message, capacity in
            path.withPlatformString { cfaiss_file_read($0, &read, message, capacity) }
        }
        guard let read else { throw .native("no index was read") }
        handle = read
    }

    deinit { cfaiss_file_free(handle) }

    /// Numbers in a row.
    package var dimension: Int { cfaiss_file_dimension(handle) }
    /// Rows in the file.
    package var count: Int { cfaiss_file_count(handle) }
    /// The class of the index inside the IndexIDMap2; empty when the file has none.
    package var className: String { String(cString: cfaiss_file_class(handle)) }

    /// The k nearest rows of each query that faiss finds with the file's own nprobe, efSearch and k_factor.
    package func search(
        _ queries: [Float], k: Int, threads: Int = SearchLimits.defaultThreads
    ) throws(IndexError) -> [[Neighbor]] {
        precondition(k >= 1 && threads >= 1 && queries.count.isMultiple(of: dimension))
        let asked = queries.count / dimension
        return try Faiss.neighbors(asked, k: k) { distances, ids, message, capacity in
            cfaiss_file_search(handle, queries, asked, k, Int32(threads), distances, ids, message, capacity)
        }
    }
}
