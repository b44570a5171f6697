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
from viz.format import number, percent, times
from viz.language import say
from viz.patches import Change, put
from viz.views import headline, pass_costs
from viz.views.words import counted

NAME = "tour"
GOOD = range(3, 20)  # kept guesses of a block that shows both keeping and cutting
LESS_SURE = 0.1  # probability: from this drop on, a draft is called less sure to the right


def skeleton() -> dict[str, Any]:
    return {
        "kind": "tour",
        **{word: say(f"tour.{word}") for word in ("title", "of", "hand_over", "leave", "pause", "play")},
        "ends": {end: say(f"tour.end.{end}") for end in ("prompt", "block", "again")},
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
        beats.append(_beat("quiz", say("tour.quiz"), ["ribbon"], 12, question.draft.cycle))
    beats.append(_beat("whole", _whole(trace), ["staircase"], 8))
    return [*beats, _beat("time", _time(trace), ["catch"], 11)]


def _beat(key: str, text: str, show: list[str], seconds: int, cycle: int | None = None) -> dict[str, Any]:
    return {"key": key, "text": text, "show": show, "s": seconds, "cycle": cycle}


def _race(trace: Trace) -> str:
    return say("tour.race.both" if len(trace.ar_ids) else "tour.race.alone")


def _after(trace: Trace) -> str:
    metrics, lossless, passes = measure(trace), trace.lossless, headline.passes(trace)
    if metrics.speedup is None:
        return say("tour.after.unmeasured")
    if lossless is None:
        return say("tour.after.uncompared", passes=passes)
    if lossless.verdict == "identical":
        return say("tour.after.same", passes=passes, tokens=lossless.n_compared)
    return say("tour.after.other", passes=passes, same=lossless.identical, tokens=lossless.n_compared)


def _draft_text(cycle: Cycle) -> str:
    lp, n = cycle.draft.q_lp, cycle.draft.n_draft
    text = say("tour.draft", tokens=counted(n, "token"))
    if lp is None or not (third := n // 3):
        return text
    first, last = (sum(map(math.exp, part)) / third for part in (lp[:third], lp[-third:]))
    if first - last < LESS_SURE:
        return text
    return f"{text} {say('tour.draft.less-sure', first=percent(first), last=percent(last))}"


def _judged(cycle: Cycle) -> str:
    if "refused" in cycle.statuses():
        return say("tour.verify.stops", slot=cycle.on_chain + 1)
    return say("tour.verify.all", n=cycle.accepted)


def _committed_text(cycle: Cycle) -> str:
    verdict = cycle.verdict
    assert verdict is not None
    guesses = counted(cycle.accepted, "guess")
    text = say("tour.commit" if verdict.next_id is not None else "tour.commit.ended", guesses=guesses)
    if verdict.kv.cropped:
        text += " " + say("tour.commit.cropped", rows=counted(verdict.kv.cropped, "row"))
    return text


def _whole(trace: Trace) -> str:
    steps = [verdict.n_commit for verdict in trace.verdicts]
    text = say("tour.whole", passes=headline.passes(trace), cycles=counted(len(steps), "cycle"))
    if max(steps) > min(steps):
        text += " " + say("tour.whole.steps", least=min(steps), most=max(steps))
    return text


def _time(trace: Trace) -> str:
    """Both regimes: what a wide pass costs on this device and whether that won, then the theory of a free one."""
    metrics, ms, theory = measure(trace), pass_costs.measured(trace), headline.theory(trace)
    if metrics.speedup is None or len(ms) < 2:
        return f"{say('tour.time.alone', rows=trace.block)} {theory}"
    rows = max(ms)
    values = {"device": headline.device(trace), "times": number(ms[rows] / ms[1]), "speed": times(metrics.speedup)}
    run = say("tour.time.won" if metrics.speedup > 1 else "tour.time.lost", rows=rows, **values)
    return " ".join([run, *_losers(trace), theory])


def _losers(trace: Trace) -> list[str]:
    """Where a run won, how many of its cycles lost all the same."""
    need, metrics = headline.break_even(trace), measure(trace)
    lost = sum(verdict.n_commit < need for verdict in trace.verdicts) if need is not None else 0
    if not lost or (metrics.speedup or 0) <= 1:
        return []
    return [say("tour.time.losers", lost=lost, cycles=counted(metrics.cycles, "cycle"), need=number(need))]
