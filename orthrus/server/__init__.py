"""The server: queue, runs, workers, limits, metrics. It does not depend on the page."""
