"""The page's measured figures as tables: their bars stand here, and docs/page.md is filled from here."""

from __future__ import annotations

from typing import Any

from benchmarks.report.tables import table

BARS = {
    "fps_playing": 59,
    "fps_desktop": 50,
    "fps_phone": 30,
    "answer_ms": 50,
    "motion_ms": 1500,
    "chart_ms": 2000,
    "shift": 0.01,
}
VIEW_BYTES = 1500  # of one event for one view
OWN_BYTES = {
    "words": 30_000,  # the spelling of ids seen for the first time
    "record": 400_000,  # the run itself, once, at its end
    "inspector": 3000,  # five alternatives of every slot, from each of the two views
    "tour": 2000,  # once, at the end of a run
    "catch": 2000,  # as the tour
    "statistics": 3000,  # all of them, but only at cycles 1, 2, 4, 8, ...
}
EVENT_BYTES = 6000  # the mean over a run of what one event brings all views, without the run itself


def page(result: dict[str, Any]) -> str:
    """All tables of benchmarks/results/page.json, with where and when they were measured."""
    versions, machine = result["versions"], result["machine"]
    where = f"{machine['device']}, {machine['cores']} cores, Chromium {result['browser']} without a GPU"
    closing = f"{where}, gradio {versions['gradio']}, {result['measured_at'][:10]}, commit `{result['commit']}`."
    tables = (streaming(result), memory(result), bytes_by_view(result), answers(result), first(result))
    return "\n\n".join((*tables, closing))


def streaming(result: dict[str, Any]) -> str:
    rows = []
    for name, run in result["playing"].items():
        shown = [f"{run['fps']:.0f}", BARS["fps_playing"], f"{run['gap_p99_ms']:.0f}", f"{run['gap_max_ms']:.0f}"]
        rows.append([f"{name}, {run['width']} px", "a run that plays", *shown, ""])
    for name, run in result["streaming"].items():
        shown = [f"{run['fps']:.0f}", BARS[f"fps_{name}"], f"{run['gap_p99_ms']:.0f}", f"{run['gap_max_ms']:.0f}"]
        sent = f"{run['events']} at {run['rate']:.0f} a second"
        rows.append([f"{name}, {run['width']} px", sent, *shown, f"{run['lost']} of {run['messages']}"])
    head = ["width", "events", "frames a second", "at least", "gap p99, ms", "longest, ms", "messages lost"]
    return table(head, rows)


def memory(result: dict[str, Any]) -> str:
    rows = [
        [sample["events"], f"{sample['heap'] / 1e6:.1f}", sample["nodes"], sample["listeners"]]
        for sample in result["memory"]
    ]
    return table(["events so far", "JS heap, MB", "DOM nodes", "listeners"], rows)


def bytes_by_view(result: dict[str, Any]) -> str:
    views = result["bytes"]["views"]
    rows = [[name, f"{v['mean']:.0f}", v["most"], OWN_BYTES.get(name, VIEW_BYTES)] for name, v in views.items()]
    everything = result["bytes"]["event"]
    rows.append(["all, a mean event", f"{everything:.0f}", "", EVENT_BYTES])
    return table(["view", "mean bytes of an event", "most", "at most"], rows)


def answers(result: dict[str, Any]) -> str:
    rows = [
        [name, a["n"], f"{a['p50_ms']:.0f}", f"{a['p95_ms']:.0f}", BARS["answer_ms"], f"{a['settled_ms']:.0f}"]
        for name, a in result["answers"].items()
    ]
    head = ["what", "times", "next frame p50, ms", "p95, ms", "at most", "all charts redrawn p50, ms"]
    return table(head, rows) + f"\n\nRequests caused by all of them: {result['requests']}."


def first(result: dict[str, Any]) -> str:
    visit = result["first"]
    known = {
        "paint_ms": ("navigation to first paint", ""),
        "motion_ms": ("navigation to first motion of race and block", BARS["motion_ms"]),
        "chart_chart_ms": ("navigation to the first chart, by a link to its tab", BARS["chart_ms"]),
        "form_ms": ("navigation to the form", ""),
        "bare_form_ms": ("a bare page of the framework: a field and a button", ""),
        "alone_motion_ms": ("first motion without the framework's scripts", ""),
    }
    rows = [[words, f"{visit[key]:.0f}", bar] for key, (words, bar) in known.items() if key in visit]
    if "shift" in visit:
        rows.append(["layout shift of the whole visit, no unit", f"{visit['shift']:.4f}", BARS["shift"]])
    outside = f"Requests that left the machine: {result['external']}."
    return table(["first visit, no model", "ms", "at most"], rows) + f"\n\n{outside}"


def classroom(result: dict[str, Any]) -> str:
    """How soon a class follows its teacher, from benchmarks/results/classroom.json."""
    found = result["slow"]["estimates"]
    told = f"{found['within_30_percent']:.0%} of {found['waits']}" if found["waits"] else "no wait of 1 s"
    head = ["pupils", "moments", "median, ms", "p99, ms", "longest, ms", "live runs", "lost", "estimates within 30 %"]
    figures = [result["pupils"], result["moments"], result["median_ms"], result["p99_ms"], result["max_ms"]]
    machine = result["machine"]
    where = f"{machine['device']}, {machine['cores']} cores, {result['measured_at'][:10]}, `{result['command']}`."
    slow = f"stories with `{result['slow']['server']}`, because the embedded model's runs end before anybody waits."
    short = f"The estimates are of waits of a second or more for {slow}"
    return f"{table(head, [[*figures, result['runs'], result['lost'], told]])}\n\n{where} {short}"
