"""From a run's worker to the page: numbered messages for the player and sentences for the status line."""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Iterator
from typing import NamedTuple

from orthrus.trace import Trace
from viz import headline

FLUSH_S = 0.033  # one message to the browser per this time: below it they only pile up there
MEANWHILE = "What is on show can be stepped through meanwhile."
HEARTBEAT_S = 0.5  # a page's server can close a handler only when it yields, so even a silent run yields


class News(NamedTuple):
    """What a handler hands on: a message for the player and a status sentence, None where unchanged."""

    message: str | None
    status: str | None
    failed: bool = False


class Place(NamedTuple):
    """Where a waiting run stands: 1 is next; seconds until its turn, None where nothing was timed yet."""

    number: int
    seconds: float | None

    @property
    def words(self) -> str:
        where = "You are next in line" if self.number == 1 else f"You are number {self.number} in line"
        return where + ("." if self.seconds is None else f", about {max(1, round(self.seconds))} s.")


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
        if isinstance(item, Place):
            status = News(None, f"{item.words} {MEANWHILE}")
        elif isinstance(item, News):
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


def closing(trace: Trace, stopped: bool, why: str = "") -> str:
    """What to say about a finished run, or one that was stopped, by the visitor or because of `why`."""
    metrics = trace.metrics()
    if stopped:
        because = f": {why}" if why else ""
        return f"Stopped after {metrics.tokens} tokens{because}. What is there can be stepped through."
    return f"{headline.summary(trace)} Press play to watch it step by step."


def sentence(text: str) -> str:
    """An error's text as a sentence."""
    text = text.strip() or "that did not work"
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
