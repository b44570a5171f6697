"""What the visitor may believe: live or recorded, on which machine and when, and whether the texts were compared."""

from __future__ import annotations

from typing import Any

from orthrus.events import Event, Lossless, RunStart
from orthrus.trace import Trace
from viz.board import number
from viz.changes import Change, merge, put

NAME = "badges"


def skeleton() -> dict[str, Any]:
    unchecked = {
        "tone": "quiet",
        "text": "not compared yet",
        "about": "Both lanes have not been compared token by token.",
    }
    return {"kind": "badges", "facts": {"source": {}, "lossless": unchecked, "prompt": "", "details": {}}}


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        last = event.prompt.messages[-1].content if event.prompt.messages else ""
        return [put("source", _source(event)), put("prompt", last), put("details", _details(event))]
    if isinstance(event, Lossless):
        return [put("lossless", _lossless(event))]
    if event.type == "done":
        return [merge("details", {"Instruments": _instruments(trace)})]
    return []


def _source(event: RunStart) -> dict[str, str]:
    live = event.source == "live"
    day = event.recorded_at[:10]
    text = f"Live on {event.host.device}" if live else f"Recorded on {event.host.device}, {day}"
    return {"tone": "live" if live else "recorded", "text": text}


def _details(event: RunStart) -> dict[str, str]:
    model, host, params = event.model, event.host, event.params
    sampling = "greedy" if params.mode == "greedy" else f"sampling ({params.coupling}), T = {params.temperature}"
    return {
        "Model": f"{model.id} ({model.revision[:12]})",
        "Arithmetic": f"{model.dtype}, {model.mode} mode, {model.attn_impl}",
        "Trained for the second view": f"{100 * model.trained_frac:.0f} % of the weights",
        "Machine": f"{host.device}, {host.kind}, {host.threads} threads",
        "Software": f"torch {host.torch}, transformers {host.transformers}, orthrus {host.app}",
        "Decoding": f"{sampling}, block {event.config.block}, at most {params.max_new_tokens} tokens",
        "Measured in this order": ", then ".join(
            {"orthrus": "Orthrus", "ar": "plain decoding"}[x] for x in event.lanes
        ),
        "Time": event.recorded_at,
    }


def _instruments(trace: Trace) -> str:
    metrics = trace.metrics()
    share = 100 * metrics.instr_ms / metrics.decode_ms if metrics.decode_ms else 0.0
    return f"{metrics.instr_ms:.1f} ms, {share:.0f} % on top of the decoding time; not part of any rate"


def _lossless(event: Lossless) -> dict[str, str]:
    counts = f"{event.identical}/{event.n_compared}"
    if event.verdict == "identical":
        return {
            "tone": "good",
            "text": f"identical {counts}",
            "about": "Every token equals plain decoding's. Computed in this run.",
        }
    gap = number(event.gap_block, 3)
    if event.verdict == "near_tie":
        about = f"The texts part at token {event.first_div}, where the two best candidates were {gap} logits apart."
        return {"tone": "warn", "text": f"near tie after {counts}", "about": about}
    about = f"The texts part at token {event.first_div}, and that was no near tie ({gap} logits): please report it."
    return {"tone": "bad", "text": f"differs after {counts}", "about": about}
