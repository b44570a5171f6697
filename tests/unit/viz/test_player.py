"""Frames, the exported file, figures, the gallery, and the player's own code in JavaScript."""

import json
import re
import shutil
import subprocess

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
from viz.player import frames
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
    parts = set(re.findall(r"O\.parts\.(\w+) =", frames.script())) | {"words"}
    assert {view["kind"] for view in settings["views"].values()} <= parts
    assert set(settings["legend"]) <= set(settings["statuses"])


def test_the_static_files_take_no_text_as_html_and_name_no_other_host():
    for path in frames.STATIC.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", re.sub(r"//.*", "", text)
        ), path
        # a page reads its own scripts again to put them into a file; nothing else is ever asked for
        text = text.replace("fetch(script.src)", "", path.name == "exports.js")
        assert not re.search(r"https?://|fetch\(|XMLHttpRequest|WebSocket|@import", text), path


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
    assert card.title == "Little program" and card.facts.startswith("150 tokens in 43 passes · ") and "×" in card.facts
    assert card.origin == "toy, float32 · test bench, 1 thread · 2026-01-02"
    assert json.loads(card.message)["run"] == card.name
    assert "01-broken.jsonl.gz" in caplog.text
    assert list(recordings.recordings(tmp_path / "missing")) == []
    assert recordings.title("04-json-from-a-sentence") == "JSON from a sentence"


def test_kinds_of_prompts_come_with_what_was_measured_easy_text_first(trace):
    from dataclasses import replace

    easy = recordings.recording("01-easy", trace)
    hard = replace(easy, prompt="Hard one", per_cycle=easy.per_cycle / 4)
    prompts = {"none": ("Never run",), "hard": ("Hard one", "Hard two"), "easy": (easy.prompt,)}
    found = recordings.chips([easy, hard], prompts)
    assert [chip.kind for chip in found] == ["easy", "hard", "none"]
    rate = measure(trace).tokens_per_cycle
    assert [chip.label for chip in found] == [f"easy {rate:.1f}", f"hard {rate / 4:.1f}", "none"]
    assert [chip.share for chip in found] == [1.0, 0.25, None]
    assert [chip.share for chip in recordings.chips([], prompts)] == [None] * 3


# -- the player's JavaScript, without a browser

NODE = shutil.which("node")
SHIM = """
global.window = {matchMedia: () => ({matches: false, addEventListener() {}})};
const fs = require('fs');
const input = JSON.parse(fs.readFileSync(0));
(0, eval)(input.script);
const O = window.OrthrusStage;
class Fake {  // the player without its page
  constructor(tape) {
    this.stops = []; this.at = -1; this.ended = true; this.live = false; this.shown = [];
    for (const f of tape) if (f.p) { const l = this.stops.at(-1); f.t0 = l ? l.t0 + l.ms : 0; this.stops.push(f); }
  }
  redraw() {}
  wake() {}
  show(i) { this.at = Math.max(-1, Math.min(i, this.stops.length - 1)); this.shown.push(this.at); }
}
"""


