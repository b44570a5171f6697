"""The guided tour: up to eight steps, about a minute in total, with this run's own numbers."""

from __future__ import annotations

from typing import Any

from orthrus.events import Done, Event
from orthrus.trace import Cycle, Trace
from orthrus.trace.metrics import measure
from viz.format import times
from viz.patches import Change, put
from viz.views import headline
from viz.views.words import counted

NAME = "tour"
GOOD = range(3, 20)  # kept guesses of a block that shows both keeping and cutting


def skeleton() -> dict[str, Any]:
    return {
        "kind": "tour",
        "title": "The tour",
        "measured": ", at the measured speed",
        "slowed": ", at 1/{n} of the measured speed",
        "passes": ": forward passes",
        "hand_over": "Any click or key hands over to you.",
        "ends": {"prompt": "Try your own prompt", "microscope": "Open the microscope", "again": "Once more"},
        "facts": {"beats": []},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if not isinstance(event, Done):
        return []
    cycles = [cycle for cycle in trace.cycles if cycle.verdict and cycle.draft.n_draft]
    return [put("beats", _beats(trace, cycles))] if cycles else []


def _beats(trace: Trace, cycles: list[Cycle]) -> list[dict[str, Any]]:
    """The steps for the browser: a text, its views, the playhead's target, seconds.

    `cycles`: those with guesses; `after` replaces the text when the race is over.
    """
    shown = next((c for c in cycles if "refused" in c.statuses() and c.accepted in GOOD), cycles[0])
    question = next((c for c in cycles if c.draft.cycle > shown.draft.cycle and c.draft.n_draft > 1), None)
    c = shown.draft.cycle
    beats = [
        _beat("title", _title(trace), ["race"], 1),  # its text stays while the race runs
        {**_beat("race", _title(trace) + " Both lanes on one clock{pace}.", ["race"], 9), "after": _after(trace)},
        _beat("draft", _draft_text(shown), ["ribbon"], 8, c),
        _beat("verify", _judged(shown), ["ribbon"], 10, c),
        _beat("commit", _committed_text(shown), ["ribbon", "cache"], 8, c),
    ]
    if question is not None:
        ask = "Your turn: which guess will the AR view refuse first? Click it."
        beats.append(_beat("quiz", ask, ["ribbon"], 12, question.draft.cycle))
    beats.append(_beat("whole", _whole(trace), ["staircase"], 8))
    return [*beats, _beat("time", _time(trace), ["timeline"], 10)] if headline.slower(trace) else beats


def _beat(key: str, text: str, show: list[str], seconds: int, cycle: int | None = None) -> dict[str, Any]:
    return {"key": key, "text": text, "show": show, "s": seconds, "cycle": cycle}


def _title(trace: Trace) -> str:
    where = f" Measured on {trace.start.host.device}, one after the other." if trace.start and len(trace.ar_ids) else ""
    return f"One model answers one prompt in two ways: token by token, and with Orthrus.{where}"


def _after(trace: Trace) -> str:
    metrics, lossless = measure(trace), trace.lossless
    if metrics.speedup is None:
        return "Plain decoding was not measured in this run. How does Orthrus write?"
    if headline.axis(trace) == "ms":
        won = f"Orthrus wrote at {times(metrics.speedup)} the speed of plain decoding"
    else:
        won = f"Orthrus needed {headline.passes(trace)}"
    if lossless is None:
        return f"{won}. How?"
    if lossless.verdict == "identical":
        return f"{won}, and all {lossless.n_compared} tokens are the same. How?"
    return f"{won}; the first {lossless.identical} of {lossless.n_compared} tokens are the same. How?"


def _draft_text(cycle: Cycle) -> str:
    lp, n = cycle.draft.q_lp, cycle.draft.n_draft
    text = f"The diffusion view guesses {counted(n, 'token')} in a single forward pass."
    third = n // 3
    if lp is not None and third and sum(lp[:third]) > sum(lp[-third:]):
        text += " It is less sure to the right."
    return text


def _judged(cycle: Cycle) -> str:
    text = "The AR view is the original model, untouched. It checks every guess in one more forward pass"
    if "refused" in cycle.statuses():
        return f"{text} and stops at the first disagreement: slot {cycle.accepted + 1}."
    return f"{text}. Here it agrees with all it needs: {cycle.accepted}."


def _committed_text(cycle: Cycle) -> str:
    verdict = cycle.verdict
    assert verdict is not None
    own = ", one token written by the AR view itself" if verdict.next_id is not None else ""
    text = f"{counted(cycle.accepted, 'guess')} kept{own}."
    if verdict.kv.cropped:
        rows = f"{verdict.kv.cropped} of {counted(verdict.kv.written, 'cache row')}"
        text += f" The rest is thrown away, and so is its memory: {rows}."
    return text


def _whole(trace: Trace) -> str:
    steps = [verdict.n_commit for verdict in trace.verdicts]
    passes = headline.passes(trace)
    text = f"{passes[:1].upper()}{passes[1:]}. Each row is one cycle."
    if max(steps) > min(steps):
        text += f" Easy text makes long steps, hard text short ones: here {min(steps)} to {max(steps)} tokens."
    return text


def _time(trace: Trace) -> str:
    """The other clock: the cost of the passes on the run's device."""
    return f"{headline.slower(trace)} {headline.reason(trace)}"
