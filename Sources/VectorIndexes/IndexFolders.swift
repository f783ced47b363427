public import SystemPackage

/// Where the index files of a home are: `<home>/indexes`, a folder a model.
public struct IndexFolders: Sendable {
    /// The folder of the models' folders.
    public let folder: FilePath

    /// Nothing is created.
    public init(home: FilePath) { folder = home.appending("indexes") }

    /// The folder of a model's store.
    ///
    /// - Parameter name: as ``StoreIdentity/model`` allows it.
    public func folder(ofModel name: String) -> FilePath { folder.appending(name) }
}
