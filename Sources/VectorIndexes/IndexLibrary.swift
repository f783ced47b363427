/// What searches, for people who ask what is installed.
public enum IndexLibrary {
    /// faiss and its version, and the instruction set of the distance kernels: `faiss 1.7.3 with avx512 kernels`.
    public static var description: String { "faiss \(Faiss.version) with \(Kernels.instructionSet) kernels" }

    /// The number of cores that this process may use.
    public static var usableCores: Int { Faiss.usableCores }
}
