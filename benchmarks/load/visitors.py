"""The visitors of benchmarks/load/run.py: programs over gradio_client, and people in Chromium."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

TOKENS = (16, 200)  # of a whole run
BOTH = 0.25  # of the whole runs ask for both lanes
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking".split()
EXPECTED = ("must be", "at most", "is empty", "are allowed", "runs are waiting", "here is no recording", "has cycles",
            "is not one of")  # fmt: skip


@dataclass
class VisitCounts:
    """What happened, over all visitors; safe between threads because each change is one call."""

    done: Counter = field(default_factory=Counter)
    first: list[tuple[int, float]] = field(default_factory=list)  # runs ahead, seconds to the first event
    errors: list[str] = field(default_factory=list)
    lost: int = 0
    crossed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, what: str) -> None:
        with self.lock:
            self.done[what] += 1

    def wrong(self, what: str) -> None:
        with self.lock:
            setattr(self, what, getattr(self, what) + 1)

    def fault(self, who: str, error: Exception | str) -> None:
        with self.lock:
            kind = "" if isinstance(error, str) else f"{type(error).__name__}: "
            self.errors.append(f"{who}: {kind}{str(error)[:200]}")


def program(
    address: str, number: int, chance: random.Random, tally: VisitCounts, over: threading.Event, pause: float
) -> None:
    """One API client: whole runs, runs given up half way, bad input; up to `pause` seconds between two visits."""
    from gradio_client import Client

    acts = (whole, whole, whole, given_up, bad, quick)
    try:
        client = Client(address, verbose=False)
    except Exception as error:
        tally.fault(f"client {number}", error)
        return
    visit = 0
    while not over.is_set():
        act, visit = chance.choice(acts), visit + 1
        try:
            act(client, f"Visitor {number}, visit {visit}: what is {chance.randrange(90)} plus 7?", chance, tally)
            tally.add(act.__name__)
        except Exception as error:
            if any(words in str(error) for words in EXPECTED):
                tally.add("refused")
            else:
                tally.fault(f"client {number}, {act.__name__}", error)
        over.wait(chance.uniform(0, pause))


def whole(client: Any, prompt: str, chance: random.Random, tally: VisitCounts) -> None:
    """A run to its end; its events must fold into one trace, and be this visitor's own."""
    from orthrus.events import from_json
    from orthrus.trace import Trace

    began, ahead, trace = time.monotonic(), 0, Trace()
    asked = {"prompt": prompt, "max_new_tokens": chance.randint(*TOKENS), "compare": chance.random() < BOTH}
    for item in client.submit(**asked, api_name="/decode_events"):
        if item["type"] == "waiting":
            ahead = max(ahead, item["number"] or 0)
            continue
        if trace.start is None:
            tally.first.append((ahead, time.monotonic() - began))
        try:
            trace = trace.add(from_json(item))
        except ValueError as error:
            tally.wrong("crossed" if "belongs to run" in str(error) else "lost")
            return
    if trace.start is None or trace.done is None:
        tally.wrong("lost")
    elif trace.start.prompt.messages[-1].content != prompt:
        tally.wrong("crossed")


def given_up(client: Any, prompt: str, chance: random.Random, tally: VisitCounts) -> None:
    """A run that is cancelled after some events, waiting or under way."""
    job = client.submit(prompt, 200, api_name="/decode_events")
    for count, _ in enumerate(job):
        if count >= chance.randint(0, 12):
            job.cancel()
            break


def bad(client: Any, prompt: str, chance: random.Random, tally: VisitCounts) -> None:
    """Input that gets a sentence."""
    wrong = (
        ("/decode_events", (" ", 8)),
        ("/decode_events", ("x" * 50_000, 8)),
        ("/decode_events", (prompt, 10**9)),
        ("/decode_events", (prompt, 8, -3.0)),
        ("/lossless_check", (prompt, 8, 0.0, 1, "sideways")),
        ("/explain_cycle", ("../../etc/passwd", 0)),
        ("/verify_block", (prompt, "")),
    )
    name, values = chance.choice(wrong)
    client.predict(*values, api_name=name)
    raise AssertionError(f"{name} took what it should refuse")


def quick(client: Any, prompt: str, chance: random.Random, tally: VisitCounts) -> None:
    """The gallery, which never waits."""
    cards = client.predict(api_name="/list_recordings")
    if cards:
        client.predict(chance.choice(cards)["name"], 0, api_name="/explain_cycle")


def browse(address: str, count: int, seed: int, tally: VisitCounts, over: threading.Event) -> None:
    """People in `count` browsers, served in turn by one thread: run, stop, reload, cards, nonsense."""
    from playwright.sync_api import sync_playwright

    chance = random.Random(seed)
    try:
        with sync_playwright() as driver:
            chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browsers = [driver.chromium.launch(executable_path=chromium, args=FLAGS) for _ in range(count)]
            pages = [browser.new_page(viewport={"width": 1280, "height": 900}) for browser in browsers]
            for page in pages:
                page.set_default_timeout(120_000)
                page.on("pageerror", lambda error: tally.fault("browser", str(error)))
                page.goto(address)
            while not over.is_set():
                person(chance.choice(pages), chance, tally)
            for browser in browsers:
                browser.close()
    except Exception as error:
        tally.fault("browser", error)


def person(page: Any, chance: random.Random, tally: VisitCounts) -> None:
    """One thing that somebody does on the page."""
    act = chance.choice(("run", "run", "stop", "reload", "card", "nonsense"))
    if act == "reload":
        page.reload()
        page.wait_for_function("window.orthrusPlayer && window.orthrusPlayer.stops.length > 0")
    elif act == "stop":
        page.locator("#stop").click()
    elif act == "card":
        page.locator(".card").first.click()
    else:
        tokens = str(chance.randint(8, 60)) if act == "run" else "minus one"
        page.locator("#prompt textarea").fill("Say anything." if act == "run" else "   ")
        if act == "run":
            page.locator("#field-max_new_tokens input").fill(tokens)
        page.locator("#run").click()
    page.wait_for_timeout(chance.uniform(200, 3000))
    tally.add(f"page: {act}")
