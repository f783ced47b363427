enum EmbeddingsPlaceholder {}
