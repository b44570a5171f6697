"""Live runs for a page: one model, one device, one run at a time, turned into messages for the player.

A worker thread decodes and makes the frames, because a lane's clock stands still while an event is out; the page's
handler only hands them on. Nothing here knows the model, the form or the page: they come in as functions.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from orthrus.events import ArChunk, Event, RunStart
from orthrus.trace import Trace
from viz import player
from viz.badges import decoding
from viz.board import times

log = logging.getLogger(__name__)
FLUSH_S = 0.033  # one message to the browser per this time: below it they only pile up there
HEARTBEAT_S = 0.5  # a page's server can close a handler only when it yields, so even a silent run yields
POLL_S = 0.1
Decode = Callable[[Any, Any, threading.Event], Iterator[Event]]


class News(NamedTuple):
    """What a handler hands on: a message for the player and a status sentence, None where unchanged."""

    message: str | None
    status: str | None
    failed: bool = False


class Desk:
    """Loads a model in the background and lets one visitor at a time use it.

    load() -> model; read(form) -> wish, at once, so that a bad value waits for nobody; decode(model, wish, cancel) ->
    events; describe(model) -> what may be said of it on this machine.
    """

    def __init__(
        self,
        load: Callable[[], Any],
        decode: Decode,
        read: Callable[[Any], Any] = lambda form: form,
        describe: Callable[[Any], str] = lambda model: "",
    ):
        self._load, self._decode, self._read, self._describe = load, decode, read, describe
        self._model: Any = None
        self._problem = ""
        self._ready, self._device = threading.Event(), threading.Lock()
        self._flags: dict[str, threading.Event] = {}  # a visitor's session -> set to stop its run

    def open(self) -> None:
        """Load; a failure is kept as a sentence, so that recordings go on playing."""
        try:
            with self._device:
                self._model = self._load()
        except Exception as error:
            log.exception("the model did not load")
            self._problem = f"There is no live model: {error}"
        self._ready.set()

    def about(self) -> str | None:
        """What holds on this machine, or why there is no model; None while it is still being loaded."""
        if not self._ready.is_set():
            return None
        return sentence(self._problem) if self._model is None else self._describe(self._model)

    def enter(self, session: str) -> None:
        """A visitor asks for a run; one that is still going is asked to end."""
        self.stop(session)
        self._flags[session] = threading.Event()

    def stop(self, session: str) -> bool:
        """Ask a visitor's run to end at its next pass; whether there was one."""
        flag = self._flags.get(session)
        if flag is not None:
            flag.set()
        return flag is not None

    def run(self, session: str, form: Any) -> Iterator[News]:
        """Decode for one visitor what the form asks for; closing the iterator stops the run."""
        flag = self._flags.setdefault(session, threading.Event())
        out: queue.SimpleQueue = queue.SimpleQueue()
        threading.Thread(target=self._work, args=(form, flag, out), daemon=True).start()
        try:
            yield from relay(out)
        finally:
            flag.set()  # only a flag: this may run on the server's event loop, which must not wait
            if self._flags.get(session) is flag:
                del self._flags[session]

    def _work(self, form: Any, cancel: threading.Event, out: queue.SimpleQueue) -> None:
        """Puts lists of frames (JSON) and News into `out`, then None."""
        try:
            wish = self._read(form)
            if not self._ready.is_set():
                out.put(News(None, "The model is still being loaded; a recorded run can be watched meanwhile."))
            if patiently(self._ready.wait, cancel) and self._model is None:
                raise ValueError(self._problem)
            # the page frees its own slot before a stopped run has really ended: hence a lock of our own
            if patiently(lambda seconds: self._device.acquire(timeout=seconds), cancel):
                try:
                    self._stream(wish, cancel, out)
                finally:
                    self._device.release()
            else:
                out.put(News(None, "Stopped before it began."))
        except ValueError as error:
            out.put(News(None, sentence(str(error)), failed=True))
        except Exception as error:
            log.exception("a run failed")
            text = f"The run failed ({type(error).__name__}). Please try again, or with fewer tokens."
            out.put(News(None, text, failed=True))
        finally:
            out.put(None)

    def _stream(self, wish: Any, cancel: threading.Event, out: queue.SimpleQueue) -> None:
        trace = Trace()
        for event in self._decode(self._model, wish, cancel):
            trace = trace.add(event)
            out.put([player.dumps(frame) for frame in player.frames(event, trace)])
            if isinstance(event, RunStart):
                out.put(News(None, f"Orthrus is writing ({decoding(event)}, {event.model.mode} mode)."))
            if isinstance(event, ArChunk) and event.i0 == 0:
                out.put(News(None, f"Now the same prompt one token at a time, measured alone.{expected(trace)}"))
        # a Stop that came when both lanes had ended has stopped nothing
        out.put(News(None, closing(trace, cancel.is_set() and trace.lossless is None)))


def patiently(attempt: Callable[[float], bool], cancel: threading.Event) -> bool:
    """Try again and again for a short while each; False where the run was cancelled first."""
    while not cancel.is_set():
        if attempt(POLL_S):
            return True
    return False


def relay(out: queue.SimpleQueue) -> Iterator[News]:
    """The worker's items as numbered messages, one per flush; a silent worker still gives a heartbeat."""
    run, seq, ended, last = uuid.uuid4().hex[:12], 0, False, time.monotonic()
    while not ended:
        frames, status, ended = drain(out)
        if frames or status or ended or time.monotonic() - last > HEARTBEAT_S:
            last = time.monotonic()
            text = message(run, seq, frames, ended) if frames or seq else None
            seq += text is not None
            yield News(text, status.status if status else None, bool(status and status.failed))


def drain(out: queue.SimpleQueue) -> tuple[list[str], News | None, bool]:
    """What arrives within one flush: frames, the last status, and whether the run is over."""
    frames: list[str] = []
    status, until = None, time.monotonic() + FLUSH_S
    while (left := until - time.monotonic()) > 0:
        try:
            item = out.get(timeout=left)
        except queue.Empty:
            break
        if item is None:
            return frames, status, True
        if isinstance(item, News):
            status = item
        else:
            frames += item
    return frames, status, False


def message(run: str, seq: int, frames: list[str], end: bool) -> str:
    """One message to the player; frames are JSON already."""
    return f'{{"run":"{run}","seq":{seq},"live":true,"end":{str(end).lower()},"frames":[{",".join(frames)}]}}'


def expected(trace: Trace) -> str:
    """What the other lane's text must be, where tokens are drawn."""
    params = trace.start.params
    if params.coupling == "gumbel":
        return f" Seed {params.seed} again, so the text must be the same."
    return " Rejection: its text is another draw of the same distribution." if params.coupling == "rejection" else ""


def closing(trace: Trace, stopped: bool) -> str:
    """What to say about a finished run."""
    metrics = trace.metrics()
    if stopped:
        return f"Stopped after {metrics.tokens} tokens. What is there can be stepped through."
    faster = f" {times(metrics.speedup)} the speed of plain decoding." if metrics.speedup else ""
    return f"{metrics.tokens} tokens in {metrics.passes} forward passes.{faster} Press play to watch it step by step."


def sentence(text: str) -> str:
    """An error's text as a sentence."""
    text = text.strip() or "that did not work"
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
