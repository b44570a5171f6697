"""What is remade for new weights: every result that hangs on them has its step, and every step can be started."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from benchmarks.harness import RESULTS
from benchmarks.report import renew

# Results that hang on a training's own files, on random weights, on no weights at all, or on another kind of machine.
OTHERS = {"ablations.json", "classroom.json", "row-costs-0.6b.json", "cpu-speed-avx2.json"}
BY_MODULE = {
    "benchmarks.decode.cpu_speed": "cpu-speed.json",
    "benchmarks.decode.draft_shapes": "draft-shapes.json",
    "benchmarks.decode.company": "company.json",
    "benchmarks.decode.start": "start.json",
    "benchmarks.page.speed": "page.json",
}


def test_every_result_of_the_weights_has_a_step():
    made = {step.output for step in renew.STEPS if step.output}
    made |= {name for step in renew.STEPS for name in step.words.split() if name.endswith(".json")}
    made = {name.rpartition("/")[2] for name in made} | {BY_MODULE.get(step.words, "") for step in renew.STEPS}
    stored = {path.name for path in RESULTS.glob("*.json") if not path.name.startswith("load-")}
    assert stored - OTHERS == made - {""}


def test_the_figures_are_written_last():
    assert renew.STEPS[-1].words == "benchmarks.report.readme_figures"


@pytest.mark.parametrize("name", sorted({step.words.split()[0] for step in renew.STEPS}))
def test_every_module_is_there(name):
    assert find_spec(name)


def test_a_step_that_fails_leaves_its_result_and_is_not_done(tmp_path, monkeypatch):
    monkeypatch.setattr(renew, "RESULTS", tmp_path)
    monkeypatch.setattr(renew, "DONE", tmp_path / "marks")
    monkeypatch.setattr(sys, "argv", ["renew"])
    (tmp_path / "old.json").write_text("old")
    good, bad = renew.Step("platform", "new.json"), renew.Step("platform_that_is_not_there", "old.json")
    monkeypatch.setattr(renew, "STEPS", (good, bad))
    with pytest.raises(subprocess.CalledProcessError):
        renew.main()
    assert (tmp_path / "old.json").read_text() == "old"
    assert (tmp_path / "new.json").read_text()
    (marks,) = (tmp_path / "marks").iterdir()
    assert marks.read_text().splitlines() == [good.words]


def test_what_is_done_is_not_done_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(renew, "DONE", tmp_path)
    monkeypatch.setattr(renew, "STEPS", (renew.Step("platform"),))
    monkeypatch.setattr(sys, "argv", ["renew"])
    taken = []
    monkeypatch.setattr(renew, "take", taken.append)
    renew.main()
    renew.main()
    assert len(taken) == 1
    monkeypatch.setattr(sys, "argv", ["renew", "--fresh"])
    renew.main()
    assert len(taken) == 2
