/// What an EXIF segment says, as it says it; ``ImageHeader`` holds what becomes of it.
struct ExifFacts {
    let orientation: Orientation
    /// Empty when the file does not say; so are the other texts.
    let dateTimeOriginal: String
    let offsetTimeOriginal: String
    let make: String
    let model: String
    let gps: GPSPosition?

    /// Nil when the clock of the camera was not set, or the date does not exist.
    var captureTime: CaptureTime? { CaptureTime(exif: dateTimeOriginal, offset: offsetTimeOriginal) }

    /// Nil when neither maker nor model is known.
    var camera: Camera? {
        let make = cleaned(make)
        let model = cleaned(model)
        return make == nil && model == nil ? nil : Camera(make: make, model: model)
    }
}

/// Without control characters and the spaces that cameras pad with; nil when nothing is left.
private func cleaned(_ text: String) -> String? {
    let printable = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
    var words = Substring(String(String.UnicodeScalarView(printable)))
    while words.first?.isWhitespace == true { words.removeFirst() }
    while words.last?.isWhitespace == true { words.removeLast() }
    return words.isEmpty ? nil : String(words)
}
