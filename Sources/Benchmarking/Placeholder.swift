enum BenchmarkingPlaceholder {}
