"""What a run did by the shape of its drafts: cycles, tokens, passes and rows of each. No drawing."""

from __future__ import annotations

from typing import NamedTuple

from orthrus.trace import Cycle, Trace
from viz.language import say
from viz.views.pass_costs import lane_rows

CHAIN = "chain"
# Of each kind of draft (`Draft.drafter`) the sign that stands for it wherever a colour or a pattern does, too.
SIGNS = {CHAIN: "━", "tree": "⋔", "lookup": "⌕", "one-pass": "»", "plain": "·"}


class Count(NamedTuple):
    """Cycles of one shape: their draft and verify passes, rows of either, proposals accepted, tokens appended, ms."""

    cycles: int = 0
    passes: int = 0
    drafted_rows: int = 0
    verified_rows: int = 0
    accepted: int = 0
    tokens: int = 0
    ms: float = 0.0

    @property
    def rows(self) -> int:
        return self.drafted_rows + self.verified_rows

    def plus(self, cycle: Cycle, trace: Trace) -> Count:
        """With a judged cycle of `trace` more; lanes are rows of the verify pass."""
        assert cycle.verdict is not None, "the cycle is judged"
        drafted = cycle.draft.pass_rows
        return Count(
            self.cycles + 1,
            self.passes + (drafted > 0) + 1,
            self.drafted_rows + drafted,
            self.verified_rows + cycle.verdict.kv.written + lane_rows(cycle, trace),
            self.accepted + cycle.accepted,
            self.tokens + cycle.verdict.n_commit,
            self.ms + cycle.ms,
        )


def name(shape: str) -> str:
    """What a kind of draft is called in sentences."""
    return say(f"shapes.{shape}") if shape in SIGNS else shape


def sign(shape: str) -> str:
    return SIGNS.get(shape, shape[:1].upper())


def by_shape(trace: Trace) -> dict[str, Count]:
    """Counts of the judged cycles by shape, the known shapes first; O(cycles)."""
    found: dict[str, Count] = {}
    for cycle in trace.cycles:
        if cycle.verdict is not None:
            each = cycle.draft.drafter
            found[each] = found.get(each, Count()).plus(cycle, trace)
    known = [each for each in SIGNS if each in found]
    return {each: found[each] for each in (*known, *sorted(set(found) - set(known)))}
