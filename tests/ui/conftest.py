"""The real page in a real browser: one server and one Chromium for the whole lane."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
START_S = float(os.environ.get("ORTHRUS_UI_PATIENCE", "120"))  # for busy machines


@pytest.fixture(scope="session")
def traces(tmp_path_factory) -> Path:
    """A gallery of three made-up recordings, and a lesson through two of them."""
    import json
    from dataclasses import replace

    from orthrus.trace import Trace
    from orthrus.trace.files import save
    from tests import synthetic

    assets = tmp_path_factory.mktemp("assets")
    folder, lessons = assets / "traces", assets / "lessons"
    folder.mkdir()
    lessons.mkdir()
    for seed, name, sureness in ((1, "01-easy-text", 0.95), (2, "02-ordinary-text", 0.85), (3, "03-hard-text", 0.5)):
        events = synthetic.events(seed, tokens=120, sureness=sureness, stop="eos")
        run = Trace.of(replace(event, run=name) for event in events)  # each recording is a run of its own
        save(run, folder / f"{name}.jsonl.gz")
    step = {"title": "Look", "minutes": 1, "trace": "01-easy-text", "caption": "{tokens} tokens.", "say": "Look."}
    guess = {"phase": "draft", "cycle": 2, "reveal": "verify", "show": ["ribbon"], "trace": "02-ordinary-text"}
    asked = {"question": "Where?", "answer": "After {kept} guesses.", "title": "Guess"}
    lesson = {"title": "Two looks", "goal": "g", "before": "b", "needs": "n"}
    lesson["steps"] = [step | {"show": ["staircase"]}, step | guess | asked]
    (lessons / "two-looks.json").write_text(json.dumps(lesson), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """Random weights, large enough that a run of some hundred tokens takes seconds and can be stopped."""
    import torch

    from orthrus.checkpoints.folder import save_checkpoint
    from orthrus.model.dual_view import Orthrus
    from tests.tiny import byte_tokenizer, random_weights, tiny_config

    folder = tmp_path_factory.mktemp("model")
    size = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 12, "max_position_embeddings": 2048}
    config = tiny_config(block_size=32, eos_token_ids=(319,), **size)
    model = random_weights(Orthrus(config), std=0.05)
    model.head_weight.data[319] = 0  # the end of turn never wins: a run ends at its limit or by Stop
    save_checkpoint(model, folder, torch.float32)
    byte_tokenizer().save_pretrained(folder)
    return folder


@contextmanager
def serving(traces: Path, checkpoint: Path, log: Path) -> Iterator[str]:
    """`python app.py` on a free port; yields its address and shows its log where it does not start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "app.py", "--port", str(port), "--traces", str(traces), "--model", str(checkpoint)]
    with log.open("wb") as out:
        process = subprocess.Popen([*command, "--device", "cpu"], cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}/"
    try:
        until = time.monotonic() + START_S
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"the page did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.3)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def server(traces, checkpoint, tmp_path_factory):
    """The page with the made-up recordings."""
    with serving(traces, checkpoint, tmp_path_factory.mktemp("log") / "app.log") as address:
        yield address


@pytest.fixture(scope="module")
def shipped(checkpoint, tmp_path_factory):
    """The page with the recordings and lessons that the project has."""
    with serving(ROOT / "assets" / "traces", checkpoint, tmp_path_factory.mktemp("log") / "app.log") as address:
        yield address


def _answers(address: str) -> bool:
    """Is it served, and is the model loaded?"""
    try:
        with urllib.request.urlopen(f"{address}healthz", timeout=5) as reply:
            return b'"ok"' in reply.read()
    except OSError:
        return False


@pytest.fixture(scope="session")
def browser():
    """Whoever asks for this lane wants it run: what is missing is a failure, never a skip."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("the lane needs playwright: pip install -r requirements-dev.txt")
    if not Path(CHROMIUM).exists():
        pytest.fail(f"there is no Chromium at {CHROMIUM}; set CHROMIUM")
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


class Watched:
    """A page together with what it must not do: errors in the console, requests that leave the machine."""

    def __init__(self, page):
        self.page, self.errors, self.foreign, self.requests = page, [], [], []
        page.set_default_timeout(1e3 * START_S)
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on("request", self._request)

    def _request(self, request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:")):
            self.foreign.append(request.url)

    def js(self, expression: str):
        return self.page.evaluate(expression)

    def until(self, expression: str) -> None:
        """Wait until an expression is true; asked from here, because an export forbids eval, which playwright uses.
        A TypeError counts as false: the element that the expression reads is not on the page yet."""
        end = time.monotonic() + START_S
        guarded = (
            f"try {{ return Boolean({expression}) }} catch (e) {{ if (e instanceof TypeError) return false; throw e }}"
        )
        while not self.page.evaluate(f"() => {{ {guarded} }}"):
            if time.monotonic() > end:
                raise AssertionError(
                    f"never true: {expression}; status: {self.page.locator('#status').all_inner_texts()}"
                )
            time.sleep(0.1)

    def tab(self, key: str) -> None:
        """Open a tab and wait until its views are drawn."""
        self.js(f"void(orthrusPlayer.tabs.show('{key}'))")
        charts = f"[...document.querySelectorAll('#o-panel-{key} .o-chart')]"
        drawn = f"{charts}.every((c) => c.closest('[hidden]') !== null || c.querySelector('.main-svg'))"
        self.until(f"orthrusPlayer.tabs.open === '{key}' && {drawn} && !orthrusPlayer.dirty.size")

    def charts(self) -> None:
        """Draw every chart once, which its tab's opening does; the first tab is open then."""
        for key in self.js("orthrusPlayer.tabs.all.map(({key}) => key).reverse()"):
            self.tab(key)

    def text(self, selector: str) -> str:
        """What stands there once it is drawn: the page writes in frames, so two of them are let pass first."""
        self.js("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))")
        return self.page.locator(selector).first.inner_text()


@pytest.fixture
def open_page(browser):
    """open_page(address, width=..., scheme=..., reduced=..., contrast=..., ...) -> Watched; checks at the end what no
    page may do."""
    opened = []

    def opener(address: str, width: int = 1280, scheme: str = "light", reduced: bool = False, **wishes) -> Watched:
        motion = "reduce" if reduced else "no-preference"
        size = {"width": width, "height": 900}
        page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion=motion, **wishes)
        opened.append(Watched(page))
        page.goto(address)
        opened[-1].until("window.orthrusPlayer && window.orthrusPlayer.stops.length > 0")
        opened[-1].until("!document.querySelector('#frame:not(.formed)')")  # the form comes after the stage
        return opened[-1]

    yield opener
    for watched in opened:
        watched.page.close()
    assert [w.errors for w in opened if w.errors] == []
    assert [w.foreign for w in opened if w.foreign] == []
