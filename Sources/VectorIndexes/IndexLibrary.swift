/// What searches, for people who ask what is installed.
public enum IndexLibrary {
    /// Name and version: `faiss 1.7.3`.
    public static var description: String { "faiss \(Faiss.version)" }

    /// The number of cores that this process may use.
    public static var usableCores: Int { Faiss.usableCores }
}
