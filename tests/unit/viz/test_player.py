"""Frames, the exported file, figures, the gallery, and what the player's files may not do."""

import json
import re

import pytest

import viz
from orthrus.trace import Trace
from orthrus.trace.files import as_recorded, save
from orthrus.trace.metrics import measure
from tests import synthetic
from tests.refusals import refused
from viz import theme
from viz.export import html
from viz.page import recordings
from viz.page.form import FIELDS
from viz.player import frames, modules
from viz.views import catalogue


@pytest.fixture(scope="module")
def trace():
    return Trace.of(synthetic.events(seed=1, tokens=150, sureness=0.85))


def test_the_playhead_stops_three_times_a_cycle_and_counts_every_token(trace):
    stops = [frame for frame in frames.tape(trace) if "p" in frame]
    assert [s["p"] for s in stops] == ["prefill", *["draft", "verify", "commit"] * len(trace.verdicts), "finish"]
    assert sum(s["w"] for s in stops) == len(trace.tokens)
    assert [s["c"] for s in stops[1:-1]] == [c for c in range(len(trace.verdicts)) for _ in range(3)]


def test_the_playheads_clock_is_the_measured_time_of_both_lanes(trace):
    stops = [frame for frame in frames.tape(trace) if "p" in frame]
    metrics = measure(trace)
    assert sum(s["ms"] for s in stops[:-1]) == pytest.approx(metrics.total_ms, abs=0.01 * len(stops))
    assert sum(s["ms"] for s in stops) == pytest.approx(metrics.ar_total_ms, abs=0.01 * len(stops))


def test_settings_are_plain_data_and_name_a_drawing_part_for_every_view():
    settings = json.loads(frames.dumps(frames.settings()))
    parts = set(re.findall(r"^  (\w+): \w+Part,", modules.read("views/parts.js"), re.MULTILINE)) | {"words"}
    assert {view["kind"] for view in settings["views"].values()} <= parts
    assert set(settings["legend"]) <= set(settings["statuses"])


def test_the_static_files_take_no_text_as_html_and_name_no_other_host():
    paths = [path for path in modules.STATIC.rglob("*") if path.is_file()]
    assert {path.suffix for path in paths} == {".css", ".html", ".js", ".json", ".ts"} and len(paths) > 40
    for path in paths:
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", re.sub(r"//.*", "", text)
        ), path
        # a page reads its own scripts again to put them into a file, and its recorded runs; nothing else is asked for
        text = text.replace("fetch(url)", "", path.name == "download.js")
        text = text.replace("fetch(run.file)", "", path.name == "gallery.js")
        text = text.replace("fetch(file)", "", path.name == "library.js")  # nor than lessons and codes of addresses
        # but the endpoints that a visitor asks by hand, below the page's own address
        text = text.replace("fetch(address", "(address", 2 * (path.name == "ask.js"))
        text = text.replace("fetch(address(", "(address(", 3 * (path.name == "class_link.js"))  # and a class's
        assert not re.search(r"https?://|fetch\(|XMLHttpRequest|WebSocket|@import", text), path


def test_an_address_knows_every_field_of_the_form():
    known = re.search(r'const REQUEST = "([^"]+)"', modules.read("page/address.js"))
    assert known and known[1].split() == ["prompt", "model", *(field.name for field in FIELDS)]


def test_every_colour_a_view_names_exists():
    named = set(re.findall(r'"@(\w+)"', frames.dumps(frames.settings())))
    assert named <= set(theme.PALETTES["dark"]) == set(theme.PALETTES["light"])
    used = set(re.findall(r"var\(--o-(\w+)", frames.stylesheet()))
    assert used <= set(theme.PALETTES["dark"]), used - set(theme.PALETTES["dark"])


def test_json_inside_a_page_cannot_leave_its_element():
    nasty = {"a": "</script><script>alert(1)</script><!--\u2028"}
    text = frames.dumps_for_html(nasty)
    assert "<" not in text and "\u2028" not in text and json.loads(text) == nasty


def test_an_export_is_one_file_that_asks_nobody(trace, tmp_path):
    path = tmp_path / "out.html"
    viz.export_html(trace, path, title="A <b>run</b>")
    text = path.read_text(encoding="utf-8")
    assert "<title>A &lt;b&gt;run&lt;/b&gt;</title>" in text and "default-src 'none'" in text
    shell = text.replace(frames.plotly_file().read_text(encoding="utf-8"), "")
    assert not re.search(r"(src|href)=|https?://", shell)
    assert "<b>nothing</b>" not in shell, "token text must stay inside the JSON"
    data = re.search(r'id="tape">(.*?)</script>', shell, re.S).group(1)
    recorded = Trace.of(as_recorded(event) for event in trace.events)
    assert json.loads(data)["frames"] == json.loads(frames.dumps(frames.tape(recorded)))
    with refused("trace-empty"):
        html.page(Trace())


