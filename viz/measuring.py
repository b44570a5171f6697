"""What a page is told while a lane is timed: as little as possible, because it may share the machine with the decoder."""

from __future__ import annotations

import time
from collections.abc import Callable

from orthrus.events import ArChunk, Event
from orthrus.trace import Trace
from viz.relay import Light

EVERY_S = 1.0  # a line this often
TEXT_S = 2.0  # a run that takes longer shows its text as it grows
TAIL = 600  # characters of it


class Measuring:
    """One run's lines, by the clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lane = clock, "Orthrus"
        self._began = self._last = clock()

    def line(self, event: Event, trace: Trace) -> Light | None:
        """The line that is due with this event, if one is."""
        self._lane = "AR" if isinstance(event, ArChunk) else self._lane
        now = self._clock()
        if now - self._last < EVERY_S:
            return None
        self._last = now
        ids = trace.ar_ids if self._lane == "AR" else trace.token_ids
        if now - self._began < TEXT_S:
            return Light(self._lane, len(ids))
        written = trace.data(ids).decode("utf-8", errors="ignore")
        return Light(self._lane, len(ids), written[-TAIL:])
