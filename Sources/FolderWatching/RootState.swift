import Faults
import FoundationEssentials
import Glibc

/// A root and whether it is there.
final class RootState {
    let root: WatchedRoot
    /// The folder, with all that is watched below it; nil while it is not there.
    var folder: WatchedFolder?
    /// Why it is not there; nil while it is, or before the first look.
    var lostReason: String?
    /// The file system on which it was first seen.
    private var firstDevice: UInt64?
    /// Where file systems were seen mounted below it, each with the number of the scan that saw it last.
    var mounts: [[UInt8]: Int] = [:]

    init(_ root: WatchedRoot) { self.root = root }

    /// The folder as it is now.
    ///
    /// - Throws: `RootTrouble` when there is none, or another one than is meant.
    func look() throws(RootTrouble) -> (device: UInt64, inode: UInt64) {
        let status: stat
        do throws(SystemError) {
            status = try statusOf(root.path)
        } catch {
            throw RootTrouble(reason: error.reason)
        }
        guard status.isFolder else { throw RootTrouble(reason: "is no longer a folder") }
        try checkMarker()
        let device = UInt64(status.st_dev)
        if root.marker == nil, let firstDevice, firstDevice != device {
            throw RootTrouble(
                reason: "is on another file system than before, and has no \(name) to tell that it is the same folder")
        }
        if firstDevice == nil { firstDevice = device }
        return (device, UInt64(status.st_ino))
    }

    private func checkMarker() throws(RootTrouble) {
        guard let expected = root.marker else { return }
        let found: RootMarker?
        do throws(WatchingError) {
            found = try RootMarker.read(root.path)
        } catch {
            throw RootTrouble(reason: error.message)
        }
        guard let found else { throw RootTrouble(reason: "has no \(name): its disk may not be mounted") }
        guard found == expected else {
            throw RootTrouble(
                reason: "has \(name) \(found.id.uuidString.lowercased()), not \(expected.id.uuidString.lowercased())")
        }
    }

    private var name: String { printableName(RootMarker.name) }
}

/// Why a root is not there.
struct RootTrouble: Error {
    let reason: String
}
