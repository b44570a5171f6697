"""Streams a run to the browser: numbered messages for the player and sentences for the status line."""

from __future__ import annotations

import queue
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from orthrus.server.updates import QueuePosition, Update
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.language import say
from viz.page.server_words import clause
from viz.player.frames import dumps
from viz.views import headline

FLUSH_S = 0.033  # seconds per message to the browser: faster ones only queue up there
END_S = 0.5  # seconds to wait after a film for its sentence and the end, which join its message
HEARTBEAT_S = 1.0  # seconds between yields of a silent run: gradio can close a handler only when it yields


class Light(NamedTuple):
    """Progress of a timed lane: its name, its tokens so far, and for a long run the end of its text."""

    lane: str
    tokens: int
    text: str = ""


class Film(NamedTuple):
    """A run's frames as JSON; `plays`: it starts playing by itself."""

    frames: list[str]
    plays: bool


@dataclass
class Heard:
    """The items that arrived within one flush."""

    film: Film | None = None
    light: Light | None = None
    status: Update | None = None
    ended: bool = False


def relay(out: queue.SimpleQueue, keep: Callable[[str, str], None] | None = None) -> Iterator[Update]:
    """A run's items as numbered messages, one per flush; a silent run still gives a heartbeat.

    `keep` is given the run's id and its whole film, as a page that did not ask for the run is shown it.

    The page pauses its film from the click until the run ends, unless a message without a light says that the run has
    to wait.
    """
    run, seq, heard = uuid.uuid4().hex[:12], 0, Heard()
    while not heard.ended:
        heard = drain(out)
        status = heard.status or Update(None, None)
        if heard.film and keep:
            keep(run, lent(run, heard.film))
        due = heard.film or heard.light or heard.ended or (status.waits and not seq)
        yield status._replace(message=message(run, seq, heard) if due else None)
        seq += bool(due)


def drain(out: queue.SimpleQueue) -> Heard:
    """Collect the items of one flush, which begins with the first item; of statuses and lights only the last."""
    heard, until, first = Heard(), time.monotonic() + HEARTBEAT_S, True
    while not heard.ended:
        try:
            item = out.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        if first:
            until, first = time.monotonic() + FLUSH_S, False
        if item is None:
            heard.ended = True
        elif isinstance(item, QueuePosition):
            heard.status = Update(None, say("live.waiting", place=place(item)), waits=True)
        elif isinstance(item, Light):
            heard.light = item
        elif isinstance(item, Update):
            heard.status = item
        else:
            heard.film, until = item, time.monotonic() + END_S
    return heard


def message(run: str, seq: int, heard: Heard) -> str:
    """Serialise one message to the player; frames are JSON already."""
    frames, plays = heard.film or Film([], False)
    light = heard.light._asdict() if heard.light and not frames and not heard.ended else None
    head = {"run": run, "seq": seq, "live": True, "end": heard.ended, "autoplay": plays, "measuring": light}
    return f'{dumps(head)[:-1]},"frames":[{",".join(frames)}]}}'


def lent(run: str, film: Film) -> str:
    """A live run's film as one message for a class."""
    head = {"run": f"class/{run}", "seq": 0, "live": False, "autoplay": False, "end": True}
    return f'{dumps(head)[:-1]},"frames":[{",".join(film.frames)}]}}'


def place(item: QueuePosition) -> str:
    """A waiting run's place in the queue."""
    where = say("live.next") if item.number == 1 else say("live.number", number=item.number)
    if item.seconds is not None:
        where = say("live.estimate", place=where, seconds=max(1, round(item.seconds)))
    return say("live.place", place=where)


def expected(trace: Trace) -> str:
    """A sentence on what the AR lane's text must be, if tokens are sampled."""
    assert trace.start is not None, "a run that measures has begun"
    params = trace.start.params
    if params.coupling == "gumbel":
        return " " + say("live.same-seed", seed=str(params.seed))
    return " " + say("live.other-draw") if params.coupling == "rejection" else ""


def closing(trace: Trace, stopped: bool, why: str = "") -> str:
    """The closing sentence of a finished run, or of one stopped by the visitor or because of `why`."""
    metrics = measure(trace)
    if stopped:
        if why:
            return say("live.stopped-why", n=metrics.tokens, why=clause(why))
        return say("live.stopped", n=metrics.tokens)
    return say("live.closing", summary=headline.summary(trace))
