/// What decodes, for people who ask what is installed.
public enum ImagingLibrary {
    /// Names and versions: `libjpeg-turbo 2.1.5, libpng 1.6.39, libwebp 1.2.4`.
    public static var description: String {
        "libjpeg-turbo \(LibJPEG.version), libpng \(LibPNG.version), libwebp \(LibWebP.version)"
    }
}
