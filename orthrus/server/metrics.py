"""What a running server has done, counted, as Prometheus text. Safe between threads."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)  # upper bounds of the classes
OUTCOMES = ("done", "stopped", "overtime", "left", "refused", "failed")
COUNTERS = {
    "orthrus_runs_total": "Runs that ended, by outcome.",
    "orthrus_tokens_total": "Tokens the Orthrus lane has written.",
    "orthrus_proposals_total": "Proposals the AR view was given to judge.",
    "orthrus_accepted_total": "Proposals that were accepted.",
    "orthrus_cycles_total": "Cycles of draft and verdict.",
    "orthrus_errors_total": "Faults of the server, by kind.",
}
LABELS = {"orthrus_runs_total": ("outcome",), "orthrus_errors_total": ("kind",)}
LATENCIES = {
    "orthrus_wait_seconds": "From asking for a run to having the device.",
    "orthrus_first_event_seconds": "From asking for a run to its first event.",
    "orthrus_run_seconds": "How long a run kept the device.",
    "orthrus_cycle_seconds": "One cycle: draft, verify, judge and host time.",
}
disable_created_metrics()  # a series per counter that says when the server began; the process's own log does


class Metrics:
    """Counters and latencies by name; `text` writes all of them, with gauges the caller reads at that moment."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counters = {n: Counter(n, h, LABELS.get(n, ()), registry=self._registry) for n, h in COUNTERS.items()}
        self._latencies = {n: Histogram(n, h, buckets=SECONDS, registry=self._registry) for n, h in LATENCIES.items()}
        for outcome in OUTCOMES:
            self._counters["orthrus_runs_total"].labels(outcome)

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Raise a counter of COUNTERS; a label has few possible values, all from the program."""
        counter = self._counters[name]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def took(self, name: str, seconds: float) -> None:
        self._latencies[name].observe(seconds)

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """The Prometheus text format, version 0.0.4; a gauge is name -> (help, value)."""
        now = CollectorRegistry()
        for name, (about, value) in gauges.items():
            Gauge(name, about, registry=now).set(value)
        return (generate_latest(self._registry) + generate_latest(now)).decode()
