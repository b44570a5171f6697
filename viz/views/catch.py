"""What is the catch? What drafting costs, with the numbers of this run: rows, arithmetic, bytes, memory and time."""

from __future__ import annotations

from typing import Any

from orthrus.events import Done, Event
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import not_measured, number, times
from viz.language import localized, say
from viz.patches import Change, put
from viz.views import headline, pass_costs, shapes
from viz.views.cache_rows import size_text
from viz.views.pass_costs import REFERENCE, Lane

NAME = "catch"
MIDDLE = 8  # rows of the middle bar
HEADS = ("draft", "cycles", "passes", "rows", "kept", "per-token")  # of the table by the shape of the draft


def skeleton() -> dict[str, Any]:
    return {
        "kind": "catch",
        "title": say("catch.title"),
        "hint": say("catch.hint"),
        "waiting": say("catch.waiting"),
        "picture": say("catch.picture"),
        "tabled": say("catch.tabled"),
        "heads": ["", say("catch.head.plain"), "Orthrus"],
        "shaped": say("catch.shaped"),
        "shapeHeads": [say(f"catch.shape.{head}") for head in HEADS],
        "facts": {"answer": None},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    """All at the end, because every number is one of the whole run."""
    if not isinstance(event, Done) or not trace.verdicts:
        return []
    answer = {
        "equation": equation(trace),
        "say": [*verdict(trace), f"{say('catch.gpu', rows=trace.block)} {say('catch.cpu')}"],
        "groups": groups(trace),
        "table": table(trace),
        "memory": memory(trace),
        "shapes": by_shape(trace),
    }
    return [put("answer", answer)]


def equation(trace: Trace) -> list[list[str]]:
    """The speed as passes against time per pass: tokens / passes = plain passes per pass of Orthrus, and that divided
    by the speed is how much longer its passes took. Empty if plain decoding did not write as many tokens.
    """
    metrics = measure(trace)
    if metrics.speedup is None or metrics.tpf is None or not (metrics.compared and metrics.compared.whole):
        return []
    return [
        [times(metrics.tpf), say("catch.equation.passes")],
        [times(metrics.tpf / metrics.speedup), say("catch.equation.time")],
        [times(metrics.speedup), say("catch.equation.speed")],
    ]


def verdict(trace: Trace) -> list[str]:
    """The break-even line in words, then what the same run would be if wide passes cost as much as narrow ones."""
    need, metrics, device = headline.break_even(trace), measure(trace), headline.device(trace)
    wrote = say("catch.wrote", tokens=number(metrics.tokens_per_cycle))
    flat = headline.theory(trace)
    if need is None:
        return [f"{wrote} {say('catch.unmeasured')}", flat]
    won = (metrics.tokens_per_cycle or 0) > need
    return [f"{wrote} {say('catch.won' if won else 'catch.lost', passes=number(need), device=device)}", flat]


def groups(trace: Trace) -> list[dict[str, Any]]:
    """Groups of bars: rows -> multiple of a pass over one row."""
    rows = sorted({1, min(MIDDLE, trace.block), trace.block})
    found = [*_computed(trace, rows), *_timed(trace, rows)]
    return [{"name": name, "about": about, "bars": bars} for name, about, bars in found]


def _computed(trace: Trace, rows: list[int]) -> list[tuple[str, str, list[Any]]]:
    start = trace.start
    if start is None or (c := pass_costs.shape(start)) is None:
        return []
    before = len(start.prompt.ids) + len(trace.tokens) // 2  # the middle of the text
    works = [pass_costs.one_pass(c, start.model.dtype, n, before) for n in rows]
    return [
        (*_group(key), [_bar(n, getattr(w, key) / getattr(works[0], key)) for n, w in zip(rows, works, strict=True)])
        for key in ("flops", "bytes")
    ]


def _timed(trace: Trace, rows: list[int]) -> list[tuple[str, str, list[Any]]]:
    """This run's pass times; what it has no pass for comes from the reference, if that is a CPU's, too."""
    ms, cpu = pass_costs.measured(trace), bool(trace.start) and trace.start.host.kind == "cpu"
    apart = [_bar(n, REFERENCE[n] / REFERENCE[1]) for n in rows if n in REFERENCE]
    if 1 not in ms or trace.block not in ms or trace.block == 1:
        return [(*_group("apart"), apart)]
    bars = [_bar(n, ms[n] / ms[1]) for n in rows if n in ms]
    borrowed = cpu and MIDDLE in rows and MIDDLE not in ms
    if borrowed:
        bars.insert(1, _bar(MIDDLE, REFERENCE[MIDDLE] / REFERENCE[1]))
    values = {"rows": MIDDLE, "machine": say("catch.machine"), "ms": localized(f"{ms[1]:.3g}")}
    about = say("catch.about.time-apart" if borrowed else "catch.about.time", **values)
    own = (say("catch.group.time", device=headline.device(trace)), about, bars)
    return [own] if cpu else [own, (*_group("apart"), apart)]


def _group(key: str) -> tuple[str, str]:
    return say(f"catch.group.{key}"), say(f"catch.about.{key}", machine=say("catch.machine"))


def _bar(rows: int, multiple: float) -> list[Any]:
    return [rows, round(multiple, 4)]


def table(trace: Trace) -> list[list[str]]:
    """Rows of [what, plain decoding, Orthrus], per token that passes wrote: all but the prompt's first."""
    n, ours, theirs = len(trace.tokens) - 1, pass_costs.drafted(trace), pass_costs.plain(trace)
    time = [
        say("catch.row.time"),
        *(_ms(rate) for rate in (measure(trace).ar_tokens_per_s, measure(trace).tokens_per_s)),
    ]
    if n < 1 or ours is None or theirs is None:
        return [time]

    def per_token(lane: Lane) -> list[str]:
        passes, rows = (localized(f"{value / n:.3g}") for value in (lane.passes, lane.rows))
        return [passes, rows, _flops(lane.flops / n), size_text(lane.bytes / n)]

    heads = [say(f"catch.row.{row}") for row in ("passes", "rows", "arithmetic", "bytes")]
    return [*map(list, zip(heads, per_token(theirs), per_token(ours), strict=True)), time]


def by_shape(trace: Trace) -> list[list[str]]:
    """A row for each shape of draft in the run; empty if all drafts were chains, which the table above counts."""
    found = shapes.by_shape(trace)
    if set(found) <= {shapes.CHAIN}:
        return []
    return [
        [shapes.name(each), *map(str, (n.cycles, n.passes, n.rows, n.tokens)), number(n.rows / max(1, n.tokens))]
        for each, n in found.items()
    ]


def _ms(rate: float | None) -> str:
    return not_measured() if rate is None else say("number.milliseconds", value=localized(f"{1e3 / rate:.3g}"))


def _flops(value: float) -> str:
    for unit in ("FLOP", "kFLOP", "MFLOP", "GFLOP"):
        if value < 1000:
            return f"{localized(f'{value:.3g}')} {unit}"
        value /= 1000
    return f"{localized(f'{value:.3g}')} TFLOP"


def memory(trace: Trace) -> str:
    """What Orthrus holds beyond the KV cache that plain decoding has as well."""
    if trace.start is None:
        return ""
    block = size_text(measure(trace).block_bytes)
    if (weights := pass_costs.second_attention(trace.start)) is None:
        return say("catch.memory.unknown", block=block)
    return say("catch.memory.known", weights=size_text(weights), block=block)
