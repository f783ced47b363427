import Foundation
import SystemPackage
import VectorIndexes

/// Measures the indexes without a database; `Scripts/measure-indexes` calls it.
let usage = """
    usage: index-measurements copies FOLDER COUNT OUTPUT      augmented copies of photographs
           index-measurements types SOURCE [FOLDER]           our types beside packaged faiss
           index-measurements build SOURCE FOLDER             an index of each type
           index-measurements scale ROWS…                     cost per query and per added row
           index-measurements plot FILE                       the tables of scale in a file, as SVG
           index-measurements memory FOLDER                   what a process that asks all types takes
           index-measurements open FOLDER                     time to open and to answer first
           index-measurements load HOME ROWS                  made-up families into a catalog
           index-measurements freshness HOME INDEX SECONDS    from commit to found, 100 rows a second
           index-measurements throughput HOME SECONDS [ROWS]  queries while IVF is trained and 100 rows a second
                                                              come, ROWS (1) in a transaction
    SOURCE: store FOLDER | diverse FILE.f16 | synthetic ROWS

    """

func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

func explain() -> Never {
    say(usage)
    exit(64)
}

func scratchFolder() throws -> FilePath {
    var template = Array("/var/tmp/likeness-measure-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
    return FilePath(platformString: template)
}

let words = Array(CommandLine.arguments.dropFirst())
switch words.first {
case "copies" where words.count == 4:
    let photos = try FileManager.default.contentsOfDirectory(
        at: URL(filePath: words[1]), includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "jpg" }.sorted { $0.path < $1.path }
    let count = min(Int(words[2]) ?? 92, photos.count)
    let spread = (0..<count).map { photos[$0 * photos.count / count] }
    print(try Copies.write(spread, copies: 100, to: URL(filePath: words[3])))
case "types":
    guard let source = Source(words.dropFirst().prefix(2)) else { explain() }
    let kept = words.count > 3 ? FilePath(words[3]) : nil
    let folder = try kept ?? scratchFolder()
    var scratch = try ScratchStore(source, in: folder)
    try scratch.build(say: say)
    var comparison = try TypeComparison(scratch, say: say)
    say("asking")
    try comparison.run()
    print("\(scratch.writer.liveCount) rows: \(source.name)\n\n\(comparison.markdown)")
    scratch.writer.close()
    if kept == nil { try FileManager.default.removeItem(atPath: folder.string) }
case "build":
    guard let source = Source(words.dropFirst().prefix(2)), words.count == 4 else { explain() }
    var scratch = try ScratchStore(source, in: FilePath(words[3]))
    try scratch.build(say: say)
    scratch.writer.close()
case "scale":
    var table = ScaleTable()
    for rows in words.dropFirst().compactMap({ Int($0) }) { try table.measure(rows, say: say) }
    print(table.markdown)
case "plot" where words.count == 2:
    guard let plot = CostPlot.svg(of: try String(contentsOfFile: words[1], encoding: .utf8)) else {
        say("error: \(words[1]) has no tables of index-measurements scale")
        exit(1)
    }
    print(plot, terminator: "")
case "memory" where words.count == 2: print(try MemoryUse.measure(FilePath(words[1])))
case "open" where words.count == 2: print(try OpeningTime.measure(FilePath(words[1])))
case "load" where words.count == 3:
    try LiveCatalog(home: FilePath(words[1])).load(0..<(Int(words[2]) ?? 0))
case "freshness" where words.count == 4:
    print(try Freshness.measure(FilePath(words[1]), index: words[2], seconds: Int(words[3]) ?? 20, perSecond: 100))
case "throughput" where words.count == 3 || words.count == 4:
    print(
        try Throughput.measure(
            FilePath(words[1]), seconds: Int(words[2]) ?? 20, perSecond: 100,
            rows: words.count > 3 ? Int(words[3]) ?? 1 : 1))
default: explain()
}
