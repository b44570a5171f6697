"""What leaves the page: the trace, the page as one file, the summary. The browser's part: tests/js."""

import base64

import pytest

from orthrus.trace import Trace
from orthrus.trace.files import load, save
from tests import synthetic
from viz.export import html
from viz.player import frames, modules, shell
from viz.views import catalogue, download


@pytest.fixture(scope="module")
def trace():
    return Trace.of(synthetic.events(seed=1, tokens=60))


def facts(trace):
    return catalogue.state("record", trace)["facts"]


def test_the_page_holds_the_very_file_that_save_writes(trace, tmp_path):
    save(trace, tmp_path / "run.jsonl.gz")
    held = base64.b64decode(facts(trace)["trace"])
    assert held == (tmp_path / "run.jsonl.gz").read_bytes()
    again = load(tmp_path / "run.jsonl.gz")
    assert base64.b64decode(facts(again)["trace"]) == held, "a recording gives the same file again"


def test_a_run_that_has_not_ended_has_no_file(trace):
    assert facts(Trace.of(list(trace.events)[:-1]))["trace"] is None


def test_everything_that_leaves_says_where_it_was_measured(trace):
    run = facts(trace)["run"]
    assert run["name"] == "orthrus-20260102T030405-synthetic"
    assert run["about"].startswith("Orthrus trace schema 1; toy (0), float32, none; test bench (cpu)")
    nasty = trace.events[0]
    assert "/" not in download.file_name(nasty) and " " not in download.file_name(nasty)


def test_in_a_file_a_live_run_is_a_recorded_one(trace):
    text = html.page(trace)
    assert "Recorded on test bench" in text and "Live on test bench" not in text


def test_a_page_gives_its_own_style_back():
    begin, end = shell.STYLE_MARKS
    sheet = frames.stylesheet()
    assert sheet.startswith(begin) and sheet.endswith(end) and sheet.count(begin) == sheet.count(end) == 1
    page_css = modules.read("css/page.css")
    assert begin not in page_css and end not in page_css


def test_the_summary_has_the_text_the_numbers_and_their_origin(trace):
    text = facts(trace)["summary"]
    board = catalogue.state("board", trace)
    for key, label, _ in catalogue.scoreboard.entries():
        value = board["facts"]["values"].get(key, board["state"]["values"].get(key))
        assert f"| {label} | {value} |" in text, "the same as on the page"
    assert trace.text.strip() in text and facts(trace)["run"]["about"] in text and "identical, 60 of 60 tokens" in text
    assert download.fenced("a ```` b").splitlines() == ["`````", "a ```` b", "`````"]
    alone = facts(Trace.of(synthetic.events(lanes=("orthrus",))))["summary"]
    speed = {key: label for key, label, _ in catalogue.scoreboard.entries()}["speedup"]
    assert f"| {speed} | not measured |" in alone and "not compared" in alone
