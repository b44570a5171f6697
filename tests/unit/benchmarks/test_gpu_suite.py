"""The GPU suite without a GPU, on a device in this process: its figures are made, written and shown.

What it finds here are times of a CPU and mean nothing; that it runs to its end is what a lent GPU is too short for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from benchmarks import harness
from benchmarks.gpu import stages, suite, timing
from benchmarks.report import gpu_figures
from orthrus.checkpoints import loading
from orthrus.gpu import device, memory_plan
from orthrus.model.row_invariance import RowCheck
from tests.gpu_fakes import FakeDevice, graphed
from tests.tiny import tiny_config, tiny_model

GIB = 1 << 30
ABSENT = ("gradio", "plotly", "numba", "hypothesis")  # where the suite is run
CUT = {"layer": "o", "columns": 64, "depth": 256, "by_the_rule": 1, "microseconds": {"1": 2.0, "2": 1.5}}
CUT["configurations"] = {"stages 6": 1.25}


def lives(*_, **__):
    """The model that `load_model` would give on a GPU."""
    from dataclasses import replace

    lm, _ = graphed(tiny_model())
    return replace(lm, check=RowCheck("bfloat16", 1, "", 9, 9))


@pytest.fixture
def here(monkeypatch):
    """A CPU in a GPU's place; small sizes. Products are timed in the interpreter's lane: they need Triton."""
    for name in ABSENT[:3]:  # the tests themselves run under hypothesis
        monkeypatch.setitem(sys.modules, name, None)
    quiet = {"is_available": lambda: True, "synchronize": lambda *_: None, "empty_cache": lambda: None}
    quiet |= {"mem_get_info": lambda *_: (4 * GIB, 4 * GIB), "get_device_capability": lambda *_: (9, 0)}
    for name, value in quiet.items():
        monkeypatch.setattr(torch.cuda, name, value)
    small = tiny_config(head_dim=16, max_position_embeddings=2048, vocab_size=320)
    for shape in ("0.6b", "1.7b", "8b"):
        monkeypatch.setitem(harness.SHAPES, shape, small)
    for module in (timing, device):
        monkeypatch.setattr(module, "CudaDevice", lambda _: FakeDevice())
    monkeypatch.setattr(timing, "REPLAYS", 3)
    monkeypatch.setattr(timing, "ROUNDS", 1)
    stack, real_rows = timing.Stack, timing.rows_equal
    monkeypatch.setattr(timing, "Stack", lambda model: stack(model, "reference"))
    monkeypatch.setattr(timing, "rows_equal", lambda model, lengths, every: real_rows(model, lengths, every, 4))
    monkeypatch.setattr(timing, "products", lambda *_: [CUT])
    monkeypatch.setattr(loading, "load_model", lives)
    sizes = {"WHERE": "cpu", "LENGTHS": (0, 5), "FEW_LENGTHS": (3,), "CONTEXTS": (24, 48), "CONTEXT": 24}
    for name, value in sizes.items():
        monkeypatch.setattr(stages, name, value)
    monkeypatch.setattr(stages, "copy_rate", lambda count, where: 1e9)
    monkeypatch.setattr(stages, "first_token_elsewhere", lambda shape: {"seconds": 0.5})
    monkeypatch.setattr(stages, "EMPTY_LAUNCHES", 3)
    real_prompts = stages.prompts
    monkeypatch.setattr(stages, "prompts", lambda count, dtype: real_prompts(min(count, 2), dtype))


def run(monkeypatch, out, *arguments):
    monkeypatch.setattr(sys, "argv", ["suite.py", "--out", str(out), *arguments])
    status = suite.main()
    return status, json.loads(out.read_text())


def test_it_runs_to_its_end_and_its_tables_are_drawn(here, monkeypatch, tmp_path, capsys):
    status, result = run(monkeypatch, tmp_path / "gpu.json")
    assert {name: r for name, r in result["stages"].items() if "found" not in r} == {}
    assert list(result["stages"])[:3] == ["ground", "alive", "headline 1.7b"]
    found = {name: record["found"] for name, record in result["stages"].items()}
    assert found["alive"]["mode"] == "exact" and found["rows"]["8b"]["of"] == 1 and found["all rows"]["8b"]["of"] == 8
    assert found["prompts bfloat16"]["prompts"] == 2 and found["prompts bfloat16"]["broken"] == 0
    assert [row["context"] for row in found["times 1.7b"]] == [24, 48]
    assert all(row["step_ms"] > 0 and row["cycle_over_floor"] > 0 for row in found["times 8b"])
    same = found["dependent launches 1.7b"]
    assert same["rows_equal"] == same["of"] == 8 and found["transformers 1.7b"]["tokens_per_s"] > 0
    assert {t["target"] for t in result["targets"]} == set(suite.TARGETS)
    assert status == (0 if suite.correct(result) else 1)
    assert "target" in capsys.readouterr().out
    text = gpu_figures.rendered(result)
    assert "| 8b | o | 64 x 256 | 1 | 2 | 1.5 |  |  |" in text and "| 1.7b | 48 |" in text


def stubbed(monkeypatch, failing=None, error=None):
    """Stages that find at once what the real ones might; the failing one raises."""
    row = {"context": 512, "step_ms": 0.9, "step_over_floor": 1.2, "step_floor_ms": 0.75}
    row |= {"cycle_ms": 2.5, "cycle_over_floor": 1.6, "cycle_floor_ms": 1.56}
    equal = {"1.7b": {"rows_equal": 8, "of": 8}, "8b": {"rows_equal": 8, "of": 8}}
    runs = {"mode": "exact", "prompts": 3, "identical": 3, "broken": 0, "rows_equal": 7, "rows_compared": 7}
    paid = {"telling_the_host": 0.01, "price_of_exactness": {"step": 0.05, "cycle": 0.02}, "kernels": {}}
    finds = {"ground": {}, "alive": {}, "headline": [row], "rows": equal, "times": [row], "costs": paid}
    finds |= {"prompts": runs, "dependent": {"able": False}, "products": [CUT], "all": equal}
    finds |= {"transformers": {"tokens_per_s": 1.0}, "first": {"seconds": 1.5}}
    names = list(suite.plan(["1.7b", "8b"], False))

    def stage(name):
        if name == failing:
            raise error
        return finds[name.split()[0]]

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(stages, "fitting", lambda shapes: shapes)
    monkeypatch.setattr(stages, "WHERE", "cpu")
    monkeypatch.setattr(suite, "plan", lambda *_: {name: lambda name=name: stage(name) for name in names})
    return names


STAGES = list(suite.plan(["1.7b", "8b"], False))
ERRORS = (RuntimeError("CUDA error: an illegal memory access"), torch.OutOfMemoryError("2 GiB"), ImportError("no peer"))


@pytest.mark.parametrize("failing", STAGES)
def test_a_stage_that_fails_is_recorded_and_the_others_stand(failing, monkeypatch, tmp_path):
    error = ERRORS[STAGES.index(failing) % len(ERRORS)]
    stubbed(monkeypatch, failing, error)
    status, result = run(monkeypatch, tmp_path / "gpu.json")
    assert status == 1 and list(result["stages"]) == STAGES
    record = result["stages"][failing]
    assert record["error"].endswith(str(error)) and "Traceback" in record["traceback"]
    assert all("found" in r for name, r in result["stages"].items() if name != failing)
    assert f"Stage {failing}: " in gpu_figures.rendered(result)


def test_what_ended_is_written_before_the_next_stage_begins(monkeypatch, tmp_path):
    names, out, seen = stubbed(monkeypatch, "times 8b", KeyboardInterrupt()), tmp_path / "gpu.json", []
    monkeypatch.setattr(sys, "argv", ["suite.py", "--out", str(out)])
    with pytest.raises(KeyboardInterrupt):
        suite.main()
    seen = list(json.loads(out.read_text())["stages"])
    assert seen == names[: names.index("times 8b")]


def test_no_stage_begins_behind_the_time_that_is_given(monkeypatch, tmp_path):
    stubbed(monkeypatch)
    _, result = run(monkeypatch, tmp_path / "gpu.json", "--seconds", "0")
    assert all("skipped" in record for record in result["stages"].values()) and result["targets"] == []
    assert "was not begun" in gpu_figures.rendered(result)


def test_all_well_is_status_0_and_one_differing_row_is_not(monkeypatch, tmp_path):
    stubbed(monkeypatch)
    status, result = run(monkeypatch, tmp_path / "gpu.json")
    assert status == 0 and not any("error" in record for record in result["stages"].values())
    met = {t["target"]: t["met"] for t in result["targets"]}
    assert met["AR step over floor, 1.7b"] and met["cycle over floor, 1.7b"] and met["first token, seconds"]
    assert not met["cycle over floor, 8b"], "1.6 where 1.4 was wanted"
    for stage, change in (("rows", {"1.7b": {"rows_equal": 7, "of": 8}}), ("prompts bfloat16", {"mode": "fast"})):
        found = result["stages"][stage]["found"]
        broken = result["stages"] | {stage: {"found": found | change}}
        assert not suite.correct(result | {"stages": broken})


def test_what_does_not_fit_is_named_and_smaller_sizes_are_taken(monkeypatch):
    """A card of 12 GB: the 8B is left out, and a copy takes no more than a quarter of what is free."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda *_: (11 * GIB, 12 * GIB))
    assert stages.fitting(["0.6b", "1.7b", "8b"]) == ["0.6b", "1.7b"]
    asked = []
    monkeypatch.setattr(stages, "copy_rate", lambda count, where: asked.append(count) or 1.0)
    stages.bandwidth()
    assert asked == [11 * GIB // 4]
    after = 11 * GIB - memory_plan.weight_bytes(harness.SHAPES["1.7b"], torch.bfloat16)
    assert memory_plan.longest(harness.SHAPES["1.7b"], torch.bfloat16, after) > 8192


def test_a_model_that_steps_back_is_an_error_and_no_figure(monkeypatch):
    monkeypatch.setattr(
        loading,
        "load_model",
        lambda *_: SimpleNamespace(model=tiny_model().model, mode="fast", engine="torch", check=None),
    )
    with pytest.raises(RuntimeError, match="mode fast"):
        stages.prompts(1, "bfloat16")


def test_the_first_token_is_timed_by_a_process_of_its_own(here, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["suite.py", "--first-token", "0.6b"])
    assert suite.main() == 0 and json.loads(capsys.readouterr().out)["seconds"] > 0


def test_a_failing_process_says_why(monkeypatch):
    real = subprocess.run
    code = [sys.executable, "-c", "import sys; sys.exit('no such device')"]
    monkeypatch.setattr(stages.subprocess, "run", lambda command, **how: real(code, **how))
    with pytest.raises(RuntimeError, match="no such device"):
        stages.first_token_elsewhere("0.6b")


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens where there is no GPU")
def test_the_one_command_starts_without_the_pages_packages(tmp_path):
    """It gets as far as asking for the device."""
    absent = "".join(f"sys.modules[{name!r}] = None; " for name in ABSENT)
    code = f"import sys, runpy; {absent}sys.argv = ['', '--out', {str(tmp_path / 'gpu.json')!r}]; "
    code += "runpy.run_module('benchmarks.gpu.suite', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=harness.ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "no CUDA device here" in done.stderr and not list(tmp_path.iterdir())
