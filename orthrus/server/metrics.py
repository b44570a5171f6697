"""What a running server has done, counted, as Prometheus text. Standard library only; safe between threads."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping

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
LATENCIES = {
    "orthrus_wait_seconds": "From asking for a run to having the device.",
    "orthrus_first_event_seconds": "From asking for a run to its first event.",
    "orthrus_run_seconds": "How long a run kept the device.",
    "orthrus_cycle_seconds": "One cycle: draft, verify, judge and host time.",
}


class Latency:
    """A histogram of seconds."""

    __slots__ = ("classes", "sum")

    def __init__(self) -> None:
        self.classes, self.sum = [0] * (len(SECONDS) + 1), 0.0

    def add(self, seconds: float) -> None:
        self.classes[bisect_left(SECONDS, seconds)] += 1
        self.sum += seconds


class Metrics:
    """Counters and latencies by name; `text` writes all of them, with gauges the caller reads at that moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[tuple[str, str, str], float] = defaultdict(float)
        self._latencies = {name: Latency() for name in LATENCIES}
        for name in COUNTERS.keys() - {"orthrus_runs_total", "orthrus_errors_total"}:
            self._counters[name, "", ""] = 0.0
        for outcome in OUTCOMES:
            self._counters["orthrus_runs_total", "outcome", outcome] = 0.0

    def count(self, name: str, amount: float = 1, label: str = "", value: str = "") -> None:
        """Raise a counter of COUNTERS; a label has few possible values, all from the program."""
        if name not in COUNTERS:
            raise KeyError(name)
        with self._lock:
            self._counters[name, label, value] += amount

    def took(self, name: str, seconds: float) -> None:
        with self._lock:
            self._latencies[name].add(seconds)

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """The Prometheus text format, version 0.0.4; a gauge is name -> (help, value)."""
        lines: list[str] = []
        with self._lock:
            for name, about in COUNTERS.items():
                lines += [f"# HELP {name} {about}", f"# TYPE {name} counter"]
                lines += [
                    f"{name}{_labels(label, value)} {_number(amount)}"
                    for (known, label, value), amount in sorted(self._counters.items())
                    if known == name
                ]
            for name, about in LATENCIES.items():
                lines += [f"# HELP {name} {about}", f"# TYPE {name} histogram", *_classes(name, self._latencies[name])]
        for name, (about, value) in gauges.items():
            lines += [f"# HELP {name} {about}", f"# TYPE {name} gauge", f"{name} {_number(value)}"]
        return "\n".join(lines) + "\n"


def _classes(name: str, latency: Latency) -> list[str]:
    lines, total = [], 0
    for bound, count in zip((*SECONDS, None), latency.classes, strict=True):
        total += count
        edge = "+Inf" if bound is None else f"{bound:g}"
        lines.append(f'{name}_bucket{{le="{edge}"}} {total}')
    return [*lines, f"{name}_sum {latency.sum:.6f}", f"{name}_count {total}"]


def _labels(label: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{{{label}="{escaped}"}}' if label else ""


def _number(value: float) -> str:
    return f"{int(value)}" if float(value).is_integer() else f"{value:.6g}"
