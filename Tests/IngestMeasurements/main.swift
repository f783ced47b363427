import Foundation
import Postgres
import SystemPackage

/// Measures what ingests; `Scripts/measure-ingest` calls it.
let usage = """
    usage: ingest-measurements files PHOTOS COUNT FOLDER [PER-FOLDER [FIRST]]
                                                                          photographs, contents FIRST, FIRST + 1…
           ingest-measurements large PHOTOS COUNT FOLDER [FIRST]          12-megapixel JPEGs, the same
           ingest-measurements network WEIGHTS COUNT                      its milliseconds a picture, alone
           ingest-measurements latency HOME PHOTOS FOLDER SECONDS RATE    from close to row, beside a daemon
           ingest-measurements settled HOME FOLDER COUNT                  until COUNT files have an outcome
           ingest-measurements equal HOME FOLDER…                         catalog and folders, compared
           ingest-measurements corpus SHARED [SAMPLE]                     hostile files through decode workers;
                                                                          of the beginnings every SAMPLEth
    HOME: of a private database, or the URL of another.

    """

func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

func explain() -> Never {
    say(usage)
    exit(64)
}

func format(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

func whole(_ word: String, atLeast least: Int = 1) -> Int {
    guard let number = Int(word), number >= least else {
        say("error: a whole number of \(least) or more, not \(word)")
        exit(64)
    }
    return number
}

let words = Array(CommandLine.arguments.dropFirst())
do {
    switch words.first {
    case "files" where (4...6).contains(words.count):
        try PhotoFiles(photosBelow: words[1]).write(
            whole(words[2]), to: URL(filePath: words[3]), perFolder: words.count > 4 ? whole(words[4]) : 1000,
            first: words.count > 5 ? whole(words[5], atLeast: 0) : 0)
    case "large" where words.count == 4 || words.count == 5:
        try LargePhotos(photosBelow: words[1]).write(
            whole(words[2]), to: URL(filePath: words[3]),
            first: words.count > 4 ? whole(words[4], atLeast: 0) : 0)
    case "network" where words.count == 3:
        print(format(try await NetworkAlone(weights: words[1]).millisecondsAPicture(whole(words[2])), 2))
    case "latency" where words.count == 6:
        print(
            try IngestLatency(home: words[1], photos: words[2], folder: words[3])
                .measure(seconds: whole(words[4]), perSecond: whole(words[5])))
    case "settled" where words.count == 4:
        print(try SettledCatalog(home: words[1]).wait(folder: words[2], count: whole(words[3], atLeast: 0)))
    case "equal" where words.count > 2:
        print(try CatalogAndDisk(home: words[1]).compare(Array(words.dropFirst(2))))
    case "corpus" where words.count == 2 || words.count == 3:
        try await CorpusRun(shared: words[1], sample: words.count == 3 ? whole(words[2]) : 1).run()
    default: explain()
    }
} catch let failure as Failure {
    say("error: \(failure.description)")
    exit(1)
}
