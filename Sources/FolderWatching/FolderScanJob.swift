/// A scan that is under way: what is still to be listed, and what came out so far.
///
/// It goes on folder by folder between events, so that new files do not wait for its end.
final class FolderScanJob {
    /// A folder to be listed, by its place.
    enum Place {
        case root(RootState)
        case entry(name: [UInt8], parent: WatchedFolder, isLink: Bool)
    }

    /// Why it is done.
    enum Purpose {
        /// To know all that is there: `scanned` follows.
        case reconciliation
        /// To find what a new folder holds.
        case arrival
    }

    var purpose: Purpose
    /// Where it began.
    let folder: [UInt8]
    let root: RootState
    /// The number of the scan among all, from 1.
    let number: Int
    /// The next one last.
    var pending: [Place]
    var files = 0
    var undecided: [[UInt8]] = []
    var hasBegun = false
    /// Whether events that came while it was done were taken in.
    var isDrained = false

    init(_ purpose: Purpose, of folder: [UInt8], in root: RootState, number: Int, from place: Place) {
        self.purpose = purpose
        self.folder = folder
        self.root = root
        self.number = number
        pending = [place]
    }
}
