"""Measurements, and the documents that are written from them; each runs as `python -m benchmarks.<package>.<name>`."""
