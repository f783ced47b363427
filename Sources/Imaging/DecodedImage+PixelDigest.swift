import Crypto

extension DecodedImage {
    /// SHA-256 of what the picture shows: 32 bytes, the same for files whose upright pixels are the same.
    ///
    /// Hashed are width and height of ``image`` and ``scaleDenominator``, 8 bytes each, least significant first, and
    /// the samples. A copy that was saved again without its EXIF has the same digest, and so has a PNG or a lossless
    /// WebP of the same pixels; a copy that was compressed anew, if only by one step of quality, has another.
    ///
    /// At a reduced scale the pixels are those that the decoder makes of the stored ones: copies with the same
    /// coefficients still agree if they were decoded at the same scale, but a PNG of the full picture, which is always
    /// decoded whole, does not agree with them. Nor do two JPEGs of which only one is turned by its EXIF, if the
    /// other's coefficients were turned: the arithmetic of the inverse DCT rounds otherwise. Compare digests of one
    /// ``DecodeScale`` alone.
    ///
    /// - Complexity: O(`image.width` · `image.height`), computed at each access: 1 ms for about 500,000 pixels.
    public var pixelSHA256: [UInt8] {
        var hash = SHA256()
        for number in [image.width, image.height, scaleDenominator] {
            withUnsafeBytes(of: UInt64(number).littleEndian) { hash.update(bufferPointer: $0) }
        }
        image.pixels.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize())
    }
}
