"""The shared KV cache: which view reads, which writes, and what is cropped."""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event, Prefill, RunStart, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import grouped, number, percent
from viz.language import say
from viz.patches import Change, put
from viz.views.words import counted

NAME = "cache"
PARTS = ("prompt", "text", "temp", "written", "cropped")
ROUND_TO = 64  # rows; the strip's scale grows in steps, so that it does not change with every cycle


def skeleton() -> dict[str, Any]:
    return {
        "kind": "strip",
        "title": say("cache.title"),
        "hint": say("cache.hint"),
        "parts": {part: say(f"cache.part.{part}") for part in PARTS},
        "state": {"bar": [], "lines": []},
        "facts": {"rows": 1},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        return [put("rows", _scale(len(event.prompt.ids), event.config.block))]
    if isinstance(event, Prefill):
        lines = [_size(event.kv_len, trace), say("cache.prompt")]
        return [put("bar", [["prompt", event.kv_len]], "prefill"), put("lines", lines, "prefill")]
    if isinstance(event, Draft):
        return [*_rescaled(event, trace), *_drafted(event, trace)]
    if isinstance(event, Verdict):
        return _judged(event, trace)
    return []


def _drafted(event: Draft, trace: Trace) -> list[Change]:
    adds = say("cache.adds", size=_bytes(event.pass_rows, trace)) if event.pass_rows else say("cache.no-pass")
    lines = [_size(event.pos0, trace), adds]
    bar = [*_stored(event.pos0, trace), ["temp", event.pass_rows]]
    return [put("bar", bar, "draft"), put("lines", lines, "draft")]


def _judged(event: Verdict, trace: Trace) -> list[Change]:
    kv, metrics = event.kv, measure(trace)
    share = percent(metrics.kv_cropped / metrics.kv_written if metrics.kv_written else 0)
    cut, all_written = grouped(metrics.kv_cropped), grouped(metrics.kv_written)
    during = [_size(kv.before + kv.written, trace), say("cache.writes", rows=counted(kv.written, "row"))]
    kept = say("cache.kept", written=kv.written, kept=kv.kept, cropped=kv.cropped)
    whole = say("cache.so-far", cut=cut, written=all_written, share=share)
    after = [_size(kv.before + kv.kept, trace), f"{kept} {whole}"]
    stored = _stored(kv.before, trace)
    return [
        put("bar", [*stored, ["written", kv.written]], "verify"),
        put("lines", during, "verify"),
        put("bar", [*_stored(kv.before + kv.kept, trace), ["cropped", kv.cropped]], "commit"),
        put("lines", after, "commit"),
    ]


def _stored(rows: int, trace: Trace) -> list[list[Any]]:
    prompt = trace.prefill.kv_len if trace.prefill else 0
    return [["prompt", prompt], ["text", rows - prompt]]


def _rescaled(event: Draft, trace: Trace) -> list[Change]:
    rows, before = _scale(event.pos0, trace.block), _scale(event.pos0 - 1, trace.block)
    last = trace.cycle(event.cycle - 1).draft.pos0 if event.cycle else None
    before = _scale(last, trace.block) if last is not None else before
    return [put("rows", rows)] if rows != before else []


def _scale(rows: int, block: int) -> int:
    return -(-(rows + block) // ROUND_TO) * ROUND_TO


def _size(rows: int, trace: Trace) -> str:
    return say("cache.size", n=rows, size=_bytes(rows, trace))


def _bytes(rows: int, trace: Trace) -> str:
    size = rows * (trace.start.kv_bytes_per_token if trace.start else 0)
    return size_text(size)


def size_text(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{number(size, 0 if unit == 'B' else 1)} {unit}"
        size /= 1024
    return f"{number(size)} GiB"
