"""The race: both lanes' texts on one clock, forward passes or milliseconds. The lanes were measured one after the other
and are replayed together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orthrus.events import ArChunk, Done, Event, Prefill, RunStart, Verdict
from orthrus.events.detokenize import LOOK_BACK, respelled
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.language import say
from viz.patches import Change, merge, rows
from viz.theme import CODES
from viz.views import headline

NAME = "race"
TABLE = ("cycle", "draft", "verify", "n", "ms", "token", "ar_ms")


def skeleton() -> dict[str, Any]:
    columns: dict[str, list[Any]] = {"text": [], "ms": [], "passes": [], "by": [], "cycle": []}
    return {
        "kind": "lanes",
        "title": say("race.title"),
        "lanes": [
            {"key": key, "name": say(f"race.lane.{key}"), "about": say(f"race.about.{key}")}
            for key in ("ar", "orthrus")
        ],
        "clocks": [{"key": key, "label": say(f"race.clock.{key}")} for key in ("passes", "ms")],
        "table": [[say(f"race.column.{name}"), name] for name in TABLE],
        "facts": {
            "orthrus": columns,
            "ar": {key: list(values) for key, values in columns.items()},
            "cycles": {"draft": [], "verify": [], "ms": [], "passes": [], "n": []},
            "run": {},
        },
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        return [merge("run", {"limit": event.params.max_new_tokens, "lanes": event.lanes})]
    if isinstance(event, (Prefill, Verdict)):
        return [*_orthrus(event, trace), *_cycle(event, trace)]
    if isinstance(event, ArChunk):
        return _ar(event, trace)
    if isinstance(event, Done):
        end = {"passes": measure(trace).passes, "stopped": _stopped(event, trace)}
        return [merge("run", {"limit": event.n_tokens, **end, **_result(trace)})]
    return []


def _stopped(done: Done, trace: Trace) -> list[str]:
    """The lanes that were stopped before their text had ended."""
    ids, start = trace.ar_ids, trace.start
    ar = start is not None and bool(ids) and ids[-1] not in start.config.eos_ids and len(ids) < done.n_tokens
    return [lane for lane, stopped in (("orthrus", done.stop == "cancel"), ("ar", ar)) if stopped]


def _orthrus(event: Prefill | Verdict, trace: Trace) -> list[Change]:
    """The tokens one prefill or verdict added, all timed at its end."""
    fresh = 1 if isinstance(event, Prefill) else event.n_commit
    end = event.ms if isinstance(event, Prefill) else trace.ends_ms[-1]
    n = len(trace.tokens)
    tokens = trace.tokens.since(n - fresh)
    tail = [token.id for token in trace.tokens.since(max(0, n - fresh - LOOK_BACK))]
    landed = {
        "ms": [round(end, 3)] * fresh,
        "passes": [measure(trace).passes] * fresh,
        "by": [CODES[token.status] for token in tokens],
        "cycle": [token.cycle for token in tokens],
    }
    return [*_texts("orthrus", trace, tail, fresh, n), rows("orthrus", n - fresh, landed)]


def _cycle(event: Prefill | Verdict, trace: Trace) -> list[Change]:
    """One cycle as a bar on the lane's clock: its end, the duration of its two passes, its tokens."""
    if isinstance(event, Prefill):
        return []
    draft = trace.cycle(event.cycle).draft
    row = {"draft": draft.t_draft_ms, "verify": event.t_verify_ms, "ms": round(trace.ends_ms[-1], 3)}
    row |= {"passes": measure(trace).passes, "n": event.n_commit}
    return [rows("cycles", event.cycle, {name: [value] for name, value in row.items()})]


def _result(trace: Trace) -> dict[str, Any]:
    """The race's result by the leading clock, then by the other one with the reason."""
    metrics, check, clock = measure(trace), trace.lossless, headline.axis(trace)
    passes = headline.passes(trace)
    if metrics.speedup is None:
        return {"clock": clock, "result": say("race.result.alone", passes=passes), "why": "", "lost": False}
    if clock == "ms":
        result, why = say("race.result.ms", time=headline.time(trace)), say("race.needed", passes=passes)
    else:
        result, why = say("race.result.passes", passes=passes), headline.slower(trace)
    if check and check.verdict == "identical":
        result = f"{result} {say('race.same')}"
    why = f"{why} {headline.reason(trace)}".strip()
    return {"clock": clock, "result": result, "why": why, "lost": metrics.speedup < 1}


def _ar(event: ArChunk, trace: Trace) -> list[Change]:
    fresh, n = len(event.ids), len(trace.ar_ids)
    tail = trace.ar_ids.since(max(0, n - fresh - LOOK_BACK))
    landed: dict[str, Iterable[Any]] = {"ms": event.t_ms, "passes": range(event.i0 + 1, n + 1)}
    return [*_texts("ar", trace, tail, fresh, n), rows("ar", n - fresh, landed)]


def _texts(lane: str, trace: Trace, tail: list[int], fresh: int, n: int) -> list[Change]:
    """Texts of the new tokens, and of older tokens whose character they complete."""
    begin, texts = respelled([trace.data([index]) for index in tail], fresh)
    return [rows(lane, n - len(tail) + begin, {"text": texts})]
