"""The views of the whole run: the text, the check, tables; and the files a visitor can take away."""

import csv
import io

import pytest

from orthrus.trace import Trace
from orthrus.trace.files import load
from tests import parted

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
TOKENS = "document.querySelectorAll('.o-written .o-token')"


def to_the_end(watched):
    watched.tab("text")
    watched.js(f"{PLAYER}.head.pause(), {PLAYER}.head.seek(1e6)")
    watched.until(f"{TOKENS}.length === {PLAYER}.state.output.tokens.text.length && {TOKENS}.length > 1")


def press(watched, view, name):
    watched.js(f"{PLAYER}.tabs.reveal({view!r})")
    watched.page.locator(f".o-{view} .o-kit").get_by_role("button", name=name, exact=True).click()


def taken(watched, view, name, folder):
    """The file that a button gives."""
    with watched.page.expect_download() as waiting:
        press(watched, view, name)
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def test_the_text_is_coloured_haunted_walked_and_copied(server, open_page, traces):
    watched = open_page(server, reduced=True)
    trace = load(traces / "01-easy-text.jsonl.gz")
    to_the_end(watched)
    assert watched.js(f"[...{TOKENS}].map((t) => t.textContent).join('')") == trace.text
    watched.page.locator(".o-output select").select_option("q")
    strengths = watched.js(
        f"[...{TOKENS}].map((t) => t.classList.contains('none') ? null : +t.style.getPropertyValue('--s'))"
    )
    assert strengths == watched.js(f"{PLAYER}.state.output.tokens.q")
    assert not watched.page.locator(".o-ghosts").first.is_visible()
    press(watched, "output", "Ghosts")
    assert watched.page.locator(".o-ghosts").first.is_visible()
    classes = watched.js(
        "[...document.querySelectorAll('.o-ghosts')].map((g) => [...g.children].map((c) => c.className))"
    )
    assert all(each == ["is-refused", *["is-discarded"] * (len(each) - 1)] and len(each) <= 9 for each in classes)
    token = next(i for i, t in enumerate(trace.tokens) if t.cycle == 1)
    watched.page.locator(".o-token").nth(token).click()
    assert watched.js(f"(() => {{ const n = {PLAYER}.head.now(); return [n.phase, n.cycle]; }})()") == ["commit", 1]
    watched.page.locator(".o-written").first.focus()
    watched.page.keyboard.press("Home")
    watched.page.keyboard.press("Enter")
    assert watched.js(f"{PLAYER}.head.now().phase") == "prefill"
    watched.until(f"{TOKENS}.length === 1")
    to_the_end(watched)
    press(watched, "output", "Plain")
    assert watched.js("document.querySelector('.o-plain').textContent") == trace.text
    assert not watched.page.locator(".o-written").first.is_visible()


def test_every_chart_has_a_table_twin_and_text_stays_text(server, open_page):
    watched = open_page(server, reduced=True)
    watched.charts()
    to_the_end(watched)
    for view in watched.js("[...document.querySelectorAll('.o-plot')].map((s) => s.classList[1].slice(2))"):
        press(watched, view, "Show as table")
        assert watched.js(f"document.querySelectorAll('.o-{view} tbody tr').length") > 0, view
        assert watched.js(f"document.querySelector('.o-{view} thead th').scope") == "col"
        assert not watched.page.locator(f".o-{view} .o-chart").is_visible()
        press(watched, view, "Show as table")
        assert watched.page.locator(f".o-{view} .o-chart").is_visible()
    press(watched, "output", "Table")
    words = watched.js("[...document.querySelectorAll('.o-output tbody th')].map((cell) => cell.textContent)")
    assert "<b>nothing</b>" in "".join(words) and watched.js("document.querySelector('.o-output tbody b')") is None


def test_a_recorded_run_leaves_as_trace_table_picture_and_page(server, open_page, traces, tmp_path):
    watched = open_page(server, reduced=True)
    watched.charts()
    to_the_end(watched)
    trace = load(traces / "01-easy-text.jsonl.gz")
    kept = taken(watched, "record", "Trace (.jsonl.gz)", tmp_path)
    assert kept.read_bytes() == (traces / "01-easy-text.jsonl.gz").read_bytes()
    lines = taken(watched, "timeline", "CSV", tmp_path).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# Orthrus trace schema 1; toy") and len(lines) == 2 + len(trace.verdicts)
    picture = taken(watched, "statistics", "PNG", tmp_path).read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 5000
    words = taken(watched, "output", "CSV", tmp_path).read_text(encoding="utf-8").split("\n", 1)[1]
    assert len(list(csv.reader(io.StringIO(words, newline="")))) == 1 + len(trace.tokens)
    plays(open_page, taken(watched, "record", "This page as one file (.html)", tmp_path), watched, trace)


