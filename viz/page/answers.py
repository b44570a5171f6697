"""What the endpoints answer, as plain values: of a compared run, of a cycle, of a race of drafters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Any

from orthrus.config import DRAFTS
from orthrus.errors import OrthrusError
from orthrus.events import Draft, Prefill, Verdict
from orthrus.server.run import Run
from orthrus.server.run_manager import RunManager
from orthrus.server.updates import sentence
from orthrus.trace import Cycle, Trace
from orthrus.trace.metrics import measure
from viz.page.form import FormRequest
from viz.views import captions, drafter_lanes


def compared(trace: Trace) -> dict[str, Any]:
    """The summary of a run of both lanes."""
    check, start, metrics = trace.lossless, trace.start, measure(trace)
    assert check is not None and start is not None, "the run of both lanes is over"
    return {
        "verdict": check.verdict,
        "text": trace.text,
        "tokens": metrics.tokens,
        "tokens_compared": check.n_compared,
        "tokens_identical": check.identical,
        "rows_compared": check.rows_compared,
        "rows_equal": check.rows_equal,
        "passes": metrics.passes,
        "acceptance_length": metrics.acceptance_length,
        "speedup": metrics.speedup,
        "mode": start.model.mode,
    }


def explained(trace: Trace, number: int) -> dict[str, Any]:
    """Cycle `number` of a trace as plain values."""
    partial = Trace()
    captions_by_phase: dict[str | None, Any] = {}
    for event in trace.events:
        partial = partial.add(event)
        if isinstance(event, Prefill) or (isinstance(event, (Draft, Verdict)) and event.cycle == number):
            changes = captions.patch(event, partial)
            captions_by_phase |= {
                change.phase: {level: captions.spoken(said) for level, said in change.value.items()}
                for change in changes
                if change.key == "say"
            }
        if isinstance(event, Verdict) and event.cycle == number:
            break
    captions_by_phase.pop("prefill", None)
    return {"cycle": number, "says": captions_by_phase, **cycle_fields(trace.cycle(number), partial)}


def cycle_fields(cycle: Cycle, trace: Trace) -> dict[str, Any]:
    """The slots of a judged cycle and its numbers."""
    verdict, statuses = cycle.verdict, cycle.statuses()
    assert verdict is not None, "the cycle is judged"
    ids = (cycle.draft.anchor_id, *cycle.draft.draft_ids)
    return {
        "slots": [
            {"slot": slot, "text": trace.glyph(index).s, "id": index, "status": status}
            for slot, (index, status) in enumerate(zip(ids, statuses, strict=True))
        ],
        "next": None
        if verdict.next_id is None
        else {"text": trace.glyph(verdict.next_id).s, "kind": verdict.next_kind},
        "accepted": cycle.accepted,
        "committed": verdict.n_commit,
        "milliseconds": round(cycle.ms, 3),
    }


EVERY_S = 1.0  # seconds between messages of a race: few, because the browser may share the machine with the decoder
WARM_UP = 16  # most tokens of the run that is not counted


def raced(manager: RunManager, request: FormRequest, run: Run) -> Iterator[dict[str, Any]]:
    """Plain decoding and every drafter of the decoder on one prompt, one after the other: progress, then the race.

    A drafter that refuses the request takes part with its sentence.
    """
    short = replace(request.config, max_new_tokens=min(WARM_UP, request.config.max_new_tokens))
    traces: dict[str, Trace | OrthrusError] = {}
    yield from _measured(manager, request._replace(config=short, plain=True), run, "", traces)
    for draft in (drafter_lanes.PLAIN, *DRAFTS):
        yield from _measured(manager, request, run, draft, traces)
    del traces[""]
    yield drafter_lanes.race(traces)


def _measured(
    manager: RunManager, request: FormRequest, run: Run, draft: str, traces: dict[str, Trace | OrthrusError]
) -> Iterator[dict[str, Any]]:
    """One lane alone; its trace, or why there is none, goes into `traces`."""
    due, trace = monotonic() + EVERY_S, Trace()
    try:
        if draft in DRAFTS:
            drafter: dict[str, Any] = {"draft": draft}
            request = request._replace(config=replace(request.config, **drafter))
        elif draft:
            request = request._replace(plain=True)
        for _, trace in manager.follow(request, run):
            if draft and monotonic() >= due:
                due = monotonic() + EVERY_S
                yield {"type": "measuring", "draft": draft, "tokens": len(trace.token_ids) or len(trace.ar_ids)}
    except OrthrusError as error:
        if draft not in DRAFTS or trace.start is not None:
            raise
        traces[draft] = OrthrusError(error.code, sentence(str(error)))
        return
    if run.cancel.is_set():
        raise OrthrusError("run-ended", f"the race was stopped: {run.why or 'the run was ended'}")
    traces[draft] = trace
