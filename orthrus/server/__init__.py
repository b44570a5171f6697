"""Serving the decoder to visitors: queue, runs, workers, limits, metrics. Knows no view."""
