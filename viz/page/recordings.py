"""Recorded runs as cards, which the page can play without a model."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, load
from orthrus.trace.metrics import measure
from viz.format import number, times
from viz.player import frames
from viz.views.words import counted

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recording:
    """One card: its title, measured facts, where they were measured, the prompt, the player's message."""

    name: str
    title: str
    facts: str
    origin: str
    prompt: str
    message: str
    per_cycle: float | None = None  # tokens


def recordings(folder: Path) -> Iterator[Recording]:
    """The folder's traces, sorted by name; an invalid file is logged and skipped."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield recording(path.name.removesuffix(SUFFIX), load(path))
        except ValueError as error:
            log.warning("left out of the gallery: %s", error)


def recording(name: str, trace: Trace) -> Recording:
    """A card; `name`, such as '01-word-problem', gives its position and title."""
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
    )


def origin(trace: Trace) -> str:
    """The model, the machine and the date."""
    if trace.start is None:
        return ""
    model, host = trace.start.model, trace.start.host
    machine = f"{host.device}, {counted(host.threads, 'thread')}" if host.kind == "cpu" else host.device
    return f"{model.id}, {model.dtype} · {machine} · {trace.start.recorded_at[:10]}"


class Chip(NamedTuple):
    """A kind of prompt: its label, and its tokens per cycle relative to the easiest kind's (None: not measured)."""

    kind: str
    label: str
    share: float | None


def chips(gallery: Iterable[Recording], prompts: Mapping[str, Collection[str]]) -> list[Chip]:
    """Kinds of prompts by name with their measured rate: easy text first, unmeasured last."""
    cards = list(gallery)
    rates = {kind: measured(cards, texts) for kind, texts in prompts.items()}
    most = max((rate for rate in rates.values() if rate), default=0.0)
    order = sorted(rates, key=lambda kind: -(rates[kind] or 0.0))
    return [
        Chip(kind, kind if not rate else f"{kind} · {number(rate)} tokens", rate / most if rate else None)
        for kind, rate in ((kind, rates[kind]) for kind in order)
    ]


def measured(gallery: Iterable[Recording], prompts: Collection[str]) -> float | None:
    """Mean tokens per cycle of the recordings of these prompts; None if there is no such recording."""
    rates = [card.per_cycle for card in gallery if card.per_cycle is not None and card.prompt in prompts]
    return sum(rates) / len(rates) if rates else None


def title(name: str) -> str:
    """'04-json-from-a-sentence' -> 'JSON from a sentence'."""
    words = re.sub(r"^\d+[-_]", "", name).replace("-", " ").replace("_", " ")
    return re.sub(r"\bjson\b", "JSON", words[:1].upper() + words[1:], flags=re.IGNORECASE)
