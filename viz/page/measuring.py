"""Progress messages while a lane is timed: few, because the browser may share the machine with the decoder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from orthrus.events import ArChunk, Event
from orthrus.server.updates import Update
from orthrus.trace import Trace
from viz.language import say
from viz.page.stream import Light, expected
from viz.views.provenance import decoding

SETTLE_S = 0.15  # the click's work in browser and server, which would overlap the first passes
EVERY_S = 1.0  # seconds between messages; a shorter run has none before its end
TEXT_S = 2.0  # seconds after which a run shows its text as it grows
TAIL = 600  # characters of that text


class Measuring:
    """One run's progress. `at_once`: the first message comes with the first event, to stop a film that is playing."""

    def __init__(self, at_once: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lane, self._announced = clock, "Orthrus", ""
        self._began = clock()
        self._due = self._began + (0.0 if at_once else EVERY_S)

    def lines(self, event: Event, trace: Trace) -> Iterator[Light | Update]:
        """Messages due with this event: its lane's progress, and once per lane what is running."""
        self._lane = "AR" if isinstance(event, ArChunk) else self._lane
        now = self._clock()
        if now < self._due:
            return
        self._due = now + EVERY_S
        ids = trace.ar_ids if self._lane == "AR" else trace.token_ids
        written = trace.data(ids).decode("utf-8", errors="ignore") if now - self._began > TEXT_S else ""
        yield Light(self._lane, len(ids), written[-TAIL:])
        if self._announced != self._lane:
            self._announced = self._lane
            yield Update(None, sentence(self._lane, trace))


def sentence(lane: str, trace: Trace) -> str:
    """A sentence on what is running."""
    if lane == "AR":
        return say("live.plain", expected=expected(trace))
    assert trace.start is not None, "a run that measures has begun"
    return say("live.writing", decoding=decoding(trace.start), mode=trace.start.model.mode)