def plays(open_page, path, watched, trace):
    """A saved page shows what the page it was saved from shows, offline, and gives the trace back."""
    saved = open_page(path.as_uri(), reduced=True)
    to_the_end(saved)
    written = f"[...{TOKENS}].map((t) => t.textContent).join('')"
    assert saved.js(written) == watched.js(written) != ""
    assert saved.text(".o-badge").startswith("Recorded on")
    saved.charts()
    again = load(taken(saved, "record", "Trace (.jsonl.gz)", path.parent))
    assert again.text == trace.text and saved.page.get_by_role("button", name="This page as").count() == 0


def test_a_live_run_leaves_as_trace_and_page(server, open_page, tmp_path):
    watched = open_page(server, reduced=True)
    watched.page.locator("#prompt textarea").fill("Say a little.")
    watched.page.locator("#field-max_new_tokens input").fill("24")
    watched.page.locator("#field-max_new_tokens input").press("Tab")
    watched.page.locator("#run").click()
    watched.until(f"{PLAYER}.live && {PLAYER}.ended")
    to_the_end(watched)
    run = load(taken(watched, "record", "Trace (.jsonl.gz)", tmp_path))
    assert len(run.tokens) == 24 and run.start.source == "recorded"
    watched.tab("lossless")
    assert watched.text(".o-neartie .o-badge") == watched.text(".o-badges button.o-badge")
    plays(open_page, taken(watched, "record", "This page as one file (.html)", tmp_path), watched, run)


@pytest.mark.parametrize("width", [390, 1280])
def test_where_two_texts_part_both_are_shown(open_page, tmp_path, width):
    import viz

    viz.export_html(Trace.of(parted.events()), tmp_path / "parted.html")
    watched = open_page((tmp_path / "parted.html").as_uri(), width=width, scheme="dark")
    watched.tab("lossless")
    watched.until("document.querySelectorAll('.o-toplist table').length === 2")
    watched.tab("lossless")
    assert watched.text(".o-neartie .o-badge") == "! near tie after 41/42"
    marked = watched.js("[...document.querySelectorAll('.o-parting mark')].map((m) => m.textContent)")
    assert len(marked) == 2 and marked[0] != marked[1]
    assert watched.js("document.documentElement.scrollWidth") <= width


RULED = "[...document.querySelectorAll('.o-ruler i')]"


def test_the_text_runs_along_the_staircase_and_follows_its_zoom(server, open_page, traces):
    watched = open_page(server, reduced=True, width=1600)
    trace = load(traces / "01-easy-text.jsonl.gz")
    to_the_end(watched)
    watched.tab("staircase")
    watched.until(f"{RULED}.length === {1 + len(trace.verdicts)} && !{PLAYER}.awake")
    texts = watched.js(f"{RULED}.map((span) => span.title.split(': ').slice(1).join(': '))")
    assert texts == ["Tom", *watched.js(f"{PLAYER}.state.staircase.columns.text")]
    words = watched.js("[...document.querySelectorAll('.o-ruler span')].map((span) => span.textContent).join('')")
    assert words.replace(" ", "") == "".join(texts).replace(" ", "")
    edge = "document.querySelector('.o-staircase .o-chart')._fullLayout.xaxis"
    places = watched.js(f"{RULED}.map((span) => {edge}.p2l(parseFloat(span.style.left)))")
    begins = [trace.prefill.kv_len - 0.5, *(cycle.draft.pos0 + 0.5 for cycle in trace.cycles)]
    assert places == pytest.approx(begins, abs=0.2)
    begin = trace.cycle(2).draft.pos0
    chart = "document.querySelector('.o-staircase .o-chart')"
    watched.js(f"void Plotly.relayout({chart}, {{'xaxis.range': [{begin}, {begin + 20}]}})")
    watched.until(f"{RULED}.length < {len(trace.verdicts)}")
    watched.page.locator(".o-ruler [data-cycle='2']").click()
    assert watched.js(f"{PLAYER}.head.now().cycle") == 2
    watched.until("document.querySelector('.o-ruler .here').dataset.cycle === '2'")


