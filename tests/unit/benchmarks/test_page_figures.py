"""The page's figures: what docs/page.md shows is what was measured."""

import json

import pytest

from benchmarks.report import page_figures, readme_figures, tables

DOC = readme_figures.ROOT / "docs" / "page.md"
RESULT = {
    "machine": {"device": "a machine", "cores": 2},
    "versions": {"gradio": "6"},
    "browser": "1",
    "measured_at": "2026-01-02T03:04:05",
    "commit": "abc",
    "quick": False,
    "playing": {
        "desktop": {"width": 1440, "frames": 9, "fps": 59.8, "gap_p50_ms": 16.7, "gap_p99_ms": 17, "gap_max_ms": 33}
    },
    "streaming": {
        name: {"width": width, "events": 90, "rate": 59.7, "messages": 45, "lost": 1, "fps": 41.4, "gap_p50_ms": 17.0}
        | {"gap_p99_ms": 83.4, "gap_max_ms": 120.1}
        for name, width in (("desktop", 1440), ("phone", 390))
    },
    "memory": [{"events": 90, "heap": 12_345_678, "nodes": 4321, "listeners": 210}],
    "bytes": {"views": {"ribbon": {"mean": 321.5, "most": 654}}, "event": 1987.4},
    "answers": {"step": {"n": 3, "p50_ms": 21.2, "p95_ms": 61.8, "settled_ms": 300.0}},
    "requests": 0,
    "external": 0,
    "first": {"paint_ms": 812.3, "motion_ms": 2713.0, "form_ms": 900.4, "bare_form_ms": 600.2, "shift": 0.02},
}


def test_the_doc_is_what_the_result_says():
    text = DOC.read_text(encoding="utf-8")
    assert "<!-- figures:page -->" in text
    assert readme_figures.filled(text) == text, "run python -m benchmarks.report.readme_figures"


def test_tables_hold_what_was_measured_and_its_bar(tmp_path, monkeypatch):
    text = page_figures.page(RESULT)
    for cell in (
        "| 60 | 59 |",
        "| 41 | 50 |",
        "| 41 | 30 |",
        "| 1 of 45 |",
        "| 12.3 | 4321 |",
        "| 654 | 1500 |",
        "| 21 | 62 | 50 |",
    ):
        assert cell in text, cell
    assert "| 2713 | 1500 |" in text and "| 0.0200 | 0.01 |" in text, "a missed bar stays in the table"
    monkeypatch.setattr(tables, "RESULTS", tmp_path)
    marked = "<!-- figures:page -->\n\n| 9 |\n\n<!-- /figures:page -->"
    assert "| 9 |" not in readme_figures.filled(marked), "figures without a result do not stay"
    (tmp_path / "page.json").write_text(json.dumps(RESULT))
    assert text in readme_figures.filled(marked)
    (tmp_path / "page.json").write_text(json.dumps({**RESULT, "quick": True}))
    with pytest.raises(ValueError, match="comes from --quick"):
        readme_figures.filled(marked)
