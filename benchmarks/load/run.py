"""Many visitors on one device: API clients and browsers on loopback, with stops, reloads and bad input.

    python -m benchmarks.load.run --minutes 10    # writes benchmarks/results/load-<machine>.json
    python -m benchmarks.load.run --minutes 1.25 --clients 30 --browsers 0 --pause 0 --out load.json
    python -m benchmarks.load.run --docs          # writes the tables of docs/operations.md from those files

Every run carries a prompt of its own. An event is lost where a stream does not fold into a trace with its `done`,
crossed where a stream holds another visitor's prompt or run; both must be 0, and so must unhandled errors.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from statistics import mean, median, quantiles
from tempfile import gettempdir
from typing import Any

from benchmarks.harness import RESULTS, ROOT, facts
from benchmarks.load.visitors import VisitCounts, browse, program

PAGE = ROOT / "docs" / "operations.md"
CLASSES = ((0, 0), (1, 4), (5, 16), (17, 10_000))  # runs ahead when a visitor joined
SAMPLE_S = 5.0
# What must not be in the way of the load; everything else is as by default.
LIMITS = ["--runs-per-minute=100000", "--address-runs-per-minute=100000", "--runs-per-address=100", "--waiting=60"]


class Server:
    """`python app.py` as its own process."""

    def __init__(self, port: int, log: Path, more: list[str]) -> None:
        self.port, self.log = port, log
        command = [sys.executable, "app.py", "--port", str(port), *LIMITS, *more]
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)

    def get(self, path: str) -> str:
        from urllib.request import urlopen

        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as reply:
            return reply.read().decode()

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                if '"ok"' in self.get("/healthz"):
                    return
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the page did not start, see {self.log}")
            time.sleep(0.5)

    def megabytes(self) -> float:
        """Resident memory of the server and its workers, on Linux."""
        pids = [self.process.pid, *self.workers()]
        texts = (Path(f"/proc/{pid}/status").read_text() for pid in pids)
        return sum(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in texts) / 1024

    def workers(self) -> list[int]:
        pids: list[int] = []
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            with suppress(OSError):  # a thread that ended meanwhile
                pids += map(int, (thread / "children").read_text().split())
        return pids

    def metrics(self) -> dict[str, float]:
        lines = (line for line in self.get("/metrics").splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def load(args: argparse.Namespace) -> dict[str, Any]:
    """Let everybody loose for the time asked; what came of it."""
    log = Path(args.log)
    server, tally, over = Server(args.port, log, args.server), VisitCounts(), threading.Event()
    try:
        server.wait(args.patience)
        before = server.metrics()
        address = f"http://127.0.0.1:{args.port}"
        threads = [
            threading.Thread(target=program, args=(address, n, random.Random(args.seed + n), tally, over, args.pause))
            for n in range(args.clients)
        ]
        if args.browsers:
            threads.append(threading.Thread(target=browse, args=(address, args.browsers, args.seed, tally, over)))
        for thread in threads:
            thread.start()
        memory = watch(server, 60 * args.minutes)
        over.set()
        for thread in threads:
            thread.join(120)
        return report(args, tally, memory, before, server.metrics(), log.read_text(errors="replace"))
    finally:
        server.process.terminate()
        try:
            server.process.wait(60)
        except subprocess.TimeoutExpired:
            server.process.kill()


def watch(server: Server, seconds: float) -> list[tuple[float, float]]:
    """(seconds since the beginning, resident megabytes), until time is up."""
    began, found = time.monotonic(), []
    while (now := time.monotonic() - began) < seconds:
        found.append((round(now, 1), round(server.megabytes(), 1)))
        time.sleep(min(SAMPLE_S, max(0.1, seconds - now)))
    return found


def report(args, tally: VisitCounts, memory: list, before: dict, after: dict, log: str) -> dict[str, Any]:
    grown = {name: value - before.get(name, 0.0) for name, value in after.items()}
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    faults = Counter(line["event"] for line in lines if line["level"] in ("error", "critical"))
    cycles, runs = grown["orthrus_cycle_seconds_count"], grown["orthrus_run_seconds_count"]
    half = memory[len(memory) // 2 :]
    return facts(__doc__) | {
        "minutes": args.minutes,
        "clients": args.clients,
        "browsers": args.browsers,
        "done": dict(sorted(tally.done.items())),
        "lost": tally.lost,
        "crossed": tally.crossed,
        "errors": tally.errors[:50],
        "unhandled": len(tally.errors) + sum(faults.values()) + log.count("Traceback"),
        "server_faults": dict(faults),
        "outcomes": {n.split('"')[1]: int(v) for n, v in grown.items() if n.startswith("orthrus_runs_total")},
        "first_event_p50_s": median(seconds for _, seconds in tally.first) if tally.first else None,
        "first_event_s": [spread(tally.first, *bounds) for bounds in CLASSES],
        "memory_mb": {"first": memory[0][1], "half": half[0][1], "last": memory[-1][1], "samples": memory[::6]},
        "cycle_ms": 1e3 * grown["orthrus_cycle_seconds_sum"] / cycles if cycles else None,
        "run_s": grown["orthrus_run_seconds_sum"] / runs if runs else None,
        "tokens_per_cycle": grown["orthrus_tokens_total"] / cycles if cycles else None,
        "runs_per_minute": runs / args.minutes,
    }


def spread(first: list[tuple[int, float]], low: int, high: int) -> dict[str, Any]:
    """Times to the first event of runs that had `low` to `high` others ahead."""
    times = [seconds for ahead, seconds in first if low <= ahead <= high]
    p95 = quantiles(times, n=20)[-1] if len(times) > 1 else None
    return {"ahead": [low, high], "runs": len(times), "mean": mean(times) if times else None, "p95": p95}


def docs() -> None:
    """The tables of the operations page, from every result there is."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("load-*.json"))]
    if not found:
        raise SystemExit("there is no benchmarks/results/load-*.json yet; measure first")
    text = PAGE.read_text(encoding="utf-8")
    for name, body in (("capacity", capacity(found)), ("load", loads(found))):
        head, _, rest = text.partition(f"<!-- figures:{name} -->")
        _, mark, tail = rest.partition(f"<!-- /figures:{name} -->")
        if not mark:
            raise SystemExit(f"docs/operations.md has no markers of {name}")
        text = f"{head}<!-- figures:{name} -->\n{body}\n{mark}{tail}"
    PAGE.write_text(text, encoding="utf-8")


