enum VectorIndexesPlaceholder {}