def node(body: str, **data):
    """Run a script after the player's sources; it prints JSON."""
    if NODE is None:
        pytest.skip("node is not installed")
    sources = "\n".join((frames.STATIC / name).read_text(encoding="utf-8") for name in ("player.js", "playhead.js"))
    given = json.dumps({"script": sources, **data})
    done = subprocess.run([NODE, "-e", SHIM + body], input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_browser_applies_changes_as_python_does(trace):
    body = """
    const states = {};
    for (const [name, spec] of Object.entries(input.views))
      states[name] = {state: spec.state || {}, facts: spec.facts || {}};
    for (const frame of input.tape) for (const [view, ...change] of frame.x)
      O.apply(states[view][frame.p ? 'state' : 'facts'], ...change);
    console.log(JSON.stringify(states));
    """
    states = node(body, views=catalogue.skeletons(), tape=frames.tape(trace))
    for name in catalogue.VIEWS:
        assert states[name] == json.loads(json.dumps(catalogue.state(name, trace)))


def test_playing_visits_every_stop_once_and_the_clock_never_runs_back(trace):
    body = """
    const found = [];
    for (const speed of O.speeds) {
      const player = new Fake(input.tape), head = new O.Playhead(player);
      head.speed = speed; head.seek(0); head.play(); player.shown = [];
      let clock = -1, back = 0, time = 0, steps = 0;
      while (head.playing && steps++ < 1e6) {
        head.advance(time); time += 120;
        const now = head.now(); if (now.clock < clock - 1e-9) back++; clock = now.clock;
      }
      found.push({shown: player.shown, back, clock, playing: head.playing, last: player.stops.at(-1)});
    }
    console.log(JSON.stringify(found));
    """
    for run in node(body, tape=frames.tape(trace)):
        n = 3 * len(trace.verdicts) + 2
        assert run["shown"] == list(range(1, n)) and run["back"] == 0 and not run["playing"]
        assert run["clock"] == pytest.approx(run["last"]["t0"] + run["last"]["ms"])


def test_measured_speed_takes_the_measured_time(trace):
    body = """
    const player = new Fake(input.tape), head = new O.Playhead(player);
    head.speed = O.speeds.find((s) => s.rate === 1); head.seek(0); head.play();
    let time = 0; while (head.playing) { head.advance(time); time += 5; }
    console.log(JSON.stringify({time, suggested: head.suggested().rate}));
    """
    found = node(body, tape=frames.tape(trace))
    assert found["time"] == pytest.approx(measure(trace).ar_total_ms, abs=30)
    assert found["suggested"] in (0.01, 0.02), "a cycle of 14 ms is slowed to about a second"


def test_steps_and_cycle_steps_land_on_phases(trace):
    body = """
    const player = new Fake(input.tape), head = new O.Playhead(player), at = [];
    const note = () => at.push(player.stops[player.at].p + player.stops[player.at].c);
    head.seek(0); note();
    for (const [what, by] of input.moves) { head[what](by); note(); }
    console.log(JSON.stringify(at));
    """
    moves = [("step", 1), ("step", 1), ("step", 1), ("stepCycle", 1), ("stepCycle", 1), ("stepCycle", -1), ("step", -1)]
    moves += [("seek", 10**6), ("step", 1), ("seek", -5), ("step", -1)]
    end = f"finish{len(trace.verdicts)}"
    want = ["prefill-1", "draft0", "verify0", "commit0", "draft1", "draft2", "draft1", "commit0"]
    assert node(body, tape=frames.tape(trace), moves=moves) == [*want, end, end, "prefill-1", "prefill-1"]


def test_a_looped_cycle_comes_again_until_it_is_let_go(trace):
    body = """
    const player = new Fake(input.tape), head = new O.Playhead(player);
    head.speed = O.speeds.find((s) => s.rate === 0.1); head.seek(input.at); player.shown = [];
    head.toggleLoop();
    let time = 0; const seen = [];
    for (let i = 0; i < 400; i++) { head.advance(time); time += 16; seen.push(player.stops[player.at].c); }
    const looped = player.shown.length;
    head.toggleLoop();
    for (let i = 0; i < 400; i++) { head.advance(time); time += 16; }
    console.log(JSON.stringify({seen: [...new Set(seen)], looped, shown: player.shown.slice(0, 6), after: player.at}));
    """
    stops = [frame for frame in frames.tape(trace) if "p" in frame]
    draft = next(i for i, stop in enumerate(stops) if stop["p"] == "draft" and stop["c"] == 2)
    found = node(body, tape=frames.tape(trace), at=draft + 1)
    assert found["seen"] == [2] and found["looped"] > 30
    assert found["shown"][:4] == [draft + 2, draft, draft + 1, draft + 2]
    assert found["after"] > draft + 2, "without the loop the film goes on"


def test_a_looped_cycle_without_measured_time_does_not_hang(trace):
    body = """
    const player = new Fake(input.tape.map((f) => ({...f, ms: 0}))), head = new O.Playhead(player);
    head.speed = O.speeds.find((s) => s.rate === 1); head.seek(1); head.toggleLoop();
    for (let time = 0; time < 500; time += 16) head.advance(time);
    console.log(JSON.stringify(head.playing));
    """
    assert node(body, tape=frames.tape(trace)) is True