def capacity(found: list[dict]) -> str:
    """Under the load of `clients` programs and `browsers` browsers on the same machine, as the heading says."""
    head = "| device | programs and browsers beside it | mean cycle | tokens a cycle | mean run | runs a minute |"
    lines = [head, "|--|--|--|--|--|--|"]
    for each in found:
        cells = f"{each['cycle_ms']:.1f} ms | {each['tokens_per_cycle']:.1f} | {each['run_s']:.2f} s"
        beside = f"{each['clients']} and {each['browsers']}"
        lines.append(f"| {each['machine']['device']} | {beside} | {cells} | {each['runs_per_minute']:.1f} |")
    return "\n".join(lines)


def loads(found: list[dict]) -> str:
    lines = []
    for each in found:
        memory, done = each["memory_mb"], sum(each["done"].values())
        lines.append(
            f"{each['machine']['device']}, {each['measured_at'][:10]}, `{each['command']}`: "
            f"{each['clients']} programs and "
            f"{each['browsers']} browsers for {each['minutes']:g} minutes, {done} visits; "
            f"lost events {each['lost']}, crossed {each['crossed']}, unhandled errors {each['unhandled']}; "
            f"memory {memory['first']:.0f} MB at first, "
            f"{memory['half']:.0f} MB half way, {memory['last']:.0f} MB at the end.\n"
        )
        lines += ["| runs ahead | runs | mean time to the first event | p95 |", "|--|--|--|--|"]
        for row in each["first_event_s"]:
            low, high = row["ahead"]
            name = f"{low}" if low == high else f"{low} or more" if high > 1000 else f"{low} to {high}"
            times = "| - | - |" if row["p95"] is None else f"| {row['mean']:.2f} s | {row['p95']:.2f} s |"
            lines.append(f"| {name} | {row['runs']} {times}")
        lines.append("")
    return "\n".join(lines).rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clients", type=int, default=47)
    parser.add_argument("--browsers", type=int, default=3, help="Chromium, found by CHROMIUM; needs playwright")
    parser.add_argument("--pause", type=float, default=2.0, help="most seconds a program pauses between two visits")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=7899)
    parser.add_argument("--patience", type=float, default=300, help="seconds the page may take to start")
    parser.add_argument("--log", default=str(Path(gettempdir()) / "orthrus-load.log"), help="the server's log")
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/load-<device>.json")
    parser.add_argument("--docs", action="store_true", help="only write the tables of docs/operations.md")
    parser.add_argument("server", nargs="*", help="after --: more options of app.py")
    args = parser.parse_args()
    if args.docs:
        docs()
        return 0
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    found = load(args)
    name = "-".join(found["machine"]["device"].lower().split())[:40]
    out = args.out or RESULTS / f"load-{name}.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({k: v for k, v in found.items() if k != "memory_mb"}, indent=1))
    return 1 if found["lost"] or found["crossed"] or found["unhandled"] else 0


if __name__ == "__main__":
    sys.exit(main())
