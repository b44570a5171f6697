"""Published figures are those of the results, and the plots and sentences say what the numbers say."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import plots, readme_figures, speed_figures

SVG = "{http://www.w3.org/2000/svg}"
FACTS = {
    "machine": {"device": "a CPU", "cores": 2, "simd": "AVX2"},
    "versions": {"torch": "2", "transformers": "5"},
    "mode": "fast",
    "commit": "abc",
    "measured_at": "2026-01-01T00:00:00",
    "command": "python x.py",
}
STEPS = [
    {"context": c, "K": k, "ar_ms": 1.0, "draft_ms": d, "verify_ms": v, "break_even_accepted": round(d + v - 1, 2)}
    for c, k, d, v in ((128, 1, 0.0, 1.0), (128, 8, 1.0, 1.5), (992, 32, 2.0, 2.25))
]
RUNS = [
    {"accepted": a, "tokens": n, "speedup": s, "first_token_ar_ms": 7.0, "first_token_orthrus_ms": 8.0}
    for a, n, s in ((0, 4, 0.5), (8, 16, 1.5), (31, 64, 7.25))
]
GROWTH = FACTS | {
    "dtypes": {
        "float32": {
            "threads": 2,
            "context": STEPS[1:],
            "block": STEPS,
            "acceptance": RUNS,
            "length": RUNS,
            "size": [STEPS[1] | {"shape": "small", "parameters": 40_000_000}],
        }
    }
}


@pytest.mark.parametrize("page", readme_figures.PAGES, ids=lambda page: page.name)
def test_a_page_has_the_figures_of_the_results(page):
    text = page.read_text(encoding="utf-8")
    assert readme_figures.filled(text) == text, "run python benchmarks/readme_figures.py"


@pytest.fixture
def results(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(speed_figures, "RESULTS", tmp_path)
    return tmp_path


def test_what_was_not_measured_is_said_so(results):
    assert all(render().startswith("Not measured yet") for render in speed_figures.FIGURES.values())


def test_growth_puts_the_measured_figures_into_its_sentences(results):
    (results / "growth.json").write_text(json.dumps(GROWTH))
    text = speed_figures.growth()
    for said in ("At K = 32 it is 3.25", "ahead from 16 tokens on", "31 accepted: 7.25x", "small 1.5", "`python x.py`"):
        assert said in text
    assert "AR step stays where it is (1 and 1 ms" in text and "verify pass goes from 1.5 to 2.25 ms" in text
    assert all(f"(plots/{name}.svg)" in text for name in plots.CHARTS)


def test_a_plot_is_an_svg_with_a_point_a_figure(results):
    (results / "growth.json").write_text(json.dumps(GROWTH))
    drawn = plots.drawn(results)
    assert set(drawn) == {f"{name}.svg" for name in plots.CHARTS}
    dots = {name: len(ElementTree.fromstring(text).findall(f"{SVG}circle")) for name, text in drawn.items()}
    assert dots["block.svg"] == 9 and dots["acceptance.svg"] == 3 and dots["size.svg"] == 1


def test_more_is_drawn_higher():
    chart = plots.Chart("t", "x", "y", [plots.Line("a", [(1, 0.0), (2, 5.0), (4, 10.0)])])
    dots = ElementTree.fromstring(plots.svg(chart)).findall(f"{SVG}circle")
    xs, ys = ([float(dot.get(name)) for dot in dots] for name in ("cx", "cy"))
    assert xs == sorted(xs) and ys == sorted(ys, reverse=True)
    assert ys == [plots.HEIGHT - plots.BOTTOM, (plots.TOP + plots.HEIGHT - plots.BOTTOM) / 2, plots.TOP]


@pytest.mark.parametrize(("value", "above"), [(0.9, 1), (1, 1), (1.1, 2), (3, 4), (41, 50), (0.012, 0.02)])
def test_axes_end_at_a_round_number(value, above):
    assert plots.ceiling(value) == pytest.approx(above)


def test_published_plots_are_those_of_the_results():
    drawn = plots.drawn()
    kept = {path.name: path.read_text(encoding="utf-8") for path in plots.PLOTS.glob("*.svg")}
    assert kept == drawn, "run python benchmarks/plots.py"
