"""What decoding keeps of its speed in the page: the same prompt live in Chromium and by command line, in turn.

    python -m benchmarks.page.over_cli --out benchmarks/results/page-over-cli.json

Server, worker and browser share this machine's cores, as on a visitor's laptop. Both sides read the lanes' own clocks
from the recorded trace, and the command line computes with as many threads as the page's worker took. Each command
line run is a process of its own, which decodes the prompt once before it measures.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import harness
from benchmarks.load.run import Server
from benchmarks.page.answers import patiently
from benchmarks.page.speed import CHROMIUM, FLAGS
from orthrus.trace import Trace
from orthrus.trace.files import load
from orthrus.trace.metrics import measure

PROMPT = "Solve 3x + 5 = 20. Show the steps."
RATES = {"orthrus": "tokens_per_s", "ar": "ar_tokens_per_s"}
BAR = 0.8


def in_page(page: Any, folder: Path) -> Trace:
    """One live run, as the trace that the page offers to take along."""
    before = page.evaluate("orthrusPlayer.run")
    page.locator("#run").click()
    done = f"orthrusPlayer.run !== {before!r} && orthrusPlayer.live && orthrusPlayer.ended"
    patiently(lambda: page.evaluate(f"Boolean({done})"), "the live run never ended")
    file = folder / "page.jsonl.gz"
    file.write_bytes(base64.b64decode(page.evaluate("orthrusPlayer.facts.record.trace")))
    return load(file)


def by_command(args: argparse.Namespace, threads: int, folder: Path) -> Trace:
    """The same by command line."""
    file = folder / "command.jsonl.gz"
    command = [sys.executable, "-m", "orthrus", "trace", args.prompt, "--max-new-tokens", str(args.tokens)]
    command += ["--out", str(file), "--device", "cpu", "--threads", str(threads), *args.more]
    subprocess.run(command, cwd=harness.ROOT, check=True, stdout=subprocess.DEVNULL)
    return load(file)


def opened(browser: Any, address: str, args: argparse.Namespace) -> Any:
    """A page whose film is playing and whose form is filled in."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    patiently(lambda: page.evaluate("Boolean(window.orthrusPlayer && orthrusPlayer.stops.length)"), "no film")
    page.locator("#prompt textarea").fill(args.prompt)
    page.locator("#field-max_new_tokens input").fill(str(args.tokens))
    page.locator("#field-max_new_tokens input").press("Tab")
    return page


def rounds(page: Any, args: argparse.Namespace) -> list[dict[str, dict[str, float]]]:
    """Tokens a second of both lanes on both sides, round by round; the first run of the page is not counted."""
    measured = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        threads = in_page(page, folder).start.host.threads
        for number in range(args.rounds):
            time.sleep(args.pause)  # somebody watches the film before the next run
            traces = {"page": in_page(page, folder), "command": by_command(args, threads, folder)}
            sides = {
                side: {lane: getattr(measure(trace), rate) for lane, rate in RATES.items()}
                for side, trace in traces.items()
            }
            measured.append({**sides, "threads": threads})
            print(number + 1, json.dumps(sides), file=sys.stderr, flush=True)
    return measured


def compared(measured: list[dict]) -> dict[str, Any]:
    """Medians of both sides and their ratio, per lane."""
    lanes = {}
    for lane in RATES:
        page, command = (median(each[side][lane] for each in measured) for side in ("page", "command"))
        lanes[lane] = {"page": page, "command": command, "ratio": page / command}
    return lanes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--pause", type=float, default=3.0, help="seconds before each run of the page")
    parser.add_argument("--port", type=int, default=7898)
    parser.add_argument("--out", type=Path, help="where to write the result")
    parser.add_argument("more", nargs="*", help="after --: options for both sides, such as --model or --dtype")
    args = parser.parse_args()
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from playwright.sync_api import sync_playwright

    server = Server(args.port, Path(tempfile.gettempdir()) / "orthrus-page.log", ["--device", "cpu", *args.more])
    try:
        server.wait(300)
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            measured = rounds(opened(browser, f"http://127.0.0.1:{args.port}/", args), args)
            browser.close()
    finally:
        server.process.terminate()
        server.process.wait(60)
    lanes = compared(measured)
    for lane, row in lanes.items():
        print(f"{lane:8} page {row['page']:7.1f}  command line {row['command']:7.1f}  ratio {row['ratio']:.2f}")
    if args.out:
        harness.write({**harness.facts(__doc__), "tokens": args.tokens, "rounds": measured, "lanes": lanes}, args.out)
    return 0 if min(row["ratio"] for row in lanes.values()) >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
