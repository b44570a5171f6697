"""The charts of a training run, from records as the loop writes them."""

from __future__ import annotations

import json

import pytest

from tests.refusals import refused
from viz import theme
from viz.export import training_report

AR = [{"stage": "ar", "step": s, "loss": 3.0, "ar_loss": 2.0 / s, "accepted": 0.5} for s in (20, 40)]
AR += [{"stage": "ar", "step": 40, "valid_loss": 0.4, "valid_block_loss": 2.0, "accepted": 1.5, "score": 0.4}]
DIFFUSION = [
    {
        "stage": "diffusion",
        "step": step,
        "valid_kl": 3.0 - step / 100,
        "accepted": step / 50,
        "score": -step / 50,
        "accepted_by_domain": {"math": step / 40, "stories": 1.0},
        "agreement_by_position": [0.9, 0.5, step / 400],
    }
    for step in (100, 200, 300, 400)
]


def written(folder, ar=AR, diffusion=DIFFUSION):
    for stage, records in (("ar", ar), ("diffusion", diffusion)):
        (folder / stage).mkdir()
        (folder / stage / "metrics.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records))
    return folder


def test_charts_hold_what_the_records_say(tmp_path):
    charts = training_report.figures(training_report.read_run(written(tmp_path)))
    loss = {line.name: (line.x, line.y) for line in charts["Loss"].data}
    assert loss["AR view, training"] == ((20, 40), (0.1, 0.05))
    assert loss["distillation: forward KL, held out"] == ((100, 200, 300, 400), (2.0, 1.0, 0.0, -1.0))
    domains = charts["Accepted in a row, by domain"].data
    assert [line.name for line in domains] == ["math", "stories"]  # best first
    assert domains[0].y == (2.5, 5.0, 7.5, 10.0)
    positions = charts["Agreement by position in the block"].data
    assert [line.name for line in positions] == ["after step 100", "after step 300", "after step 400"]
    assert positions[-1].x == (1, 2, 3) and positions[-1].y == (0.9, 0.5, 1.0)
    training_only = [r for r in AR if "score" not in r]
    assert [line.y for line in charts["Accepted in a row, on held-out answers"].data] == [(1.5,), (2.0, 4.0, 6.0, 8.0)]
    assert set(training_report.figures(training_only)) == {"Loss"}


def test_a_later_round_of_distillation_counts_on(tmp_path):
    (written(tmp_path) / "diffusion-2").mkdir()
    lines = "".join(json.dumps(r) + "\n" for r in DIFFUSION[:2])
    (tmp_path / "diffusion-2" / "metrics.jsonl").write_text(lines)
    charts = training_report.figures(training_report.read_run(tmp_path))
    assert charts["Accepted in a row, by domain"].data[0].x == (100, 200, 300, 400, 500, 600)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_lines_of_a_chart_differ_in_colour_or_dash(tmp_path, mode):
    many = [{**r, "accepted_by_domain": {f"d{i}": i for i in range(11)}} for r in DIFFUSION]
    for chart in training_report.figures(training_report.read_run(written(tmp_path, diffusion=many)), mode).values():
        looks = [(line.line.color, line.line.dash) for line in chart.data]
        assert len(set(looks)) == len(looks)
        assert {colour for colour, _ in looks} <= set(theme.PALETTES[mode].values())


def test_the_page_is_one_file(tmp_path):
    text = training_report.page(training_report.read_run(written(tmp_path)))
    assert text.count("<h2>") == 4 and "src=" not in text.split("<h1>")[1].split("<script")[0]
    assert "cdn.plot.ly" not in text.replace("https://cdn.plot.ly/un/", "")  # map shapes, named but not fetched


def test_bad_input_is_named(tmp_path):
    with refused("run-missing"):
        training_report.read_run(tmp_path)
    written(tmp_path, ar=[{"loss": 1}])
    with refused("record-invalid"):
        training_report.read_run(tmp_path)
