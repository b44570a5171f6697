"""The GPU suite without a GPU: it refuses, and what it would write becomes the tables of docs/gpu.md."""

from __future__ import annotations

import sys

import pytest
import torch

from benchmarks import gpu_figures, gpu_suite, readme_figures
from benchmarks.gpu_timing import floors
from benchmarks.harness import SHAPES

ROW = {"context": 512, "step_ms": 0.9, "step_over_floor": 1.2, "step_floor_ms": 0.75}
ROW |= {"cycle_ms": 2.5, "cycle_over_floor": 1.6, "cycle_floor_ms": 1.56}


def result(step_price=0.05, told=0.01, identical=3):
    """The shape of a result, with figures nobody measured."""
    speed = {"copy_gb_per_s": 1, "by_context": [ROW], "telling_the_host": told, "ar_tokens_per_s": 2.0}
    speed |= {"price_of_exactness": {"step": step_price, "cycle": 0.02}, "transformers_tokens_per_s": 1.0}
    cut = {"layer": "down", "columns": 2048, "depth": 6144, "in_the_table": 4, "microseconds": {"1": 9.5, "4": 6.25}}
    speed["slices"] = [cut]
    runs = {"identical": identical, "prompts": 3, "broken": 0, "rows_equal": 7, "rows_compared": 7}
    found = {"rows": {"1.7b": {"rows_equal": 32, "of": 32}}, "prompts": {"bfloat16": runs}, "quick": False}
    found |= {"speed": {"1.7b": speed, "8b": speed}, "not_measured": {"4b": "too large"}, "first_token_s": 1.5}
    found |= {"machine": {"device": "a card"}, "versions": {"torch": "2", "transformers": "5"}, "commit": "c"}
    found |= {"measured_at": "2026-01-01", "command": "python benchmarks/gpu_suite.py", "seconds": 9}
    return found | {"targets": gpu_suite.targets(found)}


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what happens where there is no GPU")
def test_without_a_gpu_it_refuses_and_writes_nothing(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["gpu_suite.py", "--out", str(tmp_path / "gpu.json")])
    assert gpu_suite.main() == 2 and not list(tmp_path.iterdir())
    assert "there is no CUDA device here" in capsys.readouterr().err


def test_targets_are_met_or_not():
    met = {t["target"]: t["met"] for t in result()["targets"]}
    assert met["AR step over floor, 1.7b"] and met["cycle over floor, 1.7b"] and met["first token, seconds"]
    assert not met["cycle over floor, 8b"], "1.6 where 1.4 was wanted"
    missed = {t["target"] for t in result(step_price=0.2, told=0.04)["targets"] if not t["met"]}
    assert missed == {"cycle over floor, 8b", "telling the host", "price of exactness, AR step"}
    assert len(met) == len(gpu_suite.TARGETS)


def test_one_differing_prompt_or_row_fails_the_suite():
    assert gpu_suite.correct(result()) and not gpu_suite.correct(result(identical=2))
    broken = result()
    broken["rows"]["1.7b"]["rows_equal"] = 31
    assert not gpu_suite.correct(broken)


def test_the_tables_hold_what_was_found(capsys):
    text = gpu_figures.rendered(result())
    for said in (
        "32 of 32 equal in every bit",
        "3 of 3 identical",
        "| 1.7b | 512 | 0.9 |",
        "4b was not measured",
        "| 1.7b | down | 2,048 x 6,144 | 4 | 9.5 |  | 6.25 |  |",
        "no |",
    ):
        assert said in text
    gpu_suite.show(result())
    assert "not measured, too large" in capsys.readouterr().out


def test_a_quick_look_is_not_published(monkeypatch, tmp_path):
    monkeypatch.setattr(gpu_figures, "RESULTS", tmp_path)
    assert gpu_figures.gpu() == gpu_figures.MISSING
    (tmp_path / "gpu.json").write_text('{"quick": true}')
    with pytest.raises(ValueError, match="measure it in full"):
        gpu_figures.gpu()


def test_docs_show_the_figures():
    page = readme_figures.ROOT / "docs" / "gpu.md"
    text = page.read_text(encoding="utf-8")
    assert "<!-- figures:gpu -->" in text and page in readme_figures.PAGES
    assert readme_figures.filled(text) == text, "run python benchmarks/readme_figures.py"


def test_floors_are_bytes_over_the_copy_rate():
    """Qwen3-1.7B in bfloat16: 3.4 GB of weights a pass, so 0.86 ms at 4 TB/s; products are quicker than that."""
    least = floors(SHAPES["1.7b"], 512, 2, 4e12, 8e14)
    assert least["step"] == pytest.approx(0.86, abs=0.05) and least["cycle"] == pytest.approx(
        2 * least["step"], rel=0.05
    )
