extension RGBImage {
    /// The whole picture at another size, bit by bit as `Image.resize((width, height), BILINEAR)` of Pillow 2.7 to 12.
    ///
    /// Antialiased: when the picture shrinks, the triangle filter widens. Two passes, rows first, with 8-bit samples
    /// between them. The aspect ratio is not kept: the picture is squashed to what is asked for.
    ///
    /// Source: Pillow, `src/libImaging/Resample.c`. Pillow 13 does the columns first where that is less work, which is
    /// for pictures that lose much more height than width; a sample differs by a step here and there. One order for
    /// all pictures is kept here: stored embeddings depend on it.
    ///
    /// - Parameters:
    ///   - width: At least 1.
    ///   - height: At least 1.
    /// - Complexity: O(`self.width` · `self.height` + `width` · `self.height` + `width` · `height`).
    public func resized(width: Int, height: Int) -> RGBImage {
        if width == self.width && height == self.height { return self }
        let size = 3 * width * height
        let result = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            resize(width: width, height: height, into: UnsafeMutableBufferPointer(rebasing: buffer[..<size]))
            count = size
        }
        return RGBImage(width: width, height: height, pixels: result)
    }

    /// The same as ``resized(width:height:)``, written straight into the caller's memory.
    ///
    /// - Parameters:
    ///   - width: At least 1.
    ///   - height: At least 1.
    ///   - output: `3 * width * height` bytes, which need not be initialized; row-major, interleaved RGB afterwards.
    public func resize(width: Int, height: Int, into output: UnsafeMutableBufferPointer<UInt8>) {
        precondition(width > 0 && height > 0, "a picture has at least one pixel, not \(width) × \(height)")
        precondition(output.count == 3 * width * height, "\(width) × \(height) do not have \(output.count) bytes")
        pixels.withUnsafeBufferPointer { input in
            if width == self.width && height == self.height {
                _ = output.initialize(fromContentsOf: input)
            } else if width == self.width {
                resampleColumns(input, rowBytes: 3 * width, from: self.height, to: height, into: output)
            } else if height == self.height {
                resampleRows(input, rows: height, from: self.width, to: width, into: output)
            } else {
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3 * width * self.height) { narrowed in
                    resampleRows(input, rows: self.height, from: self.width, to: width, into: narrowed)
                    resampleColumns(
                        UnsafeBufferPointer(narrowed), rowBytes: 3 * width, from: self.height, to: height, into: output)
                }
            }
        }
    }
}

/// Resamples each row: `rows` * `inputWidth` pixels become `rows` * `outputWidth`.
private func resampleRows(
    _ input: UnsafeBufferPointer<UInt8>, rows: Int, from inputWidth: Int, to outputWidth: Int,
    into output: UnsafeMutableBufferPointer<UInt8>
) {
    let table = ResampleWeights(inputSize: inputWidth, outputSize: outputWidth)
    table.withUnsafePointers { starts, counts, weights in
        guard var source = input.baseAddress, var target = output.baseAddress else { return }
        for _ in 0..<rows {
            for column in 0..<outputWidth {
                let weight = weights + column &* table.stride
                var pixel = source + 3 &* starts[column]
                var red = ResampleWeights.half
                var green = ResampleWeights.half
                var blue = ResampleWeights.half
                for tap in 0..<counts[column] {
                    red &+= Int32(truncatingIfNeeded: pixel[0]) &* weight[tap]
                    green &+= Int32(truncatingIfNeeded: pixel[1]) &* weight[tap]
                    blue &+= Int32(truncatingIfNeeded: pixel[2]) &* weight[tap]
                    pixel += 3
                }
                target[0] = sample(red)
                target[1] = sample(green)
                target[2] = sample(blue)
                target += 3
            }
            source += 3 &* inputWidth
        }
    }
}

/// Resamples the columns: `inputHeight` rows of `rowBytes` bytes become `outputHeight` such rows.
private func resampleColumns(
    _ input: UnsafeBufferPointer<UInt8>, rowBytes: Int, from inputHeight: Int, to outputHeight: Int,
    into output: UnsafeMutableBufferPointer<UInt8>
) {
    let table = ResampleWeights(inputSize: inputHeight, outputSize: outputHeight)
    table.withUnsafePointers { starts, counts, weights in
        guard let source = input.baseAddress, var target = output.baseAddress else { return }
        // A row of sums at a time: every inner loop runs over neighbors in memory, which the compiler vectorizes.
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: rowBytes) { sums in
            guard let sums = sums.baseAddress else { return }
            for row in 0..<outputHeight {
                sums.initialize(repeating: ResampleWeights.half, count: rowBytes)
                for tap in 0..<counts[row] {
                    let line = source + (starts[row] &+ tap) &* rowBytes
                    let weight = weights[row &* table.stride &+ tap]
                    for index in 0..<rowBytes { sums[index] &+= Int32(truncatingIfNeeded: line[index]) &* weight }
                }
                for index in 0..<rowBytes { target[index] = sample(sums[index]) }
                target += rowBytes
            }
        }
    }
}

/// A fixed-point sum as a sample. The rounding of many weights may take it past either end.
@inline(__always)
private func sample(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum &>> ResampleWeights.fractionBits, 0), 255))
}

extension ResampleWeights {
    /// Calls `body` with the first elements of `starts`, `counts` and `weights`, which live for the call.
    fileprivate func withUnsafePointers(
        _ body: (UnsafePointer<Int>, UnsafePointer<Int>, UnsafePointer<Int32>) -> Void
    ) {
        starts.withUnsafeBufferPointer { starts in
            counts.withUnsafeBufferPointer { counts in
                weights.withUnsafeBufferPointer { weights in
                    guard let starts = starts.baseAddress, let counts = counts.baseAddress,
                        let weights = weights.baseAddress
                    else { return }
                    body(starts, counts, weights)
                }
            }
        }
    }
}
