import Foundation
import Testing

/// Which modules of ours each module may import: the arrows of the design, lower never importing higher.
private let allowedImports: [String: Set<String>] = [
    "Faults": [],
    "NativeThreads": [],
    "FolderWatching": ["Faults"],
    "Postgres": ["CLibPQ", "Faults", "NativeThreads"],
    "LocalCluster": ["Faults", "Postgres"],
    "Imaging": ["CJPEG", "CPNG", "CWebP", "Faults"],
    "Augmentation": ["Faults", "Imaging"],
    "Embeddings": ["COneDNN", "Faults", "Imaging", "NativeThreads"],
    "VectorIndexes": ["CFaiss", "CKernels", "Faults", "NativeThreads"],
    "Catalog": ["Faults", "Migrations", "Postgres"],
    "Daemons": ["Postgres"],
    "Ingestion": [
        "Catalog", "CWorkers", "Daemons", "Embeddings", "Faults", "FolderWatching", "Imaging", "NativeThreads",
        "Postgres",
    ],
    "IndexSync": ["Catalog", "Daemons", "Faults", "NativeThreads", "Postgres", "VectorIndexes"],
    "Search": ["Catalog", "Embeddings", "Faults", "Imaging", "Postgres", "VectorIndexes"],
    "Benchmarking": ["Catalog", "Embeddings", "Faults", "Imaging", "Ingestion", "Postgres", "Search", "VectorIndexes"],
    "likeness": [
        "Augmentation", "Benchmarking", "Catalog", "Daemons", "Embeddings", "Faults", "FolderWatching", "Imaging",
        "IndexSync", "Ingestion", "LocalCluster", "NativeThreads", "Postgres", "Search", "VectorIndexes",
    ],
]

private let seams = [
    "CLibPQ": "Postgres", "CJPEG": "Imaging", "CPNG": "Imaging", "CWebP": "Imaging", "COneDNN": "Embeddings",
    "CFaiss": "VectorIndexes",
    "CKernels": "VectorIndexes",
    "CWorkers": "Ingestion",
]

private let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

private func swiftFiles(below folder: URL) throws -> [URL] {
    let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    return try #require(found, "\(folder.path) cannot be listed").compactMap { $0 as? URL }
        .filter { $0.pathExtension == "swift" }
}

private func imports(of file: URL) throws -> [String] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ")
        guard let keyword = words.firstIndex(of: "import"), words[..<keyword].allSatisfy(isImportModifier) else {
            return nil
        }
        return words.dropFirst(keyword + 1).first.map { String($0.prefix { $0 != "." }) }
    }
}

private func isImportModifier(_ word: Substring) -> Bool {
    word.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains(word)
}

@Test(arguments: allowedImports.keys.sorted())
func `a module imports only what lies below it`(module: String) throws {
    let files = try swiftFiles(below: packageRoot.appending(path: "Sources/\(module)"))
    #expect(!files.isEmpty, "module \(module) has no Swift file: the table of arrows is out of date")
    let ours = Set(allowedImports.keys).union(seams.keys).union(["Migrations"])
    for file in files {
        let forbidden = Set(try imports(of: file)).intersection(ours).subtracting(allowedImports[module] ?? [])
        #expect(forbidden.isEmpty, "\(file.lastPathComponent) of \(module) imports \(forbidden.sorted())")
    }
}

@Test func `every module stands in the table of arrows`() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: packageRoot.appending(path: "Sources").path)
    #expect(Set(folders) == Set(allowedImports.keys).union(seams.keys))
}

@Test func `a C library is imported by one module alone`() throws {
    for (seam, owner) in seams {
        for module in allowedImports.keys where module != owner {
            for file in try swiftFiles(below: packageRoot.appending(path: "Sources/\(module)")) {
                #expect(try !imports(of: file).contains(seam), "\(file.lastPathComponent) of \(module) imports \(seam)")
            }
        }
    }
}

@Test func `no module has a name that says nothing`() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: packageRoot.appending(path: "Sources").path)
    for word in ["Utils", "Helpers", "Common", "Core", "Manager"] {
        #expect(!folders.contains { $0.contains(word) })
    }
}
