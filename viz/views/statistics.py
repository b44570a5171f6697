"""Statistics of a run: accepted lengths, survival by slot, and acceptance by kind of token and probability."""

from __future__ import annotations

from typing import Any

from orthrus.events import Done, Event, RunStart, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import number
from viz.language import say
from viz.patches import Change, merge, put
from viz.views import shapes
from viz.views.statistics_counts import BINS, CycleCounts, tally

NAME = "statistics"
NAME_LENGTH = 40  # characters of the prompt that name a run in a comparison
COLUMNS = (
    "length", "cycles", "cycles_share", "slot", "survival", "hazard", "judged", "entropy_slot", "q_H", "p_H", "kind",
    "kind_share", "kind_judged", "bin", "bin_share", "bin_judged", "draft", "draft_rate", "draft_cycles",
    "draft_passes", "draft_rows", "draft_tokens",
)  # fmt: skip
DRAFT_COUNTS = ("cycles", "passes", "rows", "tokens")
SHARE = {"tickformat": ".0%", "range": [0, 1.03]}
# runs kept for comparison: distinguished by dash and marker, because hue encodes who wrote a token
COMPARED = {
    "kind": "compare",
    "looks": [
        {"line": {"dash": "dash", "width": 1.5, "color": "@ink"}, "marker": {"symbol": "diamond-open", "size": 8}},
        {"line": {"dash": "dot", "width": 1.5, "color": "@ink"}, "marker": {"symbol": "square-open", "size": 7}},
        {"line": {"dash": "dashdot", "width": 1.5, "color": "@ink"}, "marker": {"symbol": "star-open", "size": 9}},
    ],
    "marks": ["◇", "□", "☆"],
    "opacity": 0.45,  # opacity of this run's bars, so that lines over them are visible
}


def skeleton() -> dict[str, Any]:
    return {
        "kind": "plot",
        "title": say("statistics.title"),
        "hint": say("statistics.hint"),
        "variants": [_lengths(), _survival(), _entropy(), _classes(), _sureness(), _drafts()],
        "extra": {**COMPARED, **{word: say(f"statistics.{word}") for word in ("keep", "about", "drop")}},
        "facts": {"columns": {**{name: [] for name in COLUMNS}, "diagonal": [0, 1]}, "note": "", "name": ""},
    }


def _variant(
    name: str,
    data: list[dict],
    table: tuple[str, ...],
    shares: dict[str, Any],
    mode: str = "lines+markers",
    **axes: Any,
) -> dict[str, Any]:
    """A picture and its table; `shares` is the look of the axis up, `mode` how kept runs are drawn over it."""
    layout = {
        "xaxis": {"title": {"text": say(f"statistics.across.{name}")}, **axes},
        "yaxis": {"title": {"text": say(f"statistics.up.{name}")}, **shares},
        "bargap": 0.15,
        "barmode": "overlay",
    }
    heads = [[say(f"statistics.column.{column}"), column] for column in table]
    compare = {"x": data[0]["x"], "y": data[0]["y"], "mode": mode}
    label = say(f"statistics.variant.{name}")
    return {"label": label, "data": data, "layout": layout, "table": heads, "compare": compare}


def _drawn(x: str, y: str) -> dict[str, Any]:
    hover = say(f"statistics.hover.{y}") + "<extra></extra>"
    return {"x": f"${x}", "y": f"${y}", "name": say(f"statistics.drawn.{y}"), "hovertemplate": hover}


def _bar(x: str, y: str, colour: str, of: str | None = None) -> dict[str, Any]:
    more = {} if of is None else {"customdata": f"${of}"}
    return {"type": "bar", "marker": {"color": colour, "line": {"width": 0}}, **_drawn(x, y), **more}


def _line(x: str, y: str, colour: str, **look: Any) -> dict[str, Any]:
    line = {"color": colour, "width": 2, **look}
    return {"type": "scatter", "mode": "lines+markers", "marker": {"size": 5}, "line": line, **_drawn(x, y)}


def _lengths() -> dict[str, Any]:
    bar = _bar("length", "cycles_share", "@accepted", "cycles")
    share = {"tickformat": ".0%", "rangemode": "tozero"}
    return _variant("lengths", [bar], ("length", "cycles", "cycles_share"), share, tickformat="d")


def _survival() -> dict[str, Any]:
    cut = _line("slot", "hazard", "@refused", dash="dot")
    cut["marker"] = {"size": 7, "symbol": "x-thin", "line": {"width": 2, "color": "@refused"}}
    data = [_bar("slot", "survival", "@accepted"), cut]
    return _variant("survival", data, ("slot", "survival", "hazard", "judged"), SHARE, tickformat="d")


