import COneDNN

/// What computes, for people who ask what is installed.
public enum EmbeddingLibrary {
    /// Name and version: `oneDNN 2.6.3`.
    public static var description: String {
        guard let version = dnnl_version()?.pointee else { return "oneDNN" }
        return "oneDNN \(version.major).\(version.minor).\(version.patch)"
    }

    /// The best instruction set that this CPU has and oneDNN uses: `AVX-512 with BF16`.
    public static var instructionSet: String { OneDNN.instructionSet }
}
