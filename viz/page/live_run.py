"""Live runs of the page: decoded by the run manager for a visitor's session, and drawn here."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from orthrus.events import Event
from orthrus.server.run import Run
from orthrus.server.run_manager import RunManager
from orthrus.server.updates import Update
from orthrus.trace import Trace
from viz.page.measuring import SETTLE_S, Measuring
from viz.page.stream import Film, closing, relay
from viz.player import frames

SESSIONS = 1000  # most sessions whose Stop is remembered before their run begins


class LiveRuns:
    """Starts and stops live runs. `read(form)` -> request comes first, so that a bad value never waits."""

    def __init__(self, manager: RunManager, read: Callable[[Any], Any] = lambda form: form) -> None:
        self.manager, self._read = manager, read
        self._flags: OrderedDict[str, threading.Event] = OrderedDict()  # session -> its run's stop flag
        self._left: set[threading.Event | None] = set()  # flags of runs whose visitor has left

    def enter(self, session: str) -> None:
        """Register a visitor's new run; a run still in progress is stopped."""
        self.stop(session)
        self._flags[session] = threading.Event()
        while len(self._flags) > SESSIONS:
            self._flags.popitem(last=False)

    def stop(self, session: str) -> bool:
        """Stop a visitor's run at its next pass; returns whether there was one."""
        flag = self._flags.get(session)
        if flag is not None:
            flag.set()
        return flag is not None

    def forget(self, session: str) -> None:
        """Stop a visitor's run and show nothing more of it."""
        self._left.add(self._flags.get(session))
        self.stop(session)

    def run(
        self, session: str, form: Any, address: str = "", keep: Callable[[str, str], None] | None = None
    ) -> Iterator[Update]:
        """Decode a form's request for one visitor; closing the iterator stops the run. `keep`: as for `relay`."""
        flag = self._flags.setdefault(session, threading.Event())
        run = Run(session, address, flag)
        try:
            with self.manager.in_thread(run, lambda: self._settled(self._read(form), flag), self.pictures):
                for update in relay(run.out, keep):
                    if flag in self._left:
                        yield Update(None, None)  # gradio repeats the last item once a handler has ended
                        return
                    yield update
        finally:
            self._left.discard(flag)
            if self._flags.get(session) is flag:
                del self._flags[session]

    def _settled(self, request: Any, flag: threading.Event) -> Any:
        """The request, after a short pause if its run would begin at once."""
        if self.manager.is_free():
            flag.wait(SETTLE_S)
        return request

    def pictures(self, model: Any, request: Any, run: Run) -> Iterator[Any]:
        """A run's items for the page: progress while it is measured, its frames at the end, and status sentences."""
        events: list[tuple[Event, Trace]] = []
        measuring, trace = Measuring(at_once=run.waited), Trace()
        try:
            for event, trace in self.manager.follow(request, run):
                events.append((event, trace))
                yield from measuring.lines(event, trace)
        except Exception:
            if events:
                yield film(events, plays=False)
            raise
        self.manager.give_back(run)  # drawing must not delay the next run
        # a Stop after both lanes had ended has no effect
        stopped = run.cancel.is_set() and trace.lossless is None
        yield film(events, plays=not stopped)
        yield Update(None, closing(trace, stopped, run.why) + run.note)


def film(events: list[tuple[Event, Trace]], plays: bool) -> Film:
    """The frames of a run's events, each with the trace up to it."""
    return Film([frames.dumps(frame) for event, trace in events for frame in frames.frames(event, trace)], plays)
