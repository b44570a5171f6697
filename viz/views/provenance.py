"""Provenance badges: live or recorded, machine and date, and whether the texts were compared."""

from __future__ import annotations

from typing import Any

from orthrus.events import Done, Event, Lossless, RunStart
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import general, number, percent
from viz.language import say
from viz.patches import Change, merge, put

NAME = "badges"


def machine() -> list[str]:
    """The details without which two runs' times cannot be compared."""
    return [_detail("machine"), _detail("software")]


def uncompared() -> list[str]:
    """The details that differ in any two runs."""
    return [_detail("time"), _detail("telemetry")]


def _detail(key: str) -> str:
    return say(f"badges.detail.{key}")


def _badge(key: str) -> dict[str, str]:
    return {"tone": "quiet", "text": say(f"badges.{key}.text"), "about": say(f"badges.{key}.about")}


def in_distribution() -> dict[str, str]:
    """The badge of a run whose two texts are draws of one distribution."""
    return _badge("distribution")


def skeleton() -> dict[str, Any]:
    return {
        "kind": "badges",
        "state": {"lossless": _badge("unchecked")},
        "facts": {"source": {}, "prompt": "", "details": {}},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        last = event.prompt.messages[-1].content if event.prompt.messages else ""
        changes = [put("source", source(event)), put("prompt", last), put("details", _details(event))]
        return changes
    if isinstance(event, Done):
        return [merge("details", {_detail("telemetry"): _telemetry(trace)}), put("lossless", _verdict(trace), "finish")]
    return []


def _verdict(trace: Trace) -> dict[str, str]:
    """The badge of the comparison, which the playhead reaches when both texts are there."""
    if trace.start is not None and trace.start.params.coupling == "rejection":
        return in_distribution()
    return compared(trace.lossless, trace) if trace.lossless else _badge("uncompared")


def source(event: RunStart) -> dict[str, str]:
    live = event.source == "live"
    day = event.recorded_at[:10]
    text = say("badges.source.live" if live else "badges.source.recorded", device=event.host.device, day=day)
    return {"tone": "live" if live else "recorded", "text": text}


def _details(event: RunStart) -> dict[str, str]:
    model, host, params = event.model, event.host, event.params
    order = say("badges.then").join(say(f"badges.lane.{lane}") for lane in event.lanes)
    details = {
        "model": f"{model.id} ({model.revision[:12]})",
        "arithmetic": f"{model.dtype}, {model.attn_impl}",
        "trained": say("badges.trained", share=percent(model.trained_frac)),
        "machine": say("badges.machine", device=host.device, kind=host.kind, threads=host.threads),
        "software": f"torch {host.torch}, transformers {host.transformers}, orthrus {host.app}",
        "decoding": say("badges.decoding", rule=decoding(event), tokens=params.max_new_tokens),
        "order": order,
        "time": event.recorded_at,
    }
    return {_detail(key): value for key, value in details.items()}


def decoding(event: RunStart) -> str:
    """The run's sampling rule and block size in words."""
    params = event.params
    rule = say("badges.greedy")
    if params.mode == "sample":
        filters = {"top-k": params.top_k, "top-p": params.top_p}
        text = "".join(f", {name} {general(value)}" for name, value in filters.items() if value is not None)
        values = {"temperature": general(params.temperature), "filters": text, "seed": str(params.seed)}
        rule = say("badges.sampling", **values, coupling=str(params.coupling))
    return say("badges.rule", rule=rule, block=event.config.block)


def _telemetry(trace: Trace) -> str:
    metrics = measure(trace)
    share = metrics.instr_ms / metrics.decode_ms if metrics.decode_ms else 0.0
    return say("badges.telemetry", ms=number(metrics.instr_ms), share=percent(share))


def compared(event: Lossless, trace: Trace) -> dict[str, str]:
    """The badge of a finished comparison."""
    seed = trace.start.params.seed if trace.start else None
    counts = f"{event.identical}/{event.n_compared}"
    if seed is not None:
        counts = say("badges.seeded", counts=counts, seed=seed)
    values = {"counts": counts, "at": event.first_div or 0, "gap": number(event.gap_block, 3), "seed": str(seed)}
    if event.verdict == "identical":
        about = say("badges.identical.about" if seed is None else "badges.identical.seeded", **values)
        return {"tone": "good", "text": say("badges.identical.text", **values), "about": about}
    tone, key = ("warn", "near-tie") if event.verdict == "near_tie" else ("bad", "mismatch")
    return {"tone": tone, "text": say(f"badges.{key}.text", **values), "about": say(f"badges.{key}.about", **values)}