@pytest.mark.parametrize("mode", theme.PALETTES)
@pytest.mark.parametrize("name", catalogue.VIEWS)
def test_every_view_is_an_ordinary_figure_too(trace, name, mode):
    for variant in range(len(catalogue.skeletons()[name].get("variants", [""]))):
        figure = viz.figure(name, trace, mode, variant)
        text = figure.to_json()
        assert figure.data and not re.search(r'"[@$][a-z]', text), "colours and columns are filled in"
        assert "<b>nothing</b>" not in text, "Plotly reads HTML, so a model's text is escaped"


@pytest.mark.parametrize("name", catalogue.VIEWS)
@pytest.mark.parametrize("run", [{"tokens": 1}, {"detail": -1}, {"guesses": (0, 3, 31)}, {"cancel_after": 2}])
def test_figures_of_short_and_bare_runs(name, run):
    assert viz.figure(name, Trace.of(synthetic.events(**run))).to_json()


def test_the_block_as_a_figure_has_every_slot_once(trace):
    cycle = trace.cycle(len(trace.verdicts) - 1)
    data = viz.figure("ribbon", trace).data
    shown = {slot: each.meta for each in data if each.meta for slot in each.customdata}
    assert [shown[slot] for slot in range(len(shown))] == list(cycle.statuses())


def test_up_to_four_runs_are_compared_in_one_picture(trace):
    others = [Trace.of(synthetic.events(seed=seed, sureness=0.5 + seed / 20)) for seed in (2, 3, 4)]
    for variant, spec in enumerate(catalogue.VIEWS["statistics"].skeleton()["variants"]):
        alone, figure = (viz.figure("statistics", trace, variant=variant, others=more) for more in ([], others))
        assert len(figure.data) == len(alone.data) + 3
        x, y = (spec["compare"][axis][1:] for axis in "xy")
        for line, other in zip(figure.data[-3:], others, strict=True):
            columns = catalogue.state("statistics", other)["facts"]["columns"]
            assert (list(line.x), list(line.y)) == (columns[x], columns[y])
            assert line.name == "“How many apples are left?”"
        assert len({(line.line.dash, line.marker.symbol) for line in figure.data[-3:]}) == 3, (
            "told apart without colour"
        )
    with refused("not-comparable"):
        viz.figure("statistics", trace, others=[trace] * 4)
    with refused("not-comparable"):
        viz.figure("curve", trace, others=others)


def test_what_is_no_view_is_refused(trace):
    with refused("unknown-choice"):
        viz.figure("ribbons", trace)
    with refused("unknown-choice"):
        viz.figure("curve", trace, "sepia")


def test_the_gallery_reads_what_it_can_and_goes_on(trace, tmp_path, caplog):
    save(trace, tmp_path / "02-little-program.jsonl.gz")
    (tmp_path / "01-broken.jsonl.gz").write_text("no trace")
    (card,) = recordings.recordings(tmp_path)
    assert card.title == "Little program" and card.facts.startswith("150 tokens in 43 forward passes · ")
    assert card.origin == "toy, float32 · test bench, 1 thread · 2026-01-02"
    assert json.loads(card.message)["run"] == card.name
    assert "01-broken.jsonl.gz" in caplog.text
    assert list(recordings.recordings(tmp_path / "missing")) == []
    assert recordings.title("04-json-from-a-sentence") == "JSON from a sentence"


def test_the_list_names_each_machine_once_and_a_file_by_its_content(trace):
    from dataclasses import replace

    here = recordings.recording("01-easy-text", trace)
    there = replace(here, host=replace(here.host, device="another bench", kind="cuda"), message="{}")
    assert recordings.measured_on([here, here]) == "All measured on test bench, 1 thread."
    assert recordings.measured_on([here, there, there]) == "1 run on test bench, 1 thread. 2 runs on another bench."
    first, other = recordings.listed([here, there], "Learning", {"math": (here.prompt,)})
    assert (first["title"], first["kind"], first["group"]) == ("Easy text", "math", "Learning")
    assert first["rate"] == f"{measure(trace).tokens_per_cycle:.1f}"
    assert first["file"] != other["file"] and first["file"].endswith(".json")


def test_kinds_of_prompts_come_with_what_was_measured_easy_text_first(trace):
    from dataclasses import replace

    easy = recordings.recording("01-easy", trace)
    hard = replace(easy, prompt="Hard one", per_cycle=easy.per_cycle / 4)
    prompts = {"none": ("Never run",), "hard": ("Hard one", "Hard two"), "easy": (easy.prompt,)}
    found = recordings.chips([easy, hard], prompts)
    assert [chip.kind for chip in found] == ["easy", "hard", "none"]
    rate = measure(trace).tokens_per_cycle
    assert [chip.rate for chip in found] == [rate, rate / 4, None]
    assert [chip.share for chip in found] == [1.0, 0.25, None]
    assert [chip.share for chip in recordings.chips([], prompts)] == [None] * 3
