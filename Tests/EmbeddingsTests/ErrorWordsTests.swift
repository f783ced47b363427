import Embeddings
import Faults
import SystemPackage
import Testing

@Suite struct ErrorWordsTests {
    @Test(arguments: [
        (
            EmbeddingError.precisionUnsupported(.bfloat16, instructionSet: "AVX2"),
            "precision bf16 needs a CPU with AVX-512 BF16, not AVX2", Recovery.askOperator
        ),
        (
            .oneDNN(status: "unimplemented", operation: "layer1.0.conv2"),
            "oneDNN answers unimplemented to layer1.0.conv2", .askOperator
        ),
        (.inputNotFinite(position: 3), "picture 3 of the batch holds values that no picture gives", .quarantineItem),
        (.outOfMemory(bytes: 12), "the system does not give 12 bytes of memory", .retryLater),
        (
            .missingTensor("a\nb", name: "bn1.\u{1B}"), "a\\nb has no tensor bn1.\\u{1B}", .askOperator
        ),
    ])
    func `an error says both values of a mismatch and what a daemon does`(
        error: EmbeddingError, message: String, recovery: Recovery
    ) {
        #expect(error.message == message)
        #expect(error.recovery == recovery)
    }
}
