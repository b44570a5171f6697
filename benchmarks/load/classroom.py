"""A class of thirty on loopback: how soon every pupil has the teacher's moment while live runs go on beside it.

    python -m benchmarks.load.classroom     # three minutes each; writes benchmarks/results/classroom.json

Thirty streams, read as a page reads them; the teacher moves four times a second; ten live runs a minute, asked for by
five pupils at a time, so that some wait. An estimate is the first one a waiting run was told, against what it waited.
The embedded model's runs are over before anybody waits, so the same is done once more with stories and a slow engine,
whose runs last seconds as a larger model's do: `estimates` is of the waits of a second or more there.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.request import Request, urlopen

from benchmarks.harness import RESULTS, facts, write
from benchmarks.load.run import Server

PUPILS, EVERY_S, RUNS_A_MINUTE, AT_ONCE, TOKENS = 30, 0.25, 10, 5, 400
CODE = "BCDFGH"
SLOW, LONG_S = ("--engine", "torch"), 1.0
ASKED, LONG = "What is {n} plus 7?", "Write pupil {n} a story about a fox and a lantern."


class Class:
    """The teacher's acts, and when each moment reached each pupil."""

    def __init__(self, address: str) -> None:
        self.address, self.token, self.lock = address, "", threading.Lock()
        self.token = self.act("open", {})["token"]
        self.sent: dict[int, float] = {}
        self.late: list[float] = []
        self.last = [0] * PUPILS

    def act(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        head = {"Content-Type": "application/json", "x-class-token": self.token}
        asked = Request(f"{self.address}gradio_api/class/{name}?class={CODE}", json.dumps(body).encode(), head)
        with urlopen(asked, timeout=30) as reply:
            return json.load(reply)

    def show(self, cycle: int) -> None:
        moment = {"run": "01-word-problem", "phase": "draft", "tab": "text", "playing": True, "hidden": False}
        self.sent[cycle] = time.monotonic()
        self.act("show", {**moment, "cycle": cycle, "speed": 1})

    def pupil(self, number: int) -> None:
        """One stream to its end. A moment that a newer one replaced on its way counts as arrived with that one."""
        with urlopen(f"{self.address}gradio_api/class/follow?class={CODE}", timeout=60) as stream:
            for line in stream:
                if not line.startswith(b'data: {"moment":{'):
                    continue
                now, cycle = time.monotonic(), json.loads(line[6:])["moment"]["cycle"]
                with self.lock:
                    self.late += [now - self.sent[n] for n in range(self.last[number] + 1, cycle + 1)]
                    self.last[number] = cycle


def live_run(address: str, prompt: str, found: dict[str, Any]) -> None:
    """A run to its end; the first estimate it was told, and what it waited from then on."""
    from gradio_client import Client

    from orthrus.events import from_json
    from orthrus.trace import Trace

    told, trace = None, Trace()
    client = Client(address, verbose=False)
    for item in client.submit(prompt, TOKENS, api_name="/decode_events"):
        if item["type"] == "waiting":
            if told is None and item["seconds"] is not None:
                told = (item["seconds"], time.monotonic())
            continue
        if trace.start is None and told:
            found["waits"].append({"told_s": round(told[0], 2), "was_s": round(time.monotonic() - told[1], 2)})
        trace = trace.add(from_json(item))
    found["whole" if trace.done else "lost"] += 1


def measure(address: str, minutes: float, asked: str) -> dict[str, Any]:
    room, found = Class(address), {"whole": 0, "lost": 0, "waits": []}
    streams = [threading.Thread(target=room.pupil, args=(n,), daemon=True) for n in range(PUPILS)]
    for stream in streams:
        stream.start()
    runs: list[threading.Thread] = []
    began, cycle = time.monotonic(), 0
    pause = 60 * AT_ONCE / RUNS_A_MINUTE
    while (passed := time.monotonic() - began) < 60 * minutes:
        if passed >= len(runs) // AT_ONCE * pause and passed < 60 * minutes - pause / 2:
            texts = [asked.format(n=len(runs) + n) for n in range(AT_ONCE)]
            group = [threading.Thread(target=live_run, args=(address, text, found)) for text in texts]
            for run in group:
                run.start()
            runs += group
        cycle += 1
        room.show(cycle)
        time.sleep(EVERY_S)
    for run in runs:
        run.join(60)
    time.sleep(2)
    room.act("end", {})
    found["lost"] = len(runs) - found["whole"]
    return {**found, "runs": len(runs), **lateness(room, cycle)}


def lateness(room: Class, cycle: int) -> dict[str, Any]:
    late = sorted(room.late)
    return {
        "moments": cycle,
        "missed": PUPILS * cycle - len(late),
        "median_ms": round(1e3 * statistics.median(late), 1),
        "p99_ms": round(1e3 * late[int(0.99 * len(late))], 1),
        "max_ms": round(1e3 * late[-1], 1),
    }


def estimates(waits: list[dict[str, float]]) -> dict[str, Any]:
    """How far the estimates of waits of LONG_S or more were off, as shares of the wait."""
    off = [abs(wait["told_s"] / wait["was_s"] - 1) for wait in waits if wait["was_s"] >= LONG_S]
    if not off:
        return {"waits": 0}
    within = sum(share <= 0.3 for share in off) / len(off)
    return {"waits": len(off), "median_off": round(statistics.median(off), 3), "within_30_percent": round(within, 3)}


def served(port: int, minutes: float, asked: str, *options: str) -> dict[str, Any]:
    """`measure` of a server with these options."""
    server = Server(port, Path(gettempdir()) / "orthrus-classroom.log", list(options))
    try:
        server.wait(120)
        return measure(f"http://127.0.0.1:{port}/", minutes, asked)
    finally:
        server.process.terminate()
        server.process.wait(60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--port", type=int, default=7898)
    args = parser.parse_args()
    found = served(args.port, args.minutes, ASKED)
    slow = served(args.port, args.minutes, LONG, *SLOW)
    slow["estimates"] = estimates(slow["waits"])
    about = {**facts(__doc__), "pupils": PUPILS, "minutes": args.minutes}
    write({**about, **found, "slow": {"server": " ".join(SLOW), **slow}}, RESULTS / "classroom.json")


if __name__ == "__main__":
    main()
