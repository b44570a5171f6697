"""Counts over the judged cycles of a trace: how far acceptance reaches, and where it fails. No drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from orthrus.events import Glyph
from orthrus.trace import Trace

CLASSES = ("word-start", "continuation", "digit", "punctuation", "whitespace", "part-of-character", "special")
BINS = 10  # bins of the diffusion view's probability


@dataclass(slots=True)
class Mean:
    """A running mean; for hits and misses it is the hit rate."""

    total: float = 0.0
    of: int = 0

    def count(self, value: float) -> None:
        self.total += value
        self.of += 1

    @property
    def value(self) -> float | None:
        return self.total / self.of if self.of else None


@dataclass(slots=True)
class CycleCounts:
    """Slots count from 1. `judged[s]`: of the guesses the AR view judged in slot s, those it accepted."""

    cycles: int = 0
    lengths: dict[int, int] = field(default_factory=dict)  # guesses kept -> cycles
    judged: dict[int, Mean] = field(default_factory=dict)
    q_H: dict[int, Mean] = field(default_factory=dict)  # all slots: the diffusion view computed all of them
    p_H: dict[int, Mean] = field(default_factory=dict)  # judged slots only: later rows depend on a refused token
    classes: dict[str, Mean] = field(default_factory=lambda: {name: Mean() for name in CLASSES})
    sure: list[Mean] = field(default_factory=lambda: [Mean() for _ in range(BINS)])


def tally(trace: Trace) -> CycleCounts:
    """O(cycles x block)."""
    counts = CycleCounts(cycles=len(trace.verdicts))
    for number, verdict in enumerate(trace.verdicts):
        cycle = trace.cycle(number)
        draft, statuses = cycle.draft, cycle.statuses()
        counts.lengths[cycle.accepted] = counts.lengths.get(cycle.accepted, 0) + 1
        _averaged(counts.q_H, draft.q_H or ())
        judged = [slot for slot, status in enumerate(statuses) if status in ("accepted", "refused")]
        _averaged(counts.p_H, (verdict.p_H or ())[: len(judged)])
        for slot in judged:
            hit = statuses[slot] == "accepted"
            counts.judged.setdefault(slot, Mean()).count(hit)
            counts.classes[token_class(trace.glyph(draft.draft_ids[slot - 1]))].count(hit)
            if draft.q_lp is not None:
                counts.sure[min(BINS - 1, int(BINS * math.exp(draft.q_lp[slot - 1])))].count(hit)
    return counts


def _averaged(means: dict[int, Mean], values: Iterable[float]) -> None:
    for slot, value in enumerate(values, 1):
        means.setdefault(slot, Mean()).count(value)


def token_class(glyph: Glyph) -> str:
    """The class (of CLASSES) of a token, by its bytes alone."""
    if not glyph.b:
        return "special"
    if glyph.s is None:
        return "part-of-character"
    text = glyph.s.strip()
    if not text:
        return "whitespace"
    if not any(character.isalnum() for character in text):
        return "punctuation"
    if text[0].isdigit():
        return "digit"
    return "word-start" if glyph.s[0].isspace() or text[0].isupper() else "continuation"