def test_the_staircase_shows_how_unsure_the_guesses_were(server, open_page):
    watched = open_page(server, reduced=True)
    to_the_end(watched)
    watched.tab("staircase")
    chart = "document.querySelector('.o-staircase .o-chart')"
    watched.page.locator(".o-staircase .o-choice button", has_text="how unsure").click()
    watched.until(f"{chart}.data[0].type === 'heatmap'")
    columns = watched.js(f"{PLAYER}.state.staircase.columns")
    assert watched.js(f"[...{chart}.data[0].z]") == columns["nats"] and max(columns["nats"]) > 0
    high, low = watched.js(f"{chart}._fullLayout.yaxis.range")
    assert high > low == 0.5, "the first cycle stays on top"
    press(watched, "staircase", "Show as table")
    assert watched.js("document.querySelectorAll('.o-staircase tbody tr').length") == len(columns["nats"])


def test_block_race_and_cache_have_tables_too(server, open_page, traces):
    watched = open_page(server, reduced=True)
    trace = load(traces / "01-easy-text.jsonl.gz")
    to_the_end(watched)
    for view in ("axis", "ribbon"):
        press(watched, view, "Show as table")
        watched.until(f"document.querySelectorAll('.o-{view} tbody tr').length > 1")
        assert watched.js(f"document.querySelector('.o-{view} thead th').scope") == "col"
    assert not watched.page.locator(".o-slots").is_visible() and not watched.page.locator(".o-axis canvas").is_visible()
    assert watched.js("document.querySelectorAll('.o-axis tbody tr').length") == len(trace.ar_ids)
    watched.js(f"{PLAYER}.seekCycle(1, 'draft')")
    last = trace.cycle(1).draft.n_draft
    watched.until(f"document.querySelectorAll('.o-ribbon tbody tr').length === {last + 1}")
    assert "–" in watched.text(".o-ribbon tbody tr:last-child"), "nothing is told before the verdict"
    watched.until(f"document.querySelectorAll('.o-axis tbody tr').length < {len(trace.ar_ids)}")
    press(watched, "ribbon", "Show as table")
    assert watched.page.locator(".o-slots").is_visible()


def test_the_race_shows_its_result_only_at_its_end(server, open_page):
    watched = open_page(server, reduced=True)
    watched.tab("measure")
    watched.js(f"{PLAYER}.head.seek(4)")
    watched.until("document.querySelector('.o-axis canvas').width > 0")
    assert watched.text(".o-axis .o-result") == ""
    to_the_end(watched)
    watched.tab("measure")
    watched.until("document.querySelector('.o-axis .o-result').textContent.includes('×')")
    assert "instead of 120" in watched.text(".o-why")
    pressed = "[...document.querySelectorAll('.o-axis .o-choice button')].map((b) => b.getAttribute('aria-pressed'))"
    assert watched.js(pressed) == ["false", "true"], "the clock that leads is the run's own"
    watched.page.locator(".o-axis button", has_text="forward passes").click()
    watched.until(f"{pressed}[0] === 'true'")
    assert "The texts are the same." in watched.text(".o-axis .o-result")


def test_runs_are_kept_and_compared(server, open_page):
    watched = open_page(server, reduced=True)
    watched.charts()
    to_the_end(watched)
    watched.tab("statistics")
    watched.page.get_by_role("button", name="Keep this run to compare").click()
    lines = "document.querySelector('.o-statistics .o-chart').data.filter(({type}) => type === 'scatter').length"
    assert watched.js(lines) == 0, "a run is not compared with itself"
    watched.page.locator(".run").nth(2).click()
    watched.until(f"{PLAYER}.run.includes('hard') && {PLAYER}.ended")
    to_the_end(watched)
    watched.tab("statistics")
    watched.until(f"{lines} === 1")
    press(watched, "statistics", "Show as table")
    heads = watched.js("[...document.querySelectorAll('.o-statistics thead th')].map((cell) => cell.textContent)")
    assert len(heads) == 6 and heads[3].startswith("guesses accepted, “")
    press(watched, "statistics", "Show as table")
    watched.page.locator(".o-kept button").click()
    watched.until(f"{lines} === 0")
