import Augmentation
import Catalog
import Faults
import Imaging
import SystemPackage

/// A family as one picture: the original, framed, and some of its copies.
struct FamilySheet {
    let members: [FamilyMember]

    /// Copies that a sheet shows at most.
    static let mostCopies = 24
    /// Pixels of a side of a cell.
    private static let cell = 100
    private static let columns = 5
    private static let quality = 85

    /// Writes the sheet; a picture that no file holds any more gets an empty cell and a notice.
    func write(to file: FilePath, _ global: GlobalOptions) throws {
        let shown = members.prefix(Self.mostCopies + 1)
        let pictures = shown.map { member -> RGBImage? in
            do {
                let bytes = try PictureFile.bytes(of: member.digest, in: member.paths)
                return try Thumbnail.image(decoding: bytes, side: Self.cell)
            } catch {
                global.notice(
                    "picture \(member.image) has an empty cell: \((error as? any Fault)?.message ?? "\(error)")")
                return nil
            }
        }
        let sheet = ContactSheet.image(of: pictures, columns: Self.columns, cell: Self.cell, framed: 0)
        try CannotWrite.writing(try JPEGEncoder.encode(sheet, quality: Self.quality), to: file)
        if shown.count < members.count {
            global.notice("the sheet shows \(shown.count - 1) of \(grouped(members.count - 1)) copies")
        }
    }
}
