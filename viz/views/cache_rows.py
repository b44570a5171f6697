"""The shared KV cache: which view reads, which writes, and what is cropped."""

from __future__ import annotations

from typing import Any

from orthrus.events import Draft, Event, Prefill, RunStart, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.patches import Change, put
from viz.views.words import counted

NAME = "cache"
ROUND_TO = 64  # rows; the strip's scale grows in steps, so that it does not change with every cycle


def skeleton() -> dict[str, Any]:
    return {
        "kind": "strip",
        "title": "One shared KV cache",
        "hint": "The model's memory of the text: a row of keys and values per token. The diffusion view only reads it. "
        "The AR view writes a row for each slot of the block, and every row after the last kept guess is cut off.",
        "parts": {
            "prompt": "prompt",
            "text": "text",
            "temp": "guesses: not stored",
            "written": "written by the AR view",
            "cropped": "✂ cut off",
        },
        "state": {"bar": [], "lines": []},
        "facts": {"rows": 1},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    if isinstance(event, RunStart):
        return [put("rows", _scale(len(event.prompt.ids), event.config.block))]
    if isinstance(event, Prefill):
        lines = [f"{event.kv_len} rows, {_bytes(event.kv_len, trace)}", "The prompt is read once."]
        return [put("bar", [["prompt", event.kv_len]], "prefill"), put("lines", lines, "prefill")]
    if isinstance(event, Draft):
        return [*_rescaled(event, trace), *_drafted(event, trace)]
    if isinstance(event, Verdict):
        return _judged(event, trace)
    return []


def _drafted(event: Draft, trace: Trace) -> list[Change]:
    adds = f"The diffusion view's block adds {_bytes(event.pass_rows, trace)} for one pass, never stored."
    if not event.pass_rows:
        adds = "The diffusion view makes no pass this time."
    lines = [f"{event.pos0} rows, {_bytes(event.pos0, trace)}", adds]
    bar = [*_stored(event.pos0, trace), ["temp", event.pass_rows]]
    return [put("bar", bar, "draft"), put("lines", lines, "draft")]


def _judged(event: Verdict, trace: Trace) -> list[Change]:
    kv, metrics = event.kv, measure(trace)
    share = 100 * metrics.kv_cropped / metrics.kv_written if metrics.kv_written else 0
    whole = f"So far {metrics.kv_cropped:,} of {metrics.kv_written:,} rows were cut off, {share:.0f} %."
    during = [
        f"{kv.before + kv.written} rows, {_bytes(kv.before + kv.written, trace)}",
        f"The AR view writes {counted(kv.written, 'row')}.",
    ]
    after = [
        f"{kv.before + kv.kept} rows, {_bytes(kv.before + kv.kept, trace)}",
        f"{kv.written} rows written, {kv.kept} kept: the anchor's and one per kept guess. ✂ {kv.cropped} cut off. "
        f"{whole}",
    ]
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


def _bytes(rows: int, trace: Trace) -> str:
    size = rows * (trace.start.kv_bytes_per_token if trace.start else 0)
    return size_text(size)


def size_text(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
