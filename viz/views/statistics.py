"""Statistics of a run: accepted lengths, survival by slot, and acceptance by kind of token and probability."""

from __future__ import annotations

from typing import Any

from orthrus.events import Done, Event, RunStart, Verdict
from orthrus.trace import Trace
from orthrus.trace.metrics import measure
from viz.format import number
from viz.patches import Change, put
from viz.views.statistics_counts import BINS, CycleCounts, tally

NAME = "statistics"
NAME_LENGTH = 40  # characters of the prompt that name a run in a comparison
COLUMNS = (
    "length", "cycles", "cycles_share", "slot", "survival", "hazard", "judged", "entropy_slot", "q_H", "p_H", "kind",
    "kind_share", "kind_judged", "bin", "bin_share", "bin_judged", "diagonal",
)  # fmt: skip
# runs kept for comparison: distinguished by dash and marker, because hue encodes who wrote a token
COMPARED = {
    "kind": "compare",
    "keep": "Keep this run to compare",
    "about": "Then open another recording or run your own prompt: up to 4 runs in one picture.",
    "drop": "Remove",
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
        "title": "Statistics",
        "hint": "Over all judged cycles of this run. Only guesses that the AR view judged count as right or refused.",
        "variants": [_lengths(), _survival(), _entropy(), _classes(), _sureness()],
        "extra": COMPARED,
        "facts": {"columns": {name: [] for name in COLUMNS}, "note": "", "name": ""},
    }


def _variant(label: str, data: list[dict], x: str, y: str, table: list[list[str]], **axes: Any) -> dict[str, Any]:
    shares = {"tickformat": ".0%", "range": [0, 1.03]} if y.startswith("share") else {"rangemode": "nonnegative"}
    layout = {
        "xaxis": {"title": {"text": x}, **axes},
        "yaxis": {"title": {"text": y}, **shares},
        "bargap": 0.15,
        "barmode": "overlay",
    }
    mode = "markers" if y == "share accepted" and x.startswith("kind") else "lines+markers"  # kinds are unordered
    compare = {"x": data[0]["x"], "y": data[0]["y"], "mode": mode}
    return {"label": label, "data": data, "layout": layout, "table": table, "compare": compare}


def _bar(x: str, y: str, colour: str, name: str, hover: str, of: str | None = None) -> dict[str, Any]:
    chart = {"type": "bar", "x": x, "y": y, "name": name, "marker": {"color": colour, "line": {"width": 0}}}
    more = {} if of is None else {"customdata": of}
    return {**chart, **more, "hovertemplate": hover + "<extra></extra>"}


def _line(x: str, y: str, colour: str, name: str, hover: str, **look: Any) -> dict[str, Any]:
    line = {"color": colour, "width": 2, **look}
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "marker": {"size": 5},
        "x": x,
        "y": y,
        "name": name,
        "line": line,
        "hovertemplate": hover + "<extra></extra>",
    }


def _lengths() -> dict[str, Any]:
    hover = "%{x} guesses accepted: %{customdata} cycles, %{y:.0%}"
    bar = _bar("$length", "$cycles_share", "@accepted", "cycles", hover, "$cycles")
    table = [["guesses accepted", "length"], ["cycles", "cycles"], ["share of the cycles", "cycles_share"]]
    shown = _variant(
        "accepted in a row", [bar], "guesses accepted in a cycle", "share of the cycles", table, tickformat="d"
    )
    shown["layout"]["yaxis"] = {"title": {"text": "share of the cycles"}, "tickformat": ".0%", "rangemode": "tozero"}
    return shown


def _survival() -> dict[str, Any]:
    still = _bar("$slot", "$survival", "@accepted", "still accepted", "slot %{x}: accepted in %{y:.0%} of the cycles")
    cut = _line("$slot", "$hazard", "@refused", "refused here, once reached", "slot %{x}: %{y:.0%} refused", dash="dot")
    cut["marker"] = {"size": 7, "symbol": "x-thin", "line": {"width": 2, "color": "@refused"}}
    table = [["slot", "slot"], ["share accepted", "survival"], ["share refused once reached", "hazard"],
             ["guesses judged", "judged"]]  # fmt: skip
    return _variant("survival", [still, cut], "slot in the block", "share of the cycles", table, tickformat="d")


def _entropy() -> dict[str, Any]:
    q = _line("$entropy_slot", "$q_H", "@draft", "diffusion view, all slots", "slot %{x}: %{y:.2f} nats")
    p = _line("$entropy_slot", "$p_H", "@ar", "AR view, judged slots", "slot %{x}: %{y:.2f} nats", dash="dot")
    table = [["slot", "entropy_slot"], ["diffusion view, nats", "q_H"], ["AR view where it judged, nats", "p_H"]]
    return _variant("entropy", [q, p], "slot in the block", "mean entropy, nats", table, tickformat="d")


def _classes() -> dict[str, Any]:
    hover = "%{x}: %{y:.0%} accepted of %{customdata} judged"
    bar = _bar("$kind", "$kind_share", "@accepted", "accepted", hover, "$kind_judged")
    table = [["kind of token", "kind"], ["share accepted", "kind_share"], ["guesses judged", "kind_judged"]]
    return _variant("kinds of tokens", [bar], "kind of the guessed token", "share accepted", table)


def _sureness() -> dict[str, Any]:
    hover = "%{x:.0%} sure: %{y:.0%} accepted of %{customdata} judged"
    bar = _bar("$bin", "$bin_share", "@draft", "accepted", hover, "$bin_judged")
    fair = _line("$diagonal", "$diagonal", "@soft", "as sure as it should be", "%{x:.0%}", dash="dash")
    table = [["sure, middle of the range", "bin"], ["share accepted", "bin_share"], ["guesses judged", "bin_judged"]]
    return _variant(
        "sure and right", [bar, {**fair, "mode": "lines"}], "how sure the diffusion view was", "share accepted", table,
        tickformat=".0%", range=[0, 1],
    )  # fmt: skip


def patch(event: Event, trace: Trace) -> list[Change]:
    """At cycles 1, 2, 4, 8, ... and at the end: a tally reads every cycle, so this reads each about twice."""
    if isinstance(event, RunStart):
        return [put("name", called(event))]
    n = len(trace.verdicts)
    due = isinstance(event, Done) or (isinstance(event, Verdict) and n & (n - 1) == 0)
    if not due or not n:
        return []
    counts = tally(trace)
    return [put("columns", columns(counts, trace)), put("note", _note(counts, trace))]


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
        "kind": list(kinds),
        "kind_share": [rounded(share.value) for share in kinds.values()],
        "kind_judged": [share.of for share in kinds.values()],
        "bin": list(bins),
        "bin_share": [rounded(share.value) for share in bins.values()],
        "bin_judged": [share.of for share in bins.values()],
        "diagonal": [0, 1],
    }


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
    return f"{counts.cycles} cycles, {guesses} guesses judged; {mean} accepted in a row on average."
