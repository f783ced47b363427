/// What decodes, for people who ask what is installed.
public enum ImagingLibrary {
    /// Name and version: `libjpeg-turbo 2.1.5`.
    public static var description: String { "libjpeg-turbo \(LibJPEG.version)" }
}
