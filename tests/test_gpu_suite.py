"""The GPU suite without a GPU, on a device in this process: its figures are made, written and shown.

What it finds here are times of a CPU and mean nothing; that it runs to its end is what a lent GPU is too short for.
"""

from __future__ import annotations

import json
import sys

import pytest
import torch

from benchmarks import gpu_figures, gpu_suite, gpu_timing, harness
from orthrus.gpu import device
from tests.gpu_fakes import FakeDevice
from tests.tiny import tiny_config

CUT = {"layer": "o", "columns": 64, "depth": 256, "in_the_table": 1, "microseconds": {"1": 2.0, "2": 1.5}}


@pytest.fixture
def here(monkeypatch):
    """A CPU in a GPU's place; small sizes. Slices are timed in the interpreter's lane: they need Triton."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda *_: None)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    small = tiny_config(head_dim=16, max_position_embeddings=512, vocab_size=320)
    monkeypatch.setitem(harness.SHAPES, "0.6b", small)
    for module in (gpu_timing, device):
        monkeypatch.setattr(module, "CudaDevice", lambda _: FakeDevice(tear=False))
    stack, real_rows = gpu_timing.Stack, gpu_timing.rows_equal
    monkeypatch.setattr(gpu_timing, "Stack", lambda model: stack(model, "reference"))
    monkeypatch.setattr(gpu_timing, "rows_equal", lambda model, lengths: real_rows(model, lengths, rows=4))
    monkeypatch.setattr(gpu_timing, "sliced", lambda *_: [CUT])
    for name, value in {"WHERE": "cpu", "LENGTHS": (0, 5), "CONTEXTS": (24, 48, 96), "CONTEXT": 24}.items():
        monkeypatch.setattr(gpu_suite, name, value)
    monkeypatch.setattr(gpu_suite, "copy_rate", lambda count, where: 1e9)
    monkeypatch.setattr(gpu_suite, "product_rate", lambda dtype, where: 1e11)
    monkeypatch.setattr(gpu_suite, "asked_elsewhere", lambda shape: 0.5)


def test_it_runs_to_its_end_and_its_tables_are_drawn(here, monkeypatch, tmp_path, capsys):
    out = tmp_path / "gpu.json"
    monkeypatch.setattr(sys, "argv", ["gpu_suite.py", "--quick", "--out", str(out)])
    gpu_suite.main()  # what it returns is of the arithmetic here: plain products, whose rows are not exact
    result = json.loads(out.read_text())
    assert result["rows"]["0.6b"]["of"] == 2 * 4 and result["prompts"]["float32"]["prompts"] == 4
    assert result["prompts"]["float32"]["broken"] == 0 and result["not_measured"] == {}
    speed = result["speed"]["0.6b"]
    assert [row["context"] for row in speed["by_context"]] == [24, 48]
    assert all(
        row["step_ms"] > 0 and row["cycle_ms"] > 0 and row["cycle_over_floor"] > 0 for row in speed["by_context"]
    )
    assert speed["ar_tokens_per_s"] > 0 and speed["transformers_tokens_per_s"] > 0
    assert {t["target"] for t in result["targets"]} >= {"telling the host", "price of exactness, AR step"}
    assert "microseconds by slices {'1': 2.0, '2': 1.5}" in capsys.readouterr().out
    assert "| 0.6b | o | 64 x 256 | 1 | 2 | 1.5 |  |  |" in gpu_figures.rendered(result)


def test_the_first_token_is_told_by_a_process_of_its_own(here, capsys):
    gpu_suite.first_token("0.6b")
    assert json.loads(capsys.readouterr().out)["seconds"] > 0


def test_a_shape_that_does_not_fit_is_named_and_the_rest_is_measured(here, monkeypatch, tmp_path):
    def refuse(shape, contexts):
        raise ValueError(f"{shape} needs more than there is")

    monkeypatch.setattr(gpu_suite, "speed", refuse)
    monkeypatch.setattr(sys, "argv", ["gpu_suite.py", "--quick", "--out", str(tmp_path / "gpu.json")])
    gpu_suite.main()
    assert json.loads((tmp_path / "gpu.json").read_text())["not_measured"] == {"0.6b": "0.6b needs more than there is"}