def _entropy() -> dict[str, Any]:
    data = [_line("entropy_slot", "q_H", "@draft"), _line("entropy_slot", "p_H", "@ar", dash="dot")]
    return _variant("entropy", data, ("entropy_slot", "q_H", "p_H"), {"rangemode": "nonnegative"}, tickformat="d")


def _classes() -> dict[str, Any]:
    bar = _bar("kind", "kind_share", "@accepted", "kind_judged")
    return _variant("kinds", [bar], ("kind", "kind_share", "kind_judged"), SHARE, "markers")  # kinds are unordered


def _sureness() -> dict[str, Any]:
    bar = _bar("bin", "bin_share", "@draft", "bin_judged")
    fair = {**_line("diagonal", "diagonal", "@soft", dash="dash"), "mode": "lines"}
    table = ("bin", "bin_share", "bin_judged")
    return _variant("sure", [bar, fair], table, SHARE, tickformat=".0%", range=[0, 1])


def _drafts() -> dict[str, Any]:
    bar = _bar("draft", "draft_rate", "@soft", "draft_cycles")
    table = ("draft", *(f"draft_{name}" for name in DRAFT_COUNTS), "draft_rate")
    return _variant("drafts", [bar], table, {"rangemode": "tozero"}, "markers")


def patch(event: Event, trace: Trace) -> list[Change]:
    """At cycles 1, 2, 4, 8, ... and at the end: a tally reads every cycle, so this reads each about twice."""
    if isinstance(event, RunStart):
        return [put("name", called(event))]
    n = len(trace.verdicts)
    due = isinstance(event, Done) or (isinstance(event, Verdict) and n & (n - 1) == 0)
    if not due or not n:
        return []
    counts = tally(trace)
    found = columns(counts, trace) | (drafts(trace) if isinstance(event, Done) else {})
    return [merge("columns", found), put("note", _note(counts, trace))]


def columns(counts: CycleCounts, trace: Trace) -> dict[str, list[Any]]:
    lengths = range(max(counts.lengths) + 1) if counts.lengths else range(0)
    judged = {slot: counts.judged[slot] for slot in sorted(counts.judged)}
    kinds = {name: share for name, share in counts.classes.items() if share.of}
    bins = {(i + 0.5) / BINS: share for i, share in enumerate(counts.sure) if share.of}
    survival = [rounded(value) for value in measure(trace).survival[: len(judged)]]
    hazard = [1 - share.value if share.value is not None else None for share in judged.values()]
    return {
        "length": list(lengths),
        "cycles": [counts.lengths.get(n, 0) for n in lengths],
        "cycles_share": [rounded(counts.lengths.get(n, 0) / counts.cycles) for n in lengths],
        "slot": list(judged),
        "survival": survival,
        "hazard": [rounded(value) for value in hazard],
        "judged": [share.of for share in judged.values()],
        "entropy_slot": list(counts.q_H),
        "q_H": [rounded(mean.value) for mean in counts.q_H.values()],
        "p_H": [rounded(counts.p_H[slot].value) if slot in counts.p_H else None for slot in counts.q_H],
        "kind": [say(f"statistics.class.{name}") for name in kinds],
        "kind_share": [rounded(share.value) for share in kinds.values()],
        "kind_judged": [share.of for share in kinds.values()],
        "bin": list(bins),
        "bin_share": [rounded(share.value) for share in bins.values()],
        "bin_judged": [share.of for share in bins.values()],
    }


def drafts(trace: Trace) -> dict[str, list[Any]]:
    """Cycles, passes, rows and tokens of each kind of draft; once, at the end, to send fewer bytes."""
    found = shapes.by_shape(trace)
    counts = {f"draft_{name}": [getattr(n, name) for n in found.values()] for name in DRAFT_COUNTS}
    rates = [round(n.tokens / n.cycles, 2) for n in found.values()]
    return {"draft": [shapes.name(each) for each in found], **counts, "draft_rate": rates}


def called(start: RunStart) -> str:
    """A run's name in a comparison: the beginning of its prompt."""
    prompt = " ".join(start.prompt.messages[-1].content.split()) if start.prompt.messages else ""
    if not prompt:
        return start.run
    return f"“{prompt}”" if len(prompt) <= NAME_LENGTH else f"“{prompt[: NAME_LENGTH - 1].rstrip()}…”"


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _note(counts: CycleCounts, trace: Trace) -> str:
    guesses = sum(share.of for share in counts.judged.values())
    mean = number(measure(trace).acceptance_length)
    return say("statistics.note", cycles=counts.cycles, guesses=guesses, mean=mean)
