"""`python app.py` as a process of its own, spoken to over plain HTTP, for tests that need no browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = float(os.environ.get("ORTHRUS_UI_PATIENCE", "120"))  # for busy machines


class Reply(NamedTuple):
    status: int
    head: dict[str, str]
    text: str


class App:
    """A running page: port, process, log, and requests exactly as they are spelled (no client tidies the path)."""

    def __init__(self, port: int, log: Path, process: subprocess.Popen, host: str = "127.0.0.1"):
        self.port, self._log, self.process, self.host = port, log, process, host

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def ask(self, method: str, path: str, body: bytes | None = None, **head: str) -> Reply:
        connection = HTTPConnection(self.host, self.port, timeout=PATIENCE_S)
        try:
            with suppress(BrokenPipeError):  # a server that refuses a body need not read it to its end
                connection.request(method, path, body, {k.replace("_", "-"): v for k, v in head.items()})
            reply = connection.getresponse()
            text = reply.read().decode("utf-8", errors="replace")
            return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, text)
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        return self.ask("GET", path)

    def post(self, path: str, value: Any) -> Reply:
        """A JSON body; bytes are sent as they are."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask("POST", path, body, content_type="application/json")

    def call(self, name: str, values: list) -> str:
        """What a named function answers, as the text of its event stream."""
        begun = self.post(f"/gradio_api/call/{name}", {"data": values})
        assert begun.status == 200, begun
        return self.get(f"/gradio_api/call/{name}/{json.loads(begun.text)['event_id']}").text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_assets(folder: Path) -> None:
    """A gallery of one made-up recording and a model of random weights."""
    import torch

    from orthrus.checkpoints.folder import save_checkpoint
    from orthrus.model.dual_view import Orthrus
    from orthrus.trace import Trace
    from orthrus.trace.files import save
    from tests import synthetic
    from tests.tiny import byte_tokenizer, random_weights, tiny_config

    (folder / "traces").mkdir()
    save(Trace.of(synthetic.events(1, tokens=60, stop="eos")), folder / "traces" / "01-easy-text.jsonl.gz")
    save_checkpoint(random_weights(Orthrus(tiny_config())), folder / "model", torch.float32)
    byte_tokenizer().save_pretrained(folder / "model")


@contextmanager
def running(
    folder: Path, command: tuple[str, ...] = (), port: int = 0, root: Path = ROOT, at: str = "127.0.0.1", **env: str
) -> Iterator[App]:
    """The app with the assets of `folder`, or `command` in `root`, on `port`; the log goes to `folder`, too."""
    port, log = port or free_port(), folder / "app.log"
    (folder / "temporary").mkdir(exist_ok=True)
    surroundings = os.environ | {"GRADIO_TEMP_DIR": str(folder / "temporary"), "HF_HUB_OFFLINE": "1"} | env
    with log.open("wb") as out:
        process = subprocess.Popen(command or own(folder, port), cwd=root, env=surroundings, stdout=out, stderr=out)
    app = App(port, log, process, at)
    try:
        started = until(lambda: process.poll() is not None or answers(app), PATIENCE_S)
        assert started and process.poll() is None, f"the page did not start:\n{app.log}"
        yield app
    finally:
        process.terminate()
        try:
            process.wait(60)  # a run that is going on may end first
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def own(folder: Path, port: int) -> tuple[str, ...]:
    """The command that serves the assets of `folder`."""
    command = (sys.executable, "app.py", "--port", str(port), "--device", "cpu", "--threads", "1")
    return (*command, "--traces", str(folder / "traces"), "--model", str(folder / "model"))


def until(holds: Callable[[], bool], patience_s: float) -> bool:
    """Ask again and again; whether it became true in time."""
    end = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def answers(app: App) -> bool:
    try:
        return app.get("/config").status == 200
    except OSError:
        return False
