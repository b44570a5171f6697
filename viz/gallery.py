"""Recorded runs as cards: what the page can show before, without and instead of a model."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orthrus.recording import SUFFIX, load
from orthrus.trace import Trace
from viz import player
from viz.board import number, times

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recording:
    """One card: its title, one line of measured facts, the prompt, and the player's message."""

    name: str
    title: str
    facts: str
    prompt: str
    message: str


def recordings(folder: Path) -> Iterator[Recording]:
    """The folder's traces in the order of their names; a file that is no trace is logged and left out."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield recording(path.name.removesuffix(SUFFIX), load(path))
        except ValueError as error:
            log.warning("left out of the gallery: %s", error)


def recording(name: str, trace: Trace) -> Recording:
    """`name` like '01-word-problem' gives the card's place and its title."""
    metrics = trace.metrics()
    faster = f" · {times(metrics.speedup)}" if metrics.speedup else ""
    messages = trace.start.prompt.messages if trace.start else ()
    return Recording(
        name=name,
        title=title(name),
        facts=f"{metrics.tokens} tokens · {number(metrics.tokens_per_cycle)} a cycle{faster}",
        prompt=messages[-1].content if messages else "",
        message=player.dumps(player.whole(trace, name)),
    )


def title(name: str) -> str:
    """'04-json-from-a-sentence' -> 'JSON from a sentence'."""
    words = re.sub(r"^\d+[-_]", "", name).replace("-", " ").replace("_", " ")
    return re.sub(r"\bjson\b", "JSON", words[:1].upper() + words[1:], flags=re.IGNORECASE)
