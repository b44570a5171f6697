"""The numbers and tokens that a lesson's texts may name: of a whole run, and of one of its cycles."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean

from orthrus.errors import OrthrusError
from orthrus.trace import Cycle, Trace
from orthrus.trace.metrics import Metrics, measure
from viz.format import number, times
from viz.views import headline
from viz.views.words import percent, quoted

# what a name stands for: of the run ...
RUN: dict[str, Callable[[Trace, Metrics], str]] = {
    "tokens": lambda _, m: str(m.tokens),
    "passes": lambda _, m: str(m.passes),
    "cycles": lambda _, m: str(m.cycles),
    "tokens_per_cycle": lambda _, m: number(m.tokens_per_cycle),
    "tokens_per_pass": lambda _, m: number(m.tpf),
    "fewest": lambda t, _: str(min(v.n_commit for v in t.verdicts)),
    "most": lambda t, _: str(max(v.n_commit for v in t.verdicts)),
    "speed": lambda _, m: times(m.speedup),
    "break_even": lambda t, _: number(headline.break_even(t)),
    "prompt": lambda t, _: t.start.prompt.messages[-1].content if t.start else "",
    "temperature": lambda t, _: f"{t.start.params.temperature:g}" if t.start else "",
    "seed": lambda t, _: str(t.start.params.seed) if t.start else "",
}
# ... and of the cycle; those of the cut need one
CYCLE: dict[str, Callable[[Trace, Cycle], str]] = {
    "guesses": lambda _, c: str(c.draft.n_draft),
    "kept": lambda _, c: str(c.accepted),
    "written": lambda _, c: str(c.verdict.n_commit),
    "refused_slot": lambda _, c: str(c.statuses().index("refused")),
    "not_judged": lambda _, c: str(c.statuses().count("discarded")),
    "cropped": lambda _, c: str(c.verdict.kv.cropped),
    "rows": lambda _, c: str(c.verdict.kv.written),
    "guess": lambda t, c: quoted(c.draft.draft_ids[c.on_chain], t),
    "own": lambda t, c: quoted(c.verdict.next_id, t),
    "own_share": lambda _, c: percent(c.verdict.p_top_lp[c.on_chain][0]),
    "second": lambda t, c: quoted(c.verdict.p_top_ids[c.on_chain][1], t),
    "second_share": lambda _, c: percent(c.verdict.p_top_lp[c.on_chain][1]),
    "gap": lambda _, c: f"{c.verdict.p_gap[c.on_chain]:.3f}",
    "sure_first": lambda _, c: _sure(c, 0),
    "sure_last": lambda _, c: _sure(c, 2),
    "chance": lambda _, c: f"{c.verdict.accept_p[c.on_chain]:.2f}",
    "toss": lambda _, c: f"{c.verdict.u[c.on_chain]:.2f}",
}


def _sure(cycle: Cycle, third: int) -> str:
    """Mean probability of the first (0) or last (2) third of the guesses."""
    n = cycle.draft.n_draft // 3
    part = cycle.draft.q_lp[:n] if third == 0 else cycle.draft.q_lp[-n:]
    return f"{100 * fmean(map(math.exp, part)):.0f} %"


def number_of(name: str, trace: Trace, cycle: int, place: str) -> str:
    """The text that a name stands for; `cycle` counts from 1, 0 is none. Raises `lesson-number` if it has none here."""
    try:
        if name in RUN:
            return RUN[name](trace, measure(trace))
        if cycle:
            return CYCLE[name](trace, trace.cycle(cycle - 1))
    except (KeyError, IndexError, ValueError, TypeError, AttributeError):
        pass  # no such name, no cut in this cycle, or not measured in this run
    raise OrthrusError("lesson-number", f"{place}: {{{name}}} stands for nothing at this moment")
