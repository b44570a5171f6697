"""A race of drafters as plain values: each lane's steps and totals, and what they come to in words. No drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from orthrus.errors import OrthrusError
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import milliseconds
from viz.language import say
from viz.views.shapes import by_shape
from viz.views.words import counted

PLAIN = "ar"


def race(traces: Mapping[str, Trace | OrthrusError]) -> dict[str, Any]:
    """The race of finished runs of one prompt by drafter, plain decoding among them; an error is a lane that refused.

    Times are milliseconds, rows are those computed behind the prompt, which every lane reads in the same way.
    """
    plain = traces[PLAIN]
    assert isinstance(plain, Trace) and plain.start is not None, "plain decoding refuses nothing that a drafter takes"
    lanes = [
        {"draft": draft, "code": run.code, "refused": str(run)}
        if isinstance(run, OrthrusError)
        else lane(draft, run, tuple(plain.ar_ids))
        for draft, run in traces.items()
    ]
    start, text = plain.start, plain.data(plain.ar_ids).decode("utf-8", errors="replace")
    about = {
        "prompt": start.prompt.messages[-1].content if start.prompt.messages else "",
        "model": start.model.id,
        "mode": start.model.mode,
        "device": start.host.device,
        "kind": start.host.kind,
        "recorded_at": start.recorded_at,
    }
    clock = leading(lanes)
    result = {"clock": clock, "result": result_of(lanes, clock), "same": same_text(lanes, start.params.coupling)}
    return {"type": "race", **about, "text": text, "tokens": len(plain.ar_ids), **result, "lanes": lanes}


def lane(draft: str, run: Trace, wanted: Sequence[int]) -> dict[str, Any]:
    """One lane: totals, how many leading tokens are those of plain decoding, and its steps: the prompt's pass, then
    one per cycle or plain token. Of each step: when it ends, passes so far, tokens it brought, its shape.
    """
    if draft == PLAIN:
        n = len(run.ar_ids)
        passes, rows, cycles = n, n - 1, 0
        steps: dict[str, Any] = {"ms": list(run.ar_ms), "passes": [1] * n, "tokens": [1] * n, "shape": [""] * n}
        ids = tuple(run.ar_ids)
    else:
        shapes = by_shape(run)
        passes, rows, cycles = measure(run).passes, sum(each.rows for each in shapes.values()), len(run.verdicts)
        judged = [cycle for cycle in run.cycles if cycle.verdict is not None]
        steps = {
            "ms": [measure(run).ttft_ms or 0.0, *run.ends_ms],
            "passes": [1, *(1 + (each.draft.pass_rows > 0) for each in judged)],
            "tokens": [1, *(each.verdict.n_commit for each in judged if each.verdict)],
            "shape": ["", *(each.draft.drafter for each in judged)],
        }
        ids = run.token_ids
    steps["ms"] = [round(value, 2) for value in steps["ms"]]
    steps["passes"] = list(accumulate(steps["passes"]))
    same = next((i for i, (a, b) in enumerate(zip(ids, wanted, strict=False)) if a != b), min(len(ids), len(wanted)))
    totals = {"tokens": len(ids), "passes": passes, "rows": rows, "cycles": cycles, "ms": steps["ms"][-1]}
    per_cycle = round((len(ids) - 1) / cycles, 2) if cycles else None
    return {"draft": draft, **totals, "tokens_per_cycle": per_cycle, "identical": same, "steps": steps}


def leading(lanes: Sequence[Mapping[str, Any]]) -> str:
    """The clock that leads, by the rule of a single run: time if the lane of fewest passes took less of it than plain
    decoding, else passes.
    """
    plain, best = _of(lanes, PLAIN), _fewest(lanes, "passes")
    return "ms" if best["passes"] < plain["passes"] and best["ms"] < plain["ms"] else "passes"


def result_of(lanes: Sequence[Mapping[str, Any]], clock: str) -> str:
    """Who won by the leading clock, against plain decoding, and by the other one."""
    plain = _of(lanes, PLAIN)
    said = []
    for key in (clock, "passes" if clock == "ms" else "ms"):
        best = _fewest(lanes, key)
        amount = [
            milliseconds(each["ms"]) if key == "ms" else counted(each["passes"], "pass") for each in (best, plain)
        ]
        values = {"name": called(best["draft"]).capitalize(), "amount": amount[0], "plain": amount[1]}
        said.append(say(f"drafters.won.{key}" if best is plain else f"drafters.result.{key}", **values))
    return " ".join(said)


def same_text(lanes: Sequence[Mapping[str, Any]], coupling: str | None) -> str:
    """Whether all texts are plain decoding's, from the counts."""
    ran = [each for each in lanes if "refused" not in each]
    n = _of(lanes, PLAIN)["tokens"]
    other = [each for each in ran if not each["identical"] == each["tokens"] == n]
    if not other:
        return say("drafters.texts.same", texts=len(ran), tokens=counted(n, "token"))
    if coupling == "rejection":
        return say("drafters.texts.rejection")
    places = [say("drafters.texts.place", name=called(each["draft"]), n=each["identical"] + 1) for each in other]
    return say("drafters.texts.other", places="; ".join(places))


def called(draft: str) -> str:
    """A drafter is called as on the command line."""
    return say("drafters.plain") if draft == PLAIN else draft


def _of(lanes: Sequence[Mapping[str, Any]], draft: str) -> Mapping[str, Any]:
    return next(each for each in lanes if each["draft"] == draft)


def _fewest(lanes: Sequence[Mapping[str, Any]], key: str) -> Mapping[str, Any]:
    return min((each for each in lanes if "refused" not in each), key=lambda each: each[key])
