"""Recorded runs as a list, which the page can play without a model."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, load
from orthrus.trace.metrics import measure
from viz.format import number, times
from viz.page import player_files
from viz.player import frames
from viz.views.words import counted

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recording:
    """One run of the list: its title, measured facts, where they were measured, the prompt, the player's message."""

    name: str
    title: str
    facts: str
    origin: str
    prompt: str
    message: str
    per_cycle: float | None = None  # tokens
    machine: str = ""


def recordings(folder: Path, read: Callable[[Path], Trace] = load) -> Iterator[Recording]:
    """The folder's traces, sorted by name, each by `read`; an invalid file is logged and skipped."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield recording(path.name.removesuffix(SUFFIX), read(path))
        except ValueError as error:
            log.warning("left out of the gallery: %s", error)


def recording(name: str, trace: Trace) -> Recording:
    """A line of the list; `name`, such as '01-word-problem', gives its position and title."""
    metrics = measure(trace)
    # plain PyTorch spends more on calling operators than on arithmetic: its speed says little about the drafts
    timed = metrics.speedup and trace.start and trace.start.model.mode == "exact"
    speed = f" · {times(metrics.speedup)} the speed of plain decoding" if timed else ""
    passes = f"{counted(metrics.tokens, 'token')} in {counted(metrics.passes, 'forward pass')}"
    messages = trace.start.prompt.messages if trace.start else ()
    return Recording(
        name=name,
        title=title(name),
        facts=f"{passes} · {number(metrics.tokens_per_cycle)} tokens per cycle{speed}",
        origin=origin(trace),
        prompt=messages[-1].content if messages else "",
        message=frames.dumps(frames.whole(trace, name)),
        per_cycle=metrics.tokens_per_cycle,
        machine=machine(trace),
    )


def origin(trace: Trace) -> str:
    """The model, the machine and the date."""
    if trace.start is None:
        return ""
    return f"{trace.start.model.id}, {trace.start.model.dtype} · {machine(trace)} · {trace.start.recorded_at[:10]}"


def machine(trace: Trace) -> str:
    if trace.start is None:
        return ""
    host = trace.start.host
    return f"{host.device}, {counted(host.threads, 'thread')}" if host.kind == "cpu" else host.device


def listed(gallery: Iterable[Recording], group: str, prompts: Mapping[str, Collection[str]]) -> list[dict[str, str]]:
    """The lines of the page's list (`O.Recorded`): title, kind of text, tokens per cycle, under the name of a group."""
    return [
        {
            "name": each.name,
            "title": each.title,
            "kind": next((kind for kind, texts in prompts.items() if each.prompt in texts), ""),
            "group": group,
            "rate": number(each.per_cycle),
            "facts": each.facts,
            "file": player_files.address(player_files.run_file(each.message)),
        }
        for each in gallery
    ]


def measured_on(gallery: Iterable[Recording]) -> str:
    """Where these runs were measured; every machine with its number of runs if there are several."""
    counts = Counter(each.machine for each in gallery if each.machine)
    if len(counts) == 1:
        return f"All measured on {next(iter(counts))}."
    return " ".join(f"{counted(n, 'run')} on {place}." for place, n in counts.items())


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


def title(name: str) -> str:
    """'04-json-from-a-sentence' -> 'JSON from a sentence'."""
    words = re.sub(r"^\d+[-_]", "", name).replace("-", " ").replace("_", " ")
    return re.sub(r"\bjson\b", "JSON", words[:1].upper() + words[1:], flags=re.IGNORECASE)
