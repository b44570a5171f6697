"""How the page feels, in numbers: frames, memory, bytes, answers, first paint; measured in a real Chromium.

    python -m benchmarks.page.speed --out benchmarks/results/page.json     # then: benchmarks.report.readme_figures
    python -m benchmarks.page.speed --quick --out page.json                # a short look, not for publication

The page is `app.py` without a model. Recorded runs are handed to its player in messages of two events at 60 events a
second, more than it ever gets from the server, whose live runs arrive whole; the server's own part is not measured.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median
from typing import Any

from benchmarks import harness
from benchmarks.page.answers import PATIENCE_S, STILL, answered, patiently, rest
from benchmarks.page.smoothness import played, streamed
from benchmarks.report import page_figures
from orthrus.trace import Trace
from orthrus.trace.files import load
from viz.player import frames as player

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --enable-precise-memory-info"
).split()
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
READY = "window.orthrusPlayer && orthrusPlayer.stops.length > 0 && document.querySelector('#frame.formed')"
DRAWN = "[...document.querySelectorAll('.o-panel:not([hidden]) .o-chart')].every((c) => c.querySelector('.main-svg'))"
BARE = """import gradio as gr
with gr.Blocks() as page:
    text, run = gr.Textbox("x"), gr.Button("Run", elem_id="run")
    run.click(lambda text: text, text, text)
