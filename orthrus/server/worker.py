"""A worker process: decodes for the server over a pipe; `orthrus.server.worker_pool` starts it.

The first message on standard input is a `Start`, every further one a `Call` or a `Stop`. Replies go to what was
standard output: a `Ready` or a `Fault` once the model is loaded; for each call lists of items and then an `End`.
Messages are pickled; both ends are our own processes, and a visitor's input is validated before it becomes a call. A
thread reads messages during a call, so a stop takes effect between two passes, and the process ends with its server.
"""

from __future__ import annotations

import logging
import os
import pickle
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from orthrus.errors import OrthrusError
from orthrus.server import json_logging
from orthrus.server.model_service import Service
from orthrus.server.settings import Settings

log = logging.getLogger("orthrus.server.worker")
FLUSH_S = 0.25  # seconds between batches: one by one they would wake the server 200 times per second, during the passes


class Start(NamedTuple):
    """What to load, and how many CPU threads to compute with at most."""

    settings: Settings
    most_threads: int


class Call(NamedTuple):
    """One call. Numbers ascend, so that a late Stop cannot end a later call. `verb` is decode, verify or attention."""

    number: int
    verb: str
    given: tuple


class Stop(NamedTuple):
    number: int


class Ready(NamedTuple):
    """The model is loaded; `about` describes it on this machine."""

    about: str


class WorkerError(RuntimeError):
    """A call that failed in its worker. `kind` is the exception's name there, `code` is kebab-case and stable."""

    def __init__(self, code: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.code, self.kind = code, kind


class Fault(NamedTuple):
    """A serialised exception. `mine`: the caller's error."""

    code: str
    kind: str
    sentence: str
    mine: bool

    @classmethod
    def of(cls, error: Exception) -> Fault:
        mine, sentence = isinstance(error, ValueError), str(error)[:1000]
        memory = isinstance(error, MemoryError) or "out of memory" in sentence.lower()
        code = "invalid-request" if mine else "out-of-memory" if memory else "run-failed"
        return cls(getattr(error, "code", code), type(error).__name__, sentence, mine)

    def error(self) -> Exception:
        """The exception to raise in the server."""
        if self.mine:
            return OrthrusError(self.code, self.sentence)
        return WorkerError(self.code, self.kind, self.sentence)


class End(NamedTuple):
    """The end of a call."""

    fault: Fault | None = None


class StopFlag:
    """The cancel flag of the current call, which the decoder checks between passes."""

    def __init__(self) -> None:
        self.working = 1
        self.stopped = 0

    def is_set(self) -> bool:
        return self.stopped >= self.working


def main() -> None:
    """Load the model, then serve calls until the server closes the pipe."""
    source, sink = channel()
    for number in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C reaches the server too, which lets its runs end first
        signal.signal(number, signal.SIG_IGN)
    json_logging.start()
    start: Start = pickle.load(source)
    calls: queue.SimpleQueue[Call] = queue.SimpleQueue()
    flag = StopFlag()
    threading.Thread(target=listen, args=(source, calls, flag), daemon=True).start()

    def send(message: Any) -> None:
        pickle.dump(message, sink, pickle.HIGHEST_PROTOCOL)
        sink.flush()

    service = Service(start.settings, start.most_threads)
    try:
        model = service.load()
        about = service.describe(model)
    except Exception as error:
        log.exception("the model did not load")
        send(Fault.of(error))
        return
    send(Ready(about))
    while serve(service, model, calls.get(), flag, send):
        pass


def channel() -> tuple[BinaryIO, BinaryIO]:
    """The pipe's two streams, moved away from stdin and stdout, which libraries may use."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return source, sink


def listen(source: BinaryIO, calls: queue.SimpleQueue, flag: StopFlag) -> None:
    """Forward the server's messages; exit when the pipe closes, even in the middle of a pass."""
    try:
        while True:
            message = pickle.load(source)
            if isinstance(message, Stop):
                flag.stopped = max(flag.stopped, message.number)
            else:
                calls.put(message)
    except (EOFError, OSError, pickle.UnpicklingError):
        os._exit(0)


def serve(service: Service, model: Any, call: Call, flag: StopFlag, send: Callable[[Any], None]) -> bool:
    """Serve one call; False if this process can serve no more."""
    flag.working, begun, fault, broken = call.number, False, None, ""
    try:
        for items in batches(results(service, model, call, flag)):
            begun = True
            send(items)
    except Exception as error:
        fault = Fault.of(error)
        if begun or not fault.mine:
            log.exception("a call failed")
    if fault and not fault.mine:  # here the error is gone, and with it the traceback that held tensors
        broken = service.recover()
        if broken:
            log.error("the device is lost", extra={"problem": broken})
    send(End(fault))
    return not broken


def results(service: Service, model: Any, call: Call, flag: StopFlag) -> Iterator[Any]:
    """The results of a call: events, or one answer."""
    if call.verb == "decode":
        (request,) = call.given
        yield from service.decode(model, request, flag)
    elif call.verb == "attention":
        yield service.attention(model, *call.given)
    else:
        yield service.verify(model, *call.given)


def batches(items: Iterable[Any]) -> Iterator[list]:
    """Batch items: the first at once, the others every FLUSH_S."""
    batch: list[Any] = []
    due = 0.0
    try:
        for item in items:
            batch.append(item)
            if (now := time.monotonic()) >= due:
                yield batch
                batch, due = [], now + FLUSH_S
    except Exception:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def command() -> list[str]:
    """The command line of a worker: the parent's module path, without running its main module again."""
    return [
        sys.executable,
        "-c",
        f"import sys; sys.path[:] = {sys.path!r}; from orthrus.server.worker import main; main()",
    ]
