"""A process that decodes for a server and shares nothing with it but a pipe; `orthrus.server.worker_pool` starts it.

The first message on standard input is a `Start`, every further one a `Call` or a `Stop`. Replies go to what was
standard output: a `Ready` or a `Fault` once the model is loaded; for each call lists of items and then an `End`.
Messages are pickled; both ends are our own processes, and what a visitor sends is checked before it becomes a call. A
thread listens while a call is served. So a stop is heard between two passes, and the process ends with its server.
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
FLUSH_S = 0.25  # items are sent this often: one by one they would wake the server 200 times a second, beside the passes


class Start(NamedTuple):
    """What to load, and how many CPU threads to compute with at most."""

    settings: Settings
    most_threads: int


class Call(NamedTuple):
    """One request. Numbers ascend, so that a late Stop ends no later call. `verb` is decode or verify."""

    number: int
    verb: str
    given: tuple


class Stop(NamedTuple):
    number: int


class Ready(NamedTuple):
    """The model is loaded; `about` is what may be said of it on this machine."""

    about: str


class WorkerError(RuntimeError):
    """A call that failed in its worker. `kind` is the exception's name there, `code` is kebab-case and stable."""

    def __init__(self, code: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.code, self.kind = code, kind


class Fault(NamedTuple):
    """An exception as it crosses the pipe. `mine`: the caller can mend it."""

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
    """A call is over."""

    fault: Fault | None = None


class StopFlag:
    """What the decoder asks between passes: is the call it works on to be stopped?"""

    def __init__(self) -> None:
        self.working = 1
        self.stopped = 0

    def is_set(self) -> bool:
        return self.stopped >= self.working


def main() -> None:
    """Load, then serve call after call until the server closes its end of the pipe."""
    source, sink = channel()
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the server too, which lets its runs end first
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
    """The two ends of the pipe, out of the way of what libraries read or print."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return source, sink


def listen(source: BinaryIO, calls: queue.SimpleQueue, flag: StopFlag) -> None:
    """Hand on what the server sends; its end is ours, in the middle of a pass, too."""
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
    """Answer one call; False if this process can answer no more."""
    flag.working, begun, fault, broken = call.number, False, None, ""
    try:
        for items in batches(made(service, model, call, flag)):
            begun = True
            send(items)
    except Exception as error:
        fault = Fault.of(error)
        if begun or not fault.mine:
            log.exception("a call failed")
    if fault and not fault.mine:  # here the error is gone, and with it the tensors that its frames held
        broken = service.recover()
        if broken:
            log.error("the device is lost", extra={"problem": broken})
    send(End(fault))
    return not broken


def made(service: Service, model: Any, call: Call, flag: StopFlag) -> Iterator[Any]:
    """What a call yields: events, or one answer."""
    if call.verb == "decode":
        (request,) = call.given
        yield from service.decode(model, request, flag)
    else:
        yield service.verify(model, *call.given)


def batches(items: Iterable[Any]) -> Iterator[list]:
    """The first item at once, the others by FLUSH_S."""
    held: list[Any] = []
    due = 0.0
    try:
        for item in items:
            held.append(item)
            if (now := time.monotonic()) >= due:
                yield held
                held, due = [], now + FLUSH_S
    except Exception:
        if held:
            yield held
        raise
    if held:
        yield held


def command() -> list[str]:
    """How to start this process: with the modules of the one that asks, and without running its main module again."""
    return [
        sys.executable,
        "-c",
        f"import sys; sys.path[:] = {sys.path!r}; from orthrus.server.worker import main; main()",
    ]