page.launch(server_port={port}, quiet=True)
"""
FIRST = """() => { // in every new page: when the film moves, a chart is drawn, the form is there; what moved unasked
  const told = (window.told = { cls: 0 }), seen = (name, is) => is && (told[name] ??= performance.now());
  const add = (list) => list.getEntries().forEach((e) => (told.cls += e.hadRecentInput ? 0 : e.value));
  new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
  const look = () => {
    const head = window.orthrusPlayer && window.orthrusPlayer.head;
    seen("motion", head && head.playing && head.share > 0 && head.share < 1);
    seen("chart", document.querySelector(".o-panel:not([hidden]) .main-svg"));
    seen("form", document.querySelector("#frame") ? document.querySelector(".formed") : document.querySelector("#run"));
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@contextmanager
def serving(bare: bool = False) -> Iterator[str]:
    """`app.py` with the recorded runs and without a model, or a page of the framework's own; its address."""
    with socket.socket() as probe, tempfile.TemporaryDirectory() as empty:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        ours = ["app.py", "--port", str(port), "--model", empty, "--device", "cpu"]
        command = [sys.executable, *(["-c", BARE.format(port=port)] if bare else ours)]
        process = subprocess.Popen(command, cwd=harness.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{port}/"
        try:
            patiently(lambda: serves(address), "the page did not start")
            yield address
        finally:
            process.terminate()
            process.wait(30)


def serves(address: str) -> bool:
    try:
        return urllib.request.urlopen(address, timeout=5).status == 200
    except OSError:
        return False


def opened(browser: Any, address: str, size: str) -> tuple[Any, list[str]]:
    """A page with its film at rest, and the addresses it asks for, growing."""
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(1000 * PATIENCE_S)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    patiently(lambda: page.evaluate(f"Boolean({READY})"), "the page never showed its form")
    page.evaluate(STILL)
    for key in page.evaluate("orthrusPlayer.tabs.all.map(({key}) => key)"):
        page.evaluate("(key) => void orthrusPlayer.tabs.show(key)", key)
        patiently(lambda: page.evaluate(DRAWN), "the page never showed its charts")
    page.evaluate("void orthrusPlayer.tabs.show('statistics')")
    return page, asked


def remembered(page: Any, traces: list[Trace], rounds: int) -> list[dict[str, int]]:
    """Heap, nodes and listeners behind each round of the same runs, garbage collected first."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    found, events = [], 0
    for i in range(rounds):
        streamed(page, traces, f"round-{i}")
        events += sum(len(trace.events) for trace in traces)
        page.evaluate(STILL)
        rest(page)
        session.send("HeapProfiler.collectGarbage")
        told = {m["name"]: int(m["value"]) for m in session.send("Performance.getMetrics")["metrics"]}
        sample = {"heap": told["JSHeapUsedSize"], "nodes": told["Nodes"], "listeners": told["JSEventListeners"]}
        found.append({"events": events, **sample})
    return found


def weighed(traces: list[Trace]) -> dict[str, Any]:
    """Bytes of the changes an event brings each view, over all runs."""
    sizes: dict[str, list[int]] = {}
    total = events = 0
    for trace in traces:
        partial = Trace()
        for event in trace.events:
            partial, events, mine = partial.add(event), events + 1, {}
            for frame in player.frames(event, partial):
                for change in frame["x"]:
                    mine[change[0]] = mine.get(change[0], 0) + len(player.dumps(change).encode())
            for view, size in mine.items():
                sizes.setdefault(view, []).append(size)
                total += size * (view != "record")
    views = {name: {"mean": mean(found), "most": max(found)} for name, found in sorted(sizes.items())}
    return {"views": views, "event": total / events}


def first_visit(browser: Any, address: str, *awaited: str, framework: bool = True) -> dict[str, float]:
    """Milliseconds of one fresh visit from the start of the navigation, until all of `awaited` has been seen; without
    the framework's own scripts it is what a server of the same page without them would give."""
    context = browser.new_context(viewport=dict(zip(("width", "height"), SIZES["desktop"], strict=True)))
    context.add_init_script(f"({FIRST})()")
    page = context.new_page()
    if not framework:
        page.route("**/assets/**", lambda route: route.abort())
    page.goto(address)
    for name in awaited:
        patiently(lambda n=name: page.evaluate(f"window.told.{n}"), f"never seen: {name}")
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    told = page.evaluate("window.told")
    context.close()
    return {"paint_ms": paint, "shift": told["cls"], **{f"{name}_ms": told[name] for name in awaited}}


def visited(browser: Any, address: str, bare: str, times: int) -> dict[str, float]:
    """Medians over fresh visits that take turns: the page, the page with a chart, and what of it is the framework's."""
    kinds = {
        "": (address, "motion", "form"),
        "chart_": (f"{address}#tab=staircase", "chart"),
        "alone_": (address, "motion"),
        "bare_": (bare, "form"),
    }
    found: dict[str, list[float]] = {}
    for _ in range(times):
        for kind, (where, *awaited) in kinds.items():
            seen = first_visit(browser, where, *awaited, framework=kind != "alone_")
            for name, value in seen.items():
                found.setdefault(kind + name, []).append(value)
    return {name: median(values) for name, values in found.items()}


def measure(browser: Any, address: str, traces: list[Trace], args: argparse.Namespace) -> dict[str, Any]:
    with serving(bare=True) as bare:
        result: dict[str, Any] = {"first": visited(browser, address, bare, args.visits)}
    result |= {"playing": {}, "streaming": {}, "external": 0}
    for size in SIZES:
        page, urls = opened(browser, address, size)
        result["playing"][size] = played(page)
        result["streaming"][size] = streamed(page, traces, size)
        if size == "desktop":
            before = len(urls)
            result["answers"] = answered(page, args.times)
            result["requests"] = len(urls) - before
            result["memory"] = remembered(page, traces, args.rounds)
        page.close()
        result["external"] += sum(not url.startswith((address, "data:", "blob:")) for url in urls)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=harness.RESULTS / "page.json")
    parser.add_argument("--times", type=int, default=40, help="how often each act is timed")
    parser.add_argument("--rounds", type=int, default=4, help="rounds over all recorded runs for the memory")
    parser.add_argument("--visits", type=int, default=5, help="fresh visits; the median counts")
    parser.add_argument("--quick", action="store_true", help="one run, two rounds, three times each")
    args = parser.parse_args()
    traces = [load(path) for path in sorted((harness.ROOT / "assets" / "traces").glob("*.jsonl.gz"))]
    if args.quick:
        traces, args.times, args.rounds, args.visits = traces[:1], 3, 2, 1
    from playwright.sync_api import sync_playwright

    result = {**harness.facts(__doc__), "quick": args.quick, "bytes": weighed(traces)}
    result["versions"] |= {name: version(name) for name in ("gradio", "plotly")}
    with serving() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        result["browser"] = browser.version
        result |= measure(browser, address, traces, args)
        browser.close()
    print(page_figures.page(result))
    harness.write(result, args.out)


if __name__ == "__main__":
    main()
