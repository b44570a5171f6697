"""The examples run as their first lines say, from the checkout, and are short enough to read at a glance."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.running import PATIENCE_S, ROOT, make_assets, running, until

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def said(name: str, *arguments: str, **variables: str) -> str:
    command = [sys.executable, "-m", f"examples.{name}", *arguments]
    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"} | variables
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_is_short_and_says_how_it_is_run():
    assert [path.stem for path in EXAMPLES] == ["client_of_the_page", "figure_in_notebook", "generate", "stream_events"]
    for path in EXAMPLES:
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 25 and f"python -m examples.{path.stem}" in text, path.name


def test_generate_answers():
    assert said("generate").count("The answer is x = 5.") == 2


def test_stream_events_tells_every_cycle_and_the_text():
    out = said("stream_events")
    cycles = re.findall(r"^cycle (\d+): (\d+) proposals accepted, (\d+) tokens committed$", out, re.MULTILINE)
    assert [int(cycle) for cycle, _, _ in cycles] == list(range(len(cycles))) and cycles
    assert "The answer is x = 5." in out and re.search(r"^\d\.\d\d tokens per forward pass$", out, re.MULTILINE)


def test_the_figure_is_drawn_and_nothing_is_written(tmp_path):
    pytest.importorskip("plotly")
    shutil.copy(ROOT / "tests" / "watcher.py", tmp_path / "sitecustomize.py")
    watched = {"PYTHONPATH": str(tmp_path), "ORTHRUS_WATCH": str(tmp_path / "noted")}
    assert re.fullmatch(r"The staircase: \d traces, \d+ points\n", said("figure_in_notebook", **watched))
    assert (tmp_path / "noted").read_text(encoding="utf-8") == ""


@pytest.mark.slow
def test_the_notebook_runs_and_shows_its_runs_without_a_server():
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(ROOT / "examples" / "run_in_notebook.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)  # stored without outputs
    nbclient.NotebookClient(notebook, timeout=PATIENCE_S, resources={"metadata": {"path": ROOT / "examples"}}).execute()
    recorded, live, drawn = ({**cell.outputs[-1].data} for cell in cells[1:])
    for shown, prompt in ((recorded, "The bus has 18 passengers."), (live, "Solve 3x + 5 = 20.")):
        assert shown["text/html"].startswith("<iframe ") and prompt in shown["text/html"]
    assert drawn["application/vnd.plotly.v1+json"]["data"]


@pytest.mark.slow
def test_the_client_follows_a_run_of_a_running_page(tmp_path):
    pytest.importorskip("gradio_client")
    make_assets(tmp_path)
    with running(tmp_path) as app:
        assert until(lambda: "ok" in app.get("/healthz").text, PATIENCE_S), app.log
        out = said("client_of_the_page", f"http://127.0.0.1:{app.port}")
    assert re.search(r"^cycle 0: \d+ proposals accepted$", out, re.MULTILINE)
    assert re.search(r"^identical: (\d+) of \1 tokens identical$", out, re.MULTILINE)
