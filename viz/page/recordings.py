"""Recorded runs as a list, which the page can play without a model."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from orthrus.events import Host
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, load
from orthrus.trace.metrics import measure
from viz.format import number, times
from viz.language import has, say
from viz.page import player_files
from viz.player import frames
from viz.views.words import counted, title

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of the list: what it was measured to do, where, its prompt, and the player's message in English.

    Its title, facts and machine are said in the current language.
    """

    name: str
    prompt: str
    message: str
    tokens: int
    passes: int
    per_cycle: float | None  # tokens
    speedup: float | None  # None also if it was not measured on the exact engine
    host: Host | None
    about: tuple[str, ...]  # model and its numbers' type, the day

    @property
    def title(self) -> str:
        return title(self.name)

    @property
    def facts(self) -> str:
        """One line of measured facts."""
        counts = {"tokens": counted(self.tokens, "token"), "passes": counted(self.passes, "forward-pass")}
        speed = say("runs.speed", times=times(self.speedup)) if self.speedup else ""
        return say("runs.facts", **counts, rate=number(self.per_cycle), speed=speed)

    @property
    def machine(self) -> str:
        if self.host is None:
            return ""
        threads = counted(self.host.threads, "thread")
        return f"{self.host.device}, {threads}" if self.host.kind == "cpu" else self.host.device

    @property
    def origin(self) -> str:
        """The model, the machine and the date."""
        return f"{self.about[0]} · {self.machine} · {self.about[1]}" if self.about else ""


def recordings(folder: Path, read: Callable[[Path], Trace] = load) -> Iterator[Recording]:
    """The folder's traces, sorted by name, each by `read`; an invalid file is logged and skipped."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield recording(path.name.removesuffix(SUFFIX), read(path))
        except ValueError as error:
            log.warning("left out of the gallery: %s", error)


def recording(name: str, trace: Trace) -> Recording:
    """A line of the list; `name`, such as '01-word-problem', gives its position and title."""
    metrics, start = measure(trace), trace.start
    messages = start.prompt.messages if start else ()
    return Recording(
        name=name,
        prompt=messages[-1].content if messages else "",
        message=frames.dumps(frames.whole(trace, name)),
        tokens=metrics.tokens,
        passes=metrics.passes,
        per_cycle=metrics.tokens_per_cycle,
        # plain PyTorch spends more on calling operators than on arithmetic: its speed says little about the drafts
        speedup=metrics.speedup if start and start.model.mode == "exact" else None,
        host=start.host if start else None,
        about=(f"{start.model.id}, {start.model.dtype}", start.recorded_at[:10]) if start else (),
    )


def listed(gallery: Iterable[Recording], group: str, prompts: Mapping[str, Collection[str]]) -> list[dict[str, str]]:
    """The lines of the page's list (`O.Recorded`): title, kind of text, tokens per cycle, under the name of a group."""
    return [
        {
            "name": each.name,
            "title": each.title,
            "kind": kind_of(each, prompts),
            "group": group,
            "rate": number(each.per_cycle),
            "facts": each.facts,
            "file": player_files.address(player_files.run_file(each.message)),
        }
        for each in gallery
    ]


def kind_of(card: Recording, prompts: Mapping[str, Collection[str]]) -> str:
    kind = next((kind for kind, texts in prompts.items() if card.prompt in texts), "")
    return say(f"runs.kind.{kind}") if has(f"runs.kind.{kind}") else kind


def measured_on(gallery: Iterable[Recording]) -> str:
    """Where these runs were measured; every machine with its number of runs if there are several."""
    counts = Counter(each.machine for each in gallery if each.machine)
    if len(counts) == 1:
        return say("runs.all-measured", machine=next(iter(counts)))
    return " ".join(say("runs.measured", runs=counted(n, "run"), machine=place) for place, n in counts.items())


class Chip(NamedTuple):
    """A kind of prompt: its measured tokens per cycle, also relative to the easiest kind's (None: not measured)."""

    kind: str
    rate: float | None
    share: float | None


def chips(gallery: Iterable[Recording], prompts: Mapping[str, Collection[str]]) -> list[Chip]:
    """Kinds of prompts by name with their measured rate: easy text first, unmeasured last."""
    cards = list(gallery)
    rates = {kind: measured(cards, texts) for kind, texts in prompts.items()}
    most = max((rate for rate in rates.values() if rate), default=0.0)
    order = sorted(rates, key=lambda kind: -(rates[kind] or 0.0))
    return [Chip(kind, rate, rate / most if rate else None) for kind, rate in ((kind, rates[kind]) for kind in order)]


def measured(gallery: Iterable[Recording], prompts: Collection[str]) -> float | None:
    """Mean tokens per cycle of the recordings of these prompts; None if there is no such recording."""
    rates = [card.per_cycle for card in gallery if card.per_cycle is not None and card.prompt in prompts]
    return sum(rates) / len(rates) if rates else None
