"""One run on its way through the desk: whose it is, how to end it, what it has made; and what to say of a fault."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
import uuid
from collections.abc import Callable

from orthrus.errors import OrthrusError
from orthrus.server.queue import Ticket


class Run:
    """A run or a check that needs a worker. Its thread writes, its reader reads `out`; either may end it."""

    __slots__ = (
        "_outcome",
        "address",
        "began",
        "cancel",
        "id",
        "made",
        "note",
        "out",
        "served",
        "serving",
        "ticket",
        "visitor",
        "waited",
        "why",
    )

    def __init__(self, visitor: str, address: str = "", cancel: threading.Event | None = None) -> None:
        self.visitor, self.address, self.cancel = visitor, address, cancel or threading.Event()
        self.id, self.began = uuid.uuid4().hex[:12], time.monotonic()
        self.out: queue.SimpleQueue = queue.SimpleQueue()
        self.ticket: Ticket | None = None
        self.serving = False  # has had a worker
        self.served: float | None = None  # since when it has one
        self.waited = False  # was told so
        self.made = False  # has made something: from then on only a Refused is the visitor's doing
        self.why = self.note = self._outcome = ""

    def end(self, why: str, outcome: str = "stopped") -> None:
        """Ask the run to end at its next pass, for a reason the visitor is told; the first reason stands."""
        if not self.cancel.is_set():
            self.why, self._outcome = why, outcome
            self.cancel.set()

    @property
    def outcome(self) -> str:
        """done, stopped or overtime."""
        return self._outcome or ("stopped" if self.cancel.is_set() else "done")


class RunThread:
    """A run's thread, for as long as somebody reads what it makes."""

    def __init__(self, run: Run, body: Callable[[], None], runs: set[Run]) -> None:
        self._run, self._runs = run, runs
        # in the caller's context: a hosted GPU counts against the visitor whose request it finds there
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(body,), daemon=True)

    def __enter__(self) -> queue.SimpleQueue:
        self._runs.add(self._run)
        self._thread.start()
        return self._run.out

    def __exit__(self, *_: object) -> None:
        self._run.cancel.set()  # only a flag: this may run on the server's event loop, which must not wait
        self._runs.discard(self._run)


def kind_of(error: Exception) -> str:
    """A fault's name; one that crossed a pipe brings its own."""
    return str(getattr(error, "kind", type(error).__name__))


def trouble(error: Exception) -> str:
    """A fault as a sentence for a visitor: what it was, what can be done, no insides of the server."""
    kind, words = kind_of(error), str(error).lower()
    if isinstance(error, OrthrusError) or getattr(error, "code", "") == "worker-lost":
        return str(error)
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError" or "out of memory" in words:
        return "The device ran out of memory in this run. Please try again with a shorter prompt or fewer tokens."
    message = getattr(error, "message", "")
    if type(error).__module__.split(".")[0] == "gradio" and message:
        return str(message)[:300]  # a hosted GPU says so when a visitor's share is used up
    return f"The run failed ({kind}). Please try again, or with fewer tokens."
