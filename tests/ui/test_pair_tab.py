"""Two runs side by side: two clicks away, at an address of its own, in step, with live runs, and in a saved file."""

import pytest

import viz
from orthrus.trace import Trace
from tests import synthetic
from viz.views import pair

pytestmark = pytest.mark.ui
PART = "orthrusPlayer.parts.pair"
NAMES = f"{PART}.cards.map(({{pin}}) => pin && pin.name)"
COUNTS = ".o-pair .o-pintop .o-count"


def pinned(watched) -> list[str]:
    watched.until(f"{NAMES}.every((name) => name)")
    return watched.js(NAMES)


def menu(watched, side: str):
    return watched.page.get_by_label(f"Run {side}", exact=True)


def test_an_easy_and_a_hard_run_are_two_clicks_away_and_play_in_step(server, open_page):
    watched = open_page(server)
    watched.js("void(orthrusPlayer.tour.end(), orthrusPlayer.head.pause())")
    watched.page.locator("#o-tab-pair").click()
    assert pinned(watched) == ["01-easy-text", "03-hard-text"]
    assert watched.js(f"{PART}.share") == 1, "the whole picture first"
    watched.page.locator(".o-pair .o-kit .o-button").first.click()
    watched.until(f"{PART}.playing && {PART}.share > 0.05 && {PART}.share < 0.9")
    watched.page.locator(".o-pair .o-kit .o-button").first.click()
    due = f"pin.race.orthrus.passes.filter((p) => p <= {PART}.share * {PART}.length).length"
    passes = watched.js(f"{PART}.cards.map(({{pin}}) => {due})")
    shown = watched.js(
        "[...document.querySelectorAll('.o-pairtext')].map((t) => t.querySelectorAll('span:not(.ahead)').length)"
    )
    assert shown == passes and shown[0] > shown[1], "as many passes behind both, more text in the easy one"
    assert not watched.js("orthrusPlayer.head.playing"), "the stage stays where it was"


def test_it_has_an_address_that_is_written_and_read(server, open_page):
    watched = open_page(f"{server}#tab=pair&run-a=03-hard-text&run-b=02-ordinary-text", reduced=True)
    assert pinned(watched) == ["03-hard-text", "02-ordinary-text"]
    menu(watched, "A").select_option("01-easy-text")
    watched.until("location.hash.includes('run-a=01-easy-text')")
    assert "tab=pair" in watched.page.url and "run-b=02-ordinary-text" in watched.page.url
    watched.page.go_back()
    watched.until(f"{NAMES}[0] === '03-hard-text'")
    again = open_page(f"{server}#tab=pair&run-a=nothing&run-b=02-ordinary-text", reduced=True)
    assert pinned(again) == ["01-easy-text", "02-ordinary-text"], "what is not there is the first pair's"


def test_every_clock_and_the_table_show_both(server, open_page):
    watched = open_page(f"{server}#tab=pair", reduced=True)
    pinned(watched)
    ends = []
    for node in watched.page.locator(".o-pair .o-choice button").all():
        node.click()
        ends.append(watched.text(".o-pairend"))
        assert watched.page.locator(".o-pinned").first.locator(".o-cbox").count() > 3
    assert len(set(ends)) == 3
    watched.page.locator(".o-pair .o-range, .o-pair input[type=range]").fill("0")
    assert [text.split()[0] for text in watched.page.locator(COUNTS).all_inner_texts()] == ["0", "0"]
    watched.page.locator(".o-pair button[aria-pressed=false]", has_text="table").click()
    assert watched.page.locator(".o-pair .o-table tbody tr").count() == watched.js(
        f"Math.max(...{PART}.cards.map(({{pin}}) => pin.race.cycles.n.length))"
    )


def test_a_live_run_can_be_pinned_beside_a_recorded_one(server, open_page):
    watched = open_page(f"{server}#tab=pair", reduced=True)
    pinned(watched)
    watched.page.locator("#field-max_new_tokens input").fill("12")
    watched.page.locator("#prompt textarea").fill("A prompt of my own")
    watched.page.locator("#run").click()
    watched.until("orthrusPlayer.live && orthrusPlayer.ended")
    watched.page.locator(".o-pintop .o-button").nth(1).click()
    watched.until(f"{PART}.cards[1].pin.race.orthrus.ms.length === 12")
    assert "A prompt of my own" in watched.text(".o-differs dl")
    assert watched.page.locator(".o-differs mark").count() > 0, "the model is another"
    menu(watched, "B").select_option("02-ordinary-text")
    watched.until(f"{NAMES}[1] === '02-ordinary-text'")
    assert watched.page.locator("select[aria-label='Run B'] option").count() == 4, "it stays in the list"


def test_a_saved_file_compares_without_a_server(tmp_path, open_page):
    path = tmp_path / "run.html"
    viz.export_html(Trace.of(synthetic.events(seed=1, tokens=60)), path)
    watched = open_page(path.as_uri() + "#tab=pair", reduced=True)
    assert pinned(watched) == [pair.EASY, pair.HARD]
    watched.page.locator(".o-pintop .o-button").first.click()
    watched.until(f"{PART}.cards[0].pin.race.orthrus.ms.length === 60")
