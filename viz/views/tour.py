"""The guided tour: up to seven steps, about a minute in total, with this run's own numbers.

It leads with forward passes, which are the same on every machine, and ends with what they cost in time, on the run's
device and on one where wide passes cost as much as narrow ones.
"""

from __future__ import annotations

import math
from typing import Any

from orthrus.events import Done, Event
from orthrus.trace import Cycle, Trace
from orthrus.trace.metrics import measure
from viz.format import number, times
from viz.patches import Change, put
from viz.views import headline, pass_costs
from viz.views.words import counted

NAME = "tour"
GOOD = range(3, 20)  # kept guesses of a block that shows both keeping and cutting
LESS_SURE = 0.1  # probability: from this drop on, a draft is called less sure to the right


def skeleton() -> dict[str, Any]:
    return {
        "kind": "tour",
        "title": "The tour",
        "of": "{i} of {n}",
        "hand_over": "A click elsewhere, or any other key, hands over to you.",
        "leave": "Leave the tour",
        "pause": "❚❚ Pause",
        "play": "▶ Play",
        "ends": {"prompt": "Try your own prompt", "block": "Back to the block", "again": "Once more"},
        "facts": {"beats": []},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if not isinstance(event, Done):
        return []
    cycles = [cycle for cycle in trace.cycles if cycle.verdict and cycle.draft.n_draft]
    return [put("beats", _beats(trace, cycles))] if cycles else []


def _beats(trace: Trace, cycles: list[Cycle]) -> list[dict[str, Any]]:
    """The steps for the browser: a text, its views, the playhead's target, seconds.

    `cycles`: those with guesses; `after` replaces the text when the race is over. Each shows another picture.
    """
    shown = next((c for c in cycles if "refused" in c.statuses() and c.accepted in GOOD), cycles[0])
    question = next((c for c in cycles if c.draft.cycle > shown.draft.cycle and c.draft.n_draft > 1), None)
    c = shown.draft.cycle
    beats = [
        {**_beat("race", _race(trace), ["race"], 10), "after": _after(trace)},
        _beat("draft", _draft_text(shown), ["ribbon"], 8, c),
        _beat("verify", _judged(shown), ["ribbon"], 9, c),
        _beat("commit", _committed_text(shown), ["ribbon", "cache"], 8, c),
    ]
    if question is not None:
        ask = "Your turn: where will the AR view stop? Click the first slot that it will refuse."
        beats.append(_beat("quiz", ask, ["ribbon"], 12, question.draft.cycle))
    beats.append(_beat("whole", _whole(trace), ["staircase"], 8))
    return [*beats, _beat("time", _time(trace), ["catch"], 11)]


def _beat(key: str, text: str, show: list[str], seconds: int, cycle: int | None = None) -> dict[str, Any]:
    return {"key": key, "text": text, "show": show, "s": seconds, "cycle": cycle}


def _race(trace: Trace) -> str:
    text = "One model answers one prompt. Plain decoding writes one token per forward pass. Orthrus writes several."
    return text if len(trace.ar_ids) else "This is how Orthrus answers a prompt: several tokens per forward pass."


def _after(trace: Trace) -> str:
    metrics, lossless = measure(trace), trace.lossless
    if metrics.speedup is None:
        return "Plain decoding was not measured in this run. How does Orthrus write?"
    won = f"Orthrus needed {headline.passes(trace)}"
    if lossless is None:
        return f"{won}. How?"
    if lossless.verdict == "identical":
        return f"{won}, and all {lossless.n_compared} tokens are the same. How?"
    return f"{won}; the first {lossless.identical} of {lossless.n_compared} tokens are the same. How?"


def _draft_text(cycle: Cycle) -> str:
    lp, n = cycle.draft.q_lp, cycle.draft.n_draft
    text = f"The diffusion view guesses {counted(n, 'token')} in a single forward pass."
    if lp is None or not (third := n // 3):
        return text
    first, last = (sum(map(math.exp, part)) / third for part in (lp[:third], lp[-third:]))
    if first - last < LESS_SURE:
        return text
    return f"{text} It is less sure to the right: {100 * first:.0f} % at the beginning, {100 * last:.0f} % at the end."


def _judged(cycle: Cycle) -> str:
    text = "The AR view is the original model. It checks every guess in one more forward pass"
    if "refused" in cycle.statuses():
        return f"{text}, and stops at the first that it would not have written: slot {cycle.on_chain + 1}."
    return f"{text}. Here it would have written them all: {cycle.accepted}."


def _committed_text(cycle: Cycle) -> str:
    verdict = cycle.verdict
    assert verdict is not None
    own = ", and one token of the AR view's own" if verdict.next_id is not None else ""
    text = f"{counted(cycle.accepted, 'guess')} kept{own}."
    if verdict.kv.cropped:
        text += (
            f" The rest is thrown away, with {counted(verdict.kv.cropped, 'row')} of the model's memory, its KV cache."
        )
    return text


def _whole(trace: Trace) -> str:
    steps = [verdict.n_commit for verdict in trace.verdicts]
    cycles = counted(len(steps), "cycle")
    text = f"The whole run: {headline.passes(trace)}, one for the prompt and the rest for {cycles}, a row each."
    if max(steps) > min(steps):
        text += f" Easy text makes long steps, hard text short ones: here {min(steps)} to {max(steps)} tokens."
    return text


def _time(trace: Trace) -> str:
    """Both regimes: what a wide pass costs on this device and whether that won, then the theory of a free one."""
    metrics, ms, theory = measure(trace), pass_costs.measured(trace), headline.theory(trace)
    if metrics.speedup is None or len(ms) < 2:
        return f"The catch: every pass computes up to {trace.block} rows instead of 1. {theory}"
    rows, how = max(ms), "won" if metrics.speedup > 1 else "lost"
    wide = f"a pass over {rows} rows took {number(ms[rows] / ms[1])} times as long as one over 1 row"
    run = f"this run {how}: {times(metrics.speedup)} the speed of plain decoding.{_losers(trace)}"
    return f"The catch: on {headline.device(trace)} {wide}, so {run} {theory}"


def _losers(trace: Trace) -> str:
    """Where a run won, how many of its cycles lost all the same."""
    need, metrics = headline.break_even(trace), measure(trace)
    lost = sum(verdict.n_commit < need for verdict in trace.verdicts) if need is not None else 0
    if not lost or (metrics.speedup or 0) <= 1:
        return ""
    return f" But {lost} of its {counted(metrics.cycles, 'cycle')} lost: they wrote fewer than {number(need)} tokens."
