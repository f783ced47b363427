/// What became of a file that was decoded for nothing but that.
package struct TrialOutcome: Sendable {
    /// Why it gives no picture, as the catalog would record it; nil when it gives one.
    package let errorClass: String?
    /// The same in words.
    package let message: String?
    /// For how long workers had it.
    package let seconds: Double
}

extension DecodePool {
    /// Has the bytes of a file decoded as the daemon does, and keeps nothing of the picture.
    ///
    /// - Throws: ``IngestionError`` when no worker starts or there is no memory to share; a bad file is an outcome.
    package func trial(of file: [UInt8]) async throws -> TrialOutcome {
        let memory = try SharedMemory(size: file.count)
        do {
            let mapped = try memory.map()
            mapped.bytes.copyBytes(from: file)
        }
        let decoded = try await decode(memory) { _, _ in }
        switch decoded.result {
        case .success: return TrialOutcome(errorClass: nil, message: nil, seconds: decoded.seconds)
        case .failure(let refusal):
            return TrialOutcome(errorClass: refusal.errorClass, message: refusal.message, seconds: decoded.seconds)
        }
    }
}
