"""What leaves the page: the trace, the page as one file, tables as CSV; the browser's part runs in node."""

import base64
import csv
import io
import json

import pytest

from orthrus.trace import Trace
from orthrus.trace.files import load, save
from tests import synthetic
from tests.unit.viz.test_player import node
from viz.export import html
from viz.player import frames, shell
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


SOURCES = ("table.js", "exports.js")
STUB = "global.document = {querySelectorAll: () => [], scripts: []};"


def scripted(body: str, **data):
    """The player's sources with the export parts behind them."""
    more = "\n".join((frames.STATIC / name).read_text(encoding="utf-8") for name in SOURCES)
    return node(STUB + "(0, eval)(input.more);" + body, more=more, **data)


def test_the_browsers_message_replays_to_the_same_state(trace):
    body = """
    const fed = {facts: {}, run: 'r', stops: []};
    for (const [name, spec] of Object.entries(input.views)) fed.facts[name] = spec.facts || {};
    for (const frame of input.tape) {
      if (frame.p) fed.stops.push({...frame, t0: 1});
      else for (const [view, ...change] of frame.x) O.apply(fed.facts[view], ...change);
    }
    console.log(JSON.stringify(O.message(fed)));
    """
    message = scripted(body, views=catalogue.skeletons(), tape=frames.tape(trace))
    whole = json.loads(frames.dumps(frames.whole(trace, "r")))
    assert {key: message[key] for key in whole if key != "frames"} == {k: v for k, v in whole.items() if k != "frames"}
    assert [f for f in message["frames"] if "p" in f] == [f for f in whole["frames"] if "p" in f]
    held = {name: dict(spec.get("facts", {})) for name, spec in catalogue.skeletons().items()}
    for view, op, key, value, _ in message["frames"][0]["x"]:
        assert op == "set"
        held[view][key] = value
    recorded = json.loads(frames.dumps({name: catalogue.state(name, trace)["facts"] for name in catalogue.VIEWS}))
    recorded["badges"]["source"] = {"tone": "recorded", "text": "Recorded on test bench, 2026-01-02"}
    assert held == recorded


def test_browser_and_python_fill_the_shell_alike():
    parts = {name: f"[{name} $& {{{{title}}}}]" for name in ("title", "style", "plotly", "script")}
    parts |= {name: f"<{name}>" for name in ("tape", "settings", "headline")}
    body = "console.log(JSON.stringify(O.page(input.shell, input.parts).join('')));"
    assert scripted(body, shell=shell.settings(frames.SCRIPTS), parts=parts) == shell.filled(parts)


def test_csv_survives_token_text_and_spreadsheets():
    texts = ['a "quote"', "comma, here", "line\nend", "=1+1", "@cmd", " plain", "", None]
    columns = {"text": texts, "n": [1, -2, 0.5, None, 3]}
    body = "console.log(JSON.stringify(O.csv('about\\nthis', [['what, it is', 'text'], ['n', 'n']], input.columns)));"
    lines = scripted(body, columns=columns)
    assert lines.startswith("# about this\r\n")
    rows = list(csv.reader(io.StringIO(lines.split("\r\n", 1)[1], newline="")))
    assert rows[0] == ["what, it is", "n"]
    assert [row[0] for row in rows[1:]] == [*texts[:3], "'=1+1", "'@cmd", " plain", "", ""]
    assert [row[1] for row in rows[1:]] == ["1", "-2", "0.5", "", "3", "", "", ""]


def test_a_page_gives_its_own_style_back():
    begin, end = shell.STYLE_MARKS
    sheet = frames.stylesheet()
    assert sheet.startswith(begin) and sheet.endswith(end) and sheet.count(begin) == sheet.count(end) == 1
    page_css = (frames.STATIC / "page.css").read_text(encoding="utf-8")
    assert begin not in page_css and end not in page_css


def test_one_row_a_slot_of_every_block(trace):
    names = list(download.SLOTS)
    body = """
    const player = {stops: input.stops, settings: input.settings, word: (id) => "w" + id};
    console.log(JSON.stringify(O.slotColumns(player, input.names)));
    """
    run = Trace.of(synthetic.events(seed=3, tokens=60, sureness=0.8, guesses=(31, 0, 4)))
    stops = [frame for frame in frames.tape(run) if "p" in frame]
    found = scripted(body, stops=stops, names=names, settings=frames.drawing())
    slots = [(cycle, slot) for cycle in run.cycles for slot in range(1 + cycle.draft.n_draft)]
    assert {name: len(values) for name, values in found.items()} == dict.fromkeys(names, len(slots))
    for row, (cycle, slot) in enumerate(slots):
        assert (found["cycle"][row], found["slot"][row]) == (cycle.draft.cycle + 1, slot)
        assert found["status"][row] == cycle.statuses()[slot]
        guess = cycle.draft.draft_ids[slot - 1] if slot else cycle.draft.anchor_id
        assert found["guess"][row] == f"w{guess}"
        assert found["gap"][row] == (cycle.verdict.p_gap[slot - 1] if slot else None)


def test_the_summary_has_the_text_the_numbers_and_their_origin(trace):
    text = facts(trace)["summary"]
    board = catalogue.state("board", trace)
    for key, label, _ in catalogue.scoreboard.ENTRIES:
        value = board["facts"]["values"].get(key, board["state"]["values"].get(key))
        assert f"| {label} | {value} |" in text, "the same as on the page"
    assert trace.text.strip() in text and facts(trace)["run"]["about"] in text and "identical, 60 of 60 tokens" in text
    assert download.fenced("a ```` b").splitlines() == ["`````", "a ```` b", "`````"]
    alone = facts(Trace.of(synthetic.events(lanes=("orthrus",))))["summary"]
    speed = {key: label for key, label, _ in catalogue.scoreboard.ENTRIES}["speedup"]
    assert f"| {speed} | not measured |" in alone and "not compared" in alone
