"""The figures of the documents, written from benchmarks/results/."""
