"""What docs/gpu.md shows of figures, and what is computed without a GPU: bytes, launches, floors, datasheets."""

from __future__ import annotations

import pytest

from benchmarks.harness import SHAPES
from benchmarks.report import gpu_figures, plan_figures, readme_figures, tables
from orthrus import diagnostics
from orthrus.gpu.cost import card_floors, floors, launches, passes, summary
from orthrus.gpu.datasheets import CARDS, SHARED_LIMIT, card_named
from tests.tiny import tiny_model

NAMES = {
    "NVIDIA H200": "H200",
    "NVIDIA H100 80GB HBM3": "H100",
    "NVIDIA A100-SXM4-80GB": "A100, 80 GB",
    "NVIDIA RTX PRO 6000 Blackwell Server Edition": "RTX PRO 6000 Blackwell",
    "NVIDIA A10G": "A10G",
    "NVIDIA GeForce RTX 3060": "RTX 3060",
}
OTHERS = ["NVIDIA H200 NVL", "NVIDIA H100 PCIe", "NVIDIA GeForce RTX 3060 Ti", "NVIDIA GeForce RTX 3060 Laptop GPU"]
OTHERS += ["NVIDIA A10", "NVIDIA A100-PCIE-40GB", "NVIDIA RTX 6000 Ada Generation", "Tesla T4"]


def test_a_quick_look_is_not_published(monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    assert gpu_figures.gpu() == gpu_figures.MISSING
    (tmp_path / "gpu.json").write_text('{"quick": true}')
    with pytest.raises(ValueError, match="measure it in full"):
        gpu_figures.gpu()


def test_docs_show_the_figures():
    page = readme_figures.ROOT / "docs" / "gpu.md"
    text = page.read_text(encoding="utf-8")
    assert "<!-- figures:gpu -->" in text and "<!-- figures:floors -->" in text and page in readme_figures.PAGES
    assert readme_figures.filled(text) == text, "run python -m benchmarks.report.readme_figures"


@pytest.mark.parametrize(("reported", "name"), NAMES.items())
def test_a_card_is_known_by_the_drivers_name(reported, name):
    assert card_named(reported).name == name and card_named(reported).capability in SHARED_LIMIT


@pytest.mark.parametrize("reported", OTHERS)
def test_a_card_of_another_datasheet_is_not_taken_for_it(reported):
    assert card_named(reported) is None


def test_floors_are_bytes_over_the_copy_rate():
    """Qwen3-1.7B in bfloat16: 3.4 GB of weights a pass, so 0.86 ms at 4 TB/s; products are quicker than that."""
    least = floors(SHAPES["1.7b"], 512, 2, 4e12, 8e14)
    assert least["step"] == pytest.approx(0.86, abs=0.05)
    assert least["cycle"] == pytest.approx(2 * least["step"], rel=0.05)


def test_products_bound_a_block_where_memory_is_quick():
    w = passes(SHAPES["1.7b"], 512, 2)["cycle"][1]
    assert floors(SHAPES["1.7b"], 512, 2, 4e12, 1e12)["cycle"] > 1e3 * w.flops / 1e12


def test_a_longer_context_costs_its_keys_and_values():
    c = SHAPES["8b"]
    short, long = (passes(c, context, 2)["step"][0].bytes for context in (512, 32_768))
    assert long - short == 2 * c.kv_bytes_per_position * (32_768 - 512)


def test_the_doctor_says_what_a_cycle_costs_on_every_card():
    lm = tiny_model()
    found = diagnostics.report(lm)["graphs"]
    assert found == summary(lm.config, 4) and set(found["floor_ms_by_datasheet"]) == {card.name for card in CARDS}
    assert found["launches"] == launches(lm.config) and 0 < found["bytes"]["step"] < found["bytes"]["cycle"]


def test_the_plan_of_a_qwen3_is_told_with_its_command_line():
    text = (readme_figures.ROOT / "docs" / "qwen3.md").read_text(encoding="utf-8")
    asked = plan_figures.options(*plan_figures.GPUS["H100"])
    assert f"python -m orthrus.training plan      --base Qwen/Qwen3-0.6B {asked}\n" in text


def test_the_plan_has_every_shape_and_card():
    text = plan_figures.floors()
    assert all(f"| {card.name} |" in text for card in CARDS) and "| 8b |" in text
    least = card_floors(SHAPES["8b"], CARDS[0], 2)
    assert f"{least['step']:.2f} / {least['cycle']:.2f}" in text
