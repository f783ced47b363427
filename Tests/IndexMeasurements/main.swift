import Foundation

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "copies" where arguments.count == 4:
    let folder = URL(filePath: arguments[1])
    let photos = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .filter { $0.pathExtension == "jpg" }.sorted { $0.path < $1.path }
    let count = Int(arguments[2]) ?? 92
    let spread = (0..<min(count, photos.count)).map { photos[$0 * photos.count / min(count, photos.count)] }
    print(try Copies.write(spread, copies: 100, to: URL(filePath: arguments[3])))
default:
    FileHandle.standardError.write(Data("usage: index-measurements copies FOLDER COUNT OUTPUT\n".utf8))
    exit(64)
}
