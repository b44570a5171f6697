"""Published figures are those of the results, and the plots and sentences say what the numbers say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.decode import company, cpu_speed, row_costs, start
from benchmarks.report import ablation_figures, charts, plots, readme_figures, speed_figures, tables

SVG = "{http://www.w3.org/2000/svg}"
FACTS = {
    "machine": {"device": "a CPU", "cores": 2, "simd": "AVX2"},
    "versions": {"torch": "2", "transformers": "5"},
    "engine": "numba",
    "commit": "abc",
    "measured_at": "2026-01-01T00:00:00",
    "command": "python x.py",
}
STEPS = [
    {"context": c, "K": 32, "ar_ms": 1.0, "draft_ms": d, "verify_ms": v, "break_even_accepted": round(d + v - 1, 2)}
    for c, d, v in ((128, 1.0, 1.5), (992, 2.0, 2.25))
]
RUNS = [
    {"accepted": a, "tokens": n, "speedup": s, "first_token_ar_ms": 7.0, "first_token_orthrus_ms": 8.0}
    for a, n, s in ((0, 4, 0.5), (8, 16, 1.5), (31, 64, 7.25))
]
GROWTH = FACTS | {
    "threads": {
        "2": {
            "context": STEPS,
            "acceptance": RUNS,
            "length": RUNS,
            "size": [STEPS[1] | {"shape": "small", "parameters": 40_000_000}],
        }
    }
}
WAY = {"tokens_per_s": 400.4, "over_ar": 1.0, "same_text": 3}
SPEED = FACTS | {
    "threads": {
        "1": {
            "math": {
                "prompts": 3,
                "tokens": 90,
                "ways": {"AR": WAY, "Orthrus": WAY | {"tokens_per_s": 100.0, "over_ar": 0.25, "same_text": 2}},
                "ratios": {
                    "AR over llama.cpp float16": 2.5,
                    "paced over AR": 0.9,
                    "price of detail 0": 0.031,
                    "price of detail 0, nine of ten": [0.02, 0.04],
                    "price of detail 1": 0.5,
                    "price of detail 1, nine of ten": [0.45, 0.55],
                },
            }
        }
    }
}
SPEED["targets"] = cpu_speed.targets(SPEED["threads"])
RATES = {"cached_gb_per_s": 90, "uncached_gb_per_s": 11, "pass_gb_per_s": 80}
RATES |= {"tile_gflop_per_s": 91, "onednn_gflop_per_s": 60}
PASS = {"verify_ms": 5.0, "floor_ms": 4.0, "bound_by": "products", "over_floor": 1.25}
ROWS = FACTS | {
    "domain": "math",
    "tokens_per_cycle": {"32": 18.4},
    "threads": {
        "1": {"rates": RATES, "passes": [PASS | {"rows": n} | row_costs.cycle(n, 5e-3, 5e-3, 2.5e-4) for n in (1, 32)]}
    },
}


@pytest.mark.parametrize("page", readme_figures.PAGES, ids=lambda page: page.name)
def test_a_page_has_the_figures_of_the_results(page):
    text = page.read_text(encoding="utf-8")
    assert readme_figures.filled(text) == text, "run python -m benchmarks.report.readme_figures"


@pytest.fixture
def results(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    return tmp_path


def test_what_was_not_measured_is_said_so(results):
    missing = [*speed_figures.FIGURES.values(), readme_figures.evaluate, readme_figures.lossless]
    assert {render() for render in missing} == {tables.NOT_YET}


def test_growth_puts_the_measured_figures_into_its_sentences(results):
    (results / "growth.json").write_text(json.dumps(GROWTH))
    text = speed_figures.growth()
    for said in ("2 threads", "ahead from 16 tokens on", "31 accepted: 7.25x", "small 3.25", "`python x.py`"):
        assert said in text
    assert "AR step stays where it is (1 and 1 ms" in text and "verify pass goes from 1.5 to 2.25 ms" in text
    assert all(f"(plots/{name}.svg)" in text for name in charts.CHARTS)


def test_speeds_stand_beside_what_they_are_over_and_whether_texts_agree(results):
    (results / "cpu-speed.json").write_text(json.dumps(SPEED))
    assert "| Orthrus | 100 | 0.25 | 2 of 3 |" in speed_figures.speed()
    assert "| AR over llama.cpp float16 | math | 1 | at least 2 | 2.50 | yes |" in speed_figures.targets()
    assert "| paced over AR | math | 1 | at least 0.97 | 0.90 | no |" in speed_figures.targets(), "a missed bar stays"
    assert "| 1 | 1 | 50.0% | 45.0% to 55.0% |" in speed_figures.detail()


def test_what_was_not_timed_has_no_bar():
    met = {(t["target"], t["domain"]): t["met"] for t in SPEED["targets"]}
    assert met == {("AR over llama.cpp float16", "math"): True, ("paced over AR", "math"): False}


def test_a_cycle_is_priced_in_steps():
    assert row_costs.cycle(32, 6.0, 10.0, 0.5) == {"verify_steps": 20.0, "break_even": 32.0, "at_best": 1.0}
    assert row_costs.cycle(32, 1.0, 1.0, 1.0)["at_best"] == 16


def test_rows_are_told_with_their_break_even_and_bound(results):
    (results / "row-costs.json").write_text(json.dumps(ROWS))
    (results / "row-costs-0.6b.json").write_text(json.dumps({k: v for k, v in ROWS.items() if k != "tokens_per_cycle"}))
    assert "| 1 | 32 | 5 | 20.0 | 40.0 | 0.80 | 18.4 | 4 | products | 1.2 |" in speed_figures.row_costs()
    assert "| 1 | 32 | 5 | 20.0 | 40.0 | 0.80 | 4 | products | 1.2 |" in speed_figures.row_costs_large()
    assert "reads 90 GB/s from 8 MiB" in speed_figures.row_costs()
    said = speed_figures.break_even()
    assert "costs 20 single rows" in said and "bring 40 tokens" in said and "it brings 18," in said


def test_rates_in_company_are_ratios_within_a_round():
    now = iter(range(100))

    def slower(_):
        return [0] * 10, 1.0 + next(now) // 4  # four calls a stretch: two prompts behind one that is not counted

    found = company.measure({"AR": slower}, ["a", "b", "c"], 1)["AR"]
    assert found == {"quiet": 10.0, "busy": 5.0, "share": 0.5}


def test_a_large_model_is_held_against_its_bars():
    large = {"loaded_over_file": 1.0, "peak_over_file": 1.2, "peak_mapped_over_file": 2.0}
    found = start.bars({"s": 9.0}, {"s": 1.5}, large | {"prompt_bar_ms": 100.0, "prompt_ms": 90.0})
    assert [row["met"] for row in found] == [True, False, True, False, False, True]


def test_a_plot_has_the_lines_and_the_words_of_its_figures(results):
    (results / "growth.json").write_text(json.dumps(GROWTH))
    drawn = plots.drawn()
    assert set(drawn) == {f"{name}.svg" for name in charts.CHARTS}
    for name, chart in charts.charts(GROWTH).items():
        axes = drawn[f"{name}.svg"].axes[0]
        curves = [line for line in axes.lines if line.get_marker() == "o"]
        assert [list(map(tuple, line.get_xydata())) for line in curves] == [line.points for line in chart.lines]
        assert [text.get_text() for text in axes.get_legend().get_texts()] == [line.name for line in chart.lines]
        assert (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()) == (chart.title, chart.x, chart.y)
        levels = [line.get_ydata()[0] for line in axes.lines if line not in curves]
        assert levels == [chart.level] * (chart.level is not None)
        assert {float(text.get_text()) for text in axes.get_xticklabels()} == {x for x, _ in chart.lines[0].points}
        assert axes.get_ylim()[0] == 0, "heights are compared from zero on"


def test_a_file_is_the_same_however_often_it_is_drawn(results, tmp_path):
    (results / "growth.json").write_text(json.dumps(GROWTH))
    kept = []
    for name in ("once.svg", "again.svg"):
        plots.write(plots.drawn()["acceptance.svg"], tmp_path / name)
        kept.append((tmp_path / name).read_text(encoding="utf-8"))
    assert kept[0] == kept[1] and "dc:date" not in kept[0] and "matplotlib.org" not in kept[0]
    assert {"Speed-up by acceptance", "x AR", "2 threads"} <= words(kept[0])


def words(svg: str) -> set[str]:
    return {text.text for tag in ("text", "title") for text in ElementTree.fromstring(svg).iter(f"{SVG}{tag}")}


def lengths(svg: str) -> list[float]:
    """Of the bars, in the file's own unit and order."""
    found = {}
    for group in ElementTree.fromstring(svg).iter(f"{SVG}g"):
        if (name := group.get("id", "")).startswith("bar-"):
            xs = [float(x) for x in re.findall(r"[ML] (\S+)", group.find(f"{SVG}path").get("d"))]
            found[int(name.removeprefix("bar-"))] = max(xs) - min(xs)
    return [found[i] for i in range(len(found))]


def test_published_plots_are_those_of_the_results(tmp_path):
    """By their words and lengths: another version of matplotlib writes other files."""
    again = "run python -m benchmarks.report.plots"
    drawn = plots.drawn()
    kept = {path.name: path.read_text(encoding="utf-8") for path in plots.PLOTS.glob("*.svg")}
    assert set(kept) == set(drawn), again
    for name, figure in drawn.items():
        plots.write(figure, tmp_path / name)
        assert words(kept[name]) == words((tmp_path / name).read_text(encoding="utf-8")), again
    rows = ablation_figures.bars(tables.read("ablations"))
    shown = lengths(kept["ablations.svg"])
    assert [x / shown[0] for x in shown] == pytest.approx([row.mean / rows[0].mean for row in rows], rel=1e-4), again
