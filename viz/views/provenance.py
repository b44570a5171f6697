"""Provenance badges: live or recorded, machine and date, and whether the texts were compared."""

from __future__ import annotations

from typing import Any

from orthrus.events import Done, Event, Lossless, RunStart
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import number
from viz.patches import Change, merge, put

NAME = "badges"
# details that the comparison of two runs asks for: where times can be compared, and what differs in any two runs
MACHINE, UNCOMPARED = ("Machine", "Software"), ("Time", "Telemetry")
DISTRIBUTION = {
    "tone": "quiet",
    "text": "equal in distribution",
    "about": "Under rejection the two texts are two draws of one distribution: they are not compared token by token.",
}
NOT_COMPARED = {
    "tone": "quiet",
    "text": "texts not compared",
    "about": "Plain decoding did not run, or was stopped, so there is no second text.",
}


def skeleton() -> dict[str, Any]:
    unchecked = {
        "tone": "quiet",
        "text": "texts not compared yet",
        "about": "Whether both texts are the same is told when both have been shown.",
    }
    return {
        "kind": "badges",
        "state": {"lossless": unchecked},
        "facts": {"source": {}, "prompt": "", "details": {}},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        last = event.prompt.messages[-1].content if event.prompt.messages else ""
        changes = [put("source", source(event)), put("prompt", last), put("details", _details(event))]
        return changes
    if isinstance(event, Done):
        return [merge("details", {"Telemetry": _telemetry(trace)}), put("lossless", _verdict(trace), "finish")]
    return []


def _verdict(trace: Trace) -> dict[str, str]:
    """The badge of the comparison, which the playhead reaches when both texts are there."""
    if trace.start is not None and trace.start.params.coupling == "rejection":
        return DISTRIBUTION
    return compared(trace.lossless, trace) if trace.lossless else NOT_COMPARED


def source(event: RunStart) -> dict[str, str]:
    live = event.source == "live"
    day = event.recorded_at[:10]
    text = f"Live on {event.host.device}" if live else f"Recorded on {event.host.device}, {day}"
    return {"tone": "live" if live else "recorded", "text": text}


def _details(event: RunStart) -> dict[str, str]:
    model, host, params = event.model, event.host, event.params
    return {
        "Model": f"{model.id} ({model.revision[:12]})",
        "Arithmetic": f"{model.dtype}, {model.attn_impl}",
        "Trained for the diffusion view": f"{100 * model.trained_frac:.0f} % of the weights",
        "Machine": f"{host.device}, {host.kind}, {host.threads} threads",
        "Software": f"torch {host.torch}, transformers {host.transformers}, orthrus {host.app}",
        "Decoding": f"{decoding(event)}, at most {params.max_new_tokens} tokens",
        "Measured in this order": ", then ".join(
            {"orthrus": "Orthrus", "ar": "plain decoding"}[x] for x in event.lanes
        ),
        "Time": event.recorded_at,
    }


def decoding(event: RunStart) -> str:
    """The run's sampling rule and block size in words."""
    params = event.params
    rule = "greedy"
    if params.mode == "sample":
        filters = {"top-k": params.top_k, "top-p": params.top_p}
        text = "".join(f", {name} {value:g}" for name, value in filters.items() if value is not None)
        rule = f"sampling at temperature {params.temperature:g}{text}, seed {params.seed}, coupling {params.coupling}"
    return f"{rule}, block size {event.config.block}"


def _telemetry(trace: Trace) -> str:
    metrics = measure(trace)
    share = 100 * metrics.instr_ms / metrics.decode_ms if metrics.decode_ms else 0.0
    return f"{metrics.instr_ms:.1f} ms, {share:.0f} % on top of the decoding time; not part of any rate"


def compared(event: Lossless, trace: Trace) -> dict[str, str]:
    """The badge of a finished comparison."""
    seed = trace.start.params.seed if trace.start else None
    counts = f"{event.identical}/{event.n_compared}" + ("" if seed is None else f", seed {seed}")
    if event.verdict == "identical":
        other = "plain decoding" if seed is None else f"plain sampling with the same seed, {seed}"
        return {
            "tone": "good",
            "text": f"identical {counts}",
            "about": f"Every token equals that of {other}. Computed in this run.",
        }
    gap = number(event.gap_block, 3)
    if event.verdict == "near_tie":
        about = f"The texts part at token {event.first_div}, where the two best candidates were {gap} logits apart."
        return {"tone": "warn", "text": f"near tie after {counts}", "about": about}
    about = f"The texts part at token {event.first_div}, and that was no near tie ({gap} logits): please report it."
    return {"tone": "bad", "text": f"differs after {counts}", "about": about}
