"""One run in the run manager: its visitor, its stop flag, its output; and the error messages for visitors."""

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
    """A run or a check that needs a worker. Its thread writes to `out`, its reader reads it; either may end it."""

    __slots__ = (
        "_outcome",
        "address",
        "began",
        "cancel",
        "has_output",
        "id",
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
        self.served: float | None = None  # when it got one
        self.waited = False  # the visitor was told that the run waits
        self.has_output = False  # from then on only a LimitExceeded counts as the visitor's error
        self.why = self.note = self._outcome = ""

    def end(self, why: str, outcome: str = "stopped") -> None:
        """Ask the run to end at its next pass; the first reason given is shown to the visitor."""
        if not self.cancel.is_set():
            self.why, self._outcome = why, outcome
            self.cancel.set()

    @property
    def outcome(self) -> str:
        """done, stopped or overtime."""
        return self._outcome or ("stopped" if self.cancel.is_set() else "done")


class RunThread:
    """A run's thread, as a context manager that lives as long as its output is read."""

    def __init__(self, run: Run, body: Callable[[], None], runs: set[Run]) -> None:
        self._run, self._runs = run, runs
        # in the caller's context: ZeroGPU charges the visitor whose request it finds there
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(body,), daemon=True)

    def __enter__(self) -> queue.SimpleQueue:
        self._runs.add(self._run)
        self._thread.start()
        return self._run.out

    def __exit__(self, *_: object) -> None:
        self._run.cancel.set()  # only a flag: this may run on the server's event loop, which must not wait
        self._runs.discard(self._run)


def kind_of(error: Exception) -> str:
    """An exception's type name; a WorkerError carries the original one."""
    return str(getattr(error, "kind", type(error).__name__))


def trouble(error: Exception) -> str:
    """An exception as a sentence for a visitor: what happened and what to do, without server internals."""
    kind, words = kind_of(error), str(error).lower()
    if isinstance(error, OrthrusError) or getattr(error, "code", "") == "worker-lost":
        return str(error)
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError" or "out of memory" in words:
        return "The device ran out of memory in this run. Please try again with a shorter prompt or fewer tokens."
    message = getattr(error, "message", "")
    if type(error).__module__.split(".")[0] == "gradio" and message:
        return str(message)[:300]  # ZeroGPU's message when a visitor's quota is used up
    return f"The run failed ({kind}). Please try again, or with fewer tokens."
