"""What a visitor can do: watch, step, scrub, switch, run, stop, mistype; on any width, in light and dark."""

import json

import pytest

from orthrus.trace import Trace
from orthrus.trace.files import load
from tests import synthetic
from viz.page import player_files
from viz.player import modules

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
COUNT = "+document.querySelector('.o-lane-orthrus .o-count b').textContent"


def pause(watched, stop=0):
    watched.js(f"{PLAYER}.head.pause(), {PLAYER}.head.seek({stop})")


def long_film(watched):
    """The film plays from its beginning, so slowly that no test sees its end."""
    watched.js(f"{PLAYER}.tour.end(), {PLAYER}.head.seek(0), {PLAYER}.head.speed = OrthrusStage.speeds[1]")
    watched.js(f"{PLAYER}.head.play()")


def now(watched):
    return watched.js(f"(() => {{ const n = {PLAYER}.head.now(); return [n.phase, n.cycle]; }})()")


def test_a_recording_plays_at_first_paint_and_before_any_model(server, open_page):
    watched = open_page(server)
    watched.until(f"{COUNT} > 3")
    assert not [url for url in watched.requests if player_files.PLOTLY in url], "no chart is on show"
    line = watched.page.locator(".run").first
    assert line.inner_text().split("\n")[0] == "Easy text"
    assert line.get_attribute("title").startswith("120 tokens in 19 forward passes · ")
    assert watched.text(".runsunit") == "tokens per cycle"
    assert watched.js("document.querySelector('.runs').textContent.split('test bench').length") == 2, "told once"
    assert watched.text("h1") == "Same model. Same words. Two ways to write them."
    assert watched.text(".o-badge").startswith("Recorded on test bench, 2026-01-02")
    watched.js(f"void({PLAYER}.head.pause(), {PLAYER}.head.seek(3))")
    watched.until("document.querySelector('.o-badges').textContent.includes('not compared yet')")
    watched.until("document.querySelectorAll('.o-slot:not([hidden])').length === 32")
    watched.charts()
    watched.js(f"void({PLAYER}.head.seek(1e6))")
    watched.until("document.querySelector('.o-badges').textContent.includes('identical 120/120')")


def test_each_file_of_the_player_is_fetched_once(open_page, server):
    watched = open_page(server, reduced=True)
    watched.charts()
    fetched = [url.partition("/player/")[2] for url in watched.requests if "/player/" in url]
    pair = "orthrusPlayer.parts.pair.cards"
    watched.until(f"{pair}.every(({{pin}}) => pin) && {pair}[0].pin.name === orthrusGallery.runs[0].name")
    runs = watched.js(f"{pair}.map(({{pin}}) => orthrusGallery.find(pin.name).file.split('/').slice(-2).join('/'))")
    lessons = watched.js("orthrusPlayer.library.lessons.map(({file}) => file.split('/').slice(-2).join('/'))")
    names = (player_files.BUNDLE, player_files.PLOTLY, *runs, *lessons)
    assert sorted(fetched) == sorted(f"{modules.version()}/{name}" for name in names)


def test_stepping_and_scrubbing_are_exact_and_ask_no_server(server, open_page, traces):
    watched = open_page(server, reduced=True)
    trace = load(traces / "01-easy-text.jsonl.gz")
    watched.charts()
    assert not watched.js(f"{PLAYER}.head.playing"), "who wants less motion gets none unasked"
    watched.page.locator("h1").click()
    asked = len(watched.requests)
    watched.page.keyboard.press("Home")
    places = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowRight", "ArrowLeft"):
        watched.page.keyboard.press(key)
        places.append(tuple(now(watched)))
    assert places == [("draft", 0), ("verify", 0), ("commit", 0), ("draft", 1), ("commit", 0)]
    watched.page.keyboard.press("End")
    watched.until(f"{COUNT} === {len(trace.tokens)}")
    assert watched.js("document.querySelector('.o-lane-orthrus .o-text').textContent") == trace.text
    before = watched.js(f"JSON.stringify([{PLAYER}.state, {PLAYER}.at])")
    watched.page.locator(".o-range").evaluate("(r) => { r.value = 4; r.dispatchEvent(new Event('input')); }")
    assert now(watched) == ["draft", 1]
    watched.page.keyboard.press("End")
    assert watched.js(f"JSON.stringify([{PLAYER}.state, {PLAYER}.at])") == before, "back and forth is the same state"
    assert watched.requests[asked:] == []


STEPPED = """async ([cycle, phase]) => {  // the slots' statuses in the frame that answers a step, and at rest behind it
  const P = orthrusPlayer, frame = () => new Promise(requestAnimationFrame);
  const slots = () => [...document.querySelectorAll('.o-slot:not([hidden])')].map((s) => s.classList[1]);
  const rest = async () => { do await frame(); while (P.awake); };
  P.tour.end(); P.head.pause(); P.seekCycle(cycle, phase);
  await rest();
  P.head.step(1);
  await frame();
  const first = slots();
  await rest();
  return [first, slots()];
}"""


def test_a_step_is_answered_at_once_and_then_whole(server, open_page, traces):
    watched = open_page(server)
    trace = load(traces / "01-easy-text.jsonl.gz")
    cycle = next(c for c in trace.cycles if c.draft.cycle and len(c.statuses()) == 32 and "discarded" in c.statuses())
    watched.charts()
    told = [f"is-{status}" for status in cycle.statuses()]
    drafted = ["is-anchor"] + ["is-pending"] * 31
    first, last = watched.page.evaluate(STEPPED, [cycle.draft.cycle - 1, "commit"])
    assert first == last == drafted, "all guesses were made in one pass"
    first, last = watched.page.evaluate(STEPPED, [cycle.draft.cycle, "draft"])
    assert first[:8] == told[:8] and last == told
    first, last = watched.page.evaluate(STEPPED, [cycle.draft.cycle, "verify"])
    assert first[:8] == last[:8] == told[:8] and last == told


def test_the_ribbon_tells_the_story_of_the_trace(server, open_page, traces):
    watched = open_page(server)
    trace = load(traces / "01-easy-text.jsonl.gz")
    cycle = next(c for c in trace.cycles if "discarded" in c.statuses())
    watched.js(f"{PLAYER}.head.pause(), {PLAYER}.seekCycle({cycle.draft.cycle}, 'verify')")
    watched.until("document.querySelector('.o-slot.is-refused')")
    classes = watched.js("[...document.querySelectorAll('.o-slot:not([hidden])')].map((s) => s.classList[1])")
    assert classes == [f"is-{status}" for status in cycle.statuses()]
    labels = watched.js("[...document.querySelectorAll('.o-slot')].map((s) => s.getAttribute('aria-label'))")
    assert "never judged" in labels[-1] and labels[0].startswith("slot 0, anchor")
    watched.page.locator(".o-slot").first.focus()
    watched.page.keyboard.press("ArrowRight")
    assert watched.js("document.activeElement === document.querySelectorAll('.o-slot')[1]")
    assert now(watched) == ["verify", cycle.draft.cycle], "arrows inside the ribbon move the focus, not the playhead"


def test_token_text_is_never_html(server, open_page):
    watched = open_page(server)
    watched.js(f"{PLAYER}.head.pause(), {PLAYER}.head.seek(1e6)")
    watched.until(f"{COUNT} === 120")
    assert "<b>nothing</b>" in watched.js("document.querySelector('.o-lane-orthrus .o-text').textContent")
    assert watched.js("document.querySelector('.o-lanes .o-text b')") is None


def test_another_line_of_the_list_is_another_run(server, open_page):
    watched = open_page(server)
    first = watched.js(f"{PLAYER}.run")
    watched.page.get_by_label("Filter the recorded runs").fill("HARD te")
    assert watched.page.locator(".run").count() == 1
    watched.page.locator(".run").click()
    watched.until(f"{PLAYER}.run !== {json.dumps(first)}")
    watched.until(f"{COUNT} > 1")
    assert "Hard text" in watched.text("#status") and watched.js(PICKED) == 1


PICKED = "document.querySelectorAll('.run[aria-pressed=true]').length"
MEASURED = "!document.querySelector('.o-measuring').hidden"  # a lane is being timed, for more than a second


def test_a_long_live_run_shows_its_text_lightly_can_be_stopped_and_then_stepped(server, open_page):
    watched = open_page(server)
    watched.page.locator("#prompt textarea").fill("Say anything.")
    watched.page.locator("#field-max_new_tokens input").fill("1900")  # far from its end when Stop is pressed
    watched.page.locator("#field-max_new_tokens input").press("Tab")
    watched.page.locator("#run").click()
    watched.until(MEASURED)
    assert not watched.js(f"{PLAYER}.head.playing || {PLAYER}.awake"), "nothing is drawn beside a lane that is timed"
    watched.until("document.querySelector('.o-measuring pre').textContent.length > 5")
    assert watched.js("parseInt(document.querySelector('.o-measuring p').textContent.split(': ')[1])") > 5
    watched.page.locator("#stop").click()
    watched.until(f"{PLAYER}.ended && document.querySelector('#status').textContent.includes('Stopped after')")
    assert watched.text(".o-badge").startswith("Live on") and not watched.js(MEASURED)
    assert not watched.js(PICKED), "the live run is none of the list"
    assert not watched.js(f"{PLAYER}.head.playing"), "what was stopped stands at its end"
    watched.page.locator("h1").click()
    watched.page.keyboard.press("Home")
    assert now(watched)[0] == "prefill"
    watched.page.keyboard.press("Shift+ArrowRight")
    assert now(watched) == ["draft", 0]
    assert "not compared" in watched.text(".o-badges"), "no badge is claimed for a run that was stopped"


def test_who_comes_second_sees_the_place_and_the_gallery_never_waits(server, open_page):
    first, second = open_page(server), open_page(server)
    for watched in (first, second):
        watched.page.locator("#prompt textarea").fill("Say anything.")
        watched.page.locator("#field-max_new_tokens input").fill("1900")
        watched.page.locator("#field-max_new_tokens input").press("Tab")
    first.page.locator("#run").click()
    first.until(MEASURED)
    long_film(second)
    second.page.locator("#run").click()
    second.until("document.querySelector('#status').textContent.includes('You are next in line')")
    second.until(f"{PLAYER}.head.playing")  # who waits has a film to look at
    second.page.locator(".run").nth(1).click()
    second.until("document.querySelector('#status').textContent.includes('Ordinary text')")
    second.until(f"!{PLAYER}.live && {PLAYER}.run.includes('ordinary') && {COUNT} > 1")
    assert first.js(MEASURED), "another visitor's card ends nobody's run"
    first.page.locator("#stop").click()
    first.until(f"{PLAYER}.ended && document.querySelector('#status').textContent.includes('Stopped after')")


def test_on_a_phone_the_stage_comes_when_a_run_has_begun_and_not_for_bad_input(server, open_page):
    watched = open_page(server, width=390)
    inside = (
        "(box => box.top >= 0 && box.bottom <= innerHeight)(document.querySelector('#status').getBoundingClientRect())"
    )
    watched.page.locator("#prompt textarea").fill("   ")
    watched.page.locator("#run").click()
    watched.until("document.querySelector('#status [role=alert]')")
    assert watched.js(inside), "what is wrong is seen"
    watched.page.locator("#prompt textarea").fill("Count from 1 to 9.")
    watched.page.locator("#field-max_new_tokens input").fill("4")  # over before its first line of progress is due
    watched.page.locator("#field-max_new_tokens input").press("Tab")
    watched.page.locator("#run").click()
    watched.until(f"{PLAYER}.live && {PLAYER}.ended")
    top = "Math.abs(document.querySelector('#stage').getBoundingClientRect().top)"
    assert watched.js(top) < 40
    watched.page.locator(".run").nth(1).click()  # a recorded one, from the list at the end of the page
    watched.until(f"!{PLAYER}.live && {PLAYER}.ended && {top} < 40")


def test_bad_input_gets_a_sentence_and_the_page_goes_on(server, open_page):
    watched = open_page(server)
    long_film(watched)
    watched.page.locator("#prompt textarea").fill("   ")
    watched.page.locator("#run").click()
    watched.until("document.querySelector('#status [role=alert]')")
    assert watched.text("#status") == "The prompt is empty; write at least one word."
    watched.until(f"{PLAYER}.head.playing")  # nothing is measured, so the film goes on
    watched.page.locator(".preset").first.click()
    watched.until("document.querySelector('#prompt textarea').value.trim().length > 5")
    watched.page.locator("#field-max_new_tokens input").fill("8")
    watched.page.locator("#field-max_new_tokens input").press("Tab")
    watched.page.locator("#run").click()
    watched.until(f"{PLAYER}.live && {PLAYER}.ended && {PLAYER}.head.playing")  # measured, and now played
    assert "8 tokens in" in watched.text("#status")
    watched.js(f"void({PLAYER}.head.seek({PLAYER}.stops.length - 1))")
    watched.until("document.querySelector('.o-badges').textContent.includes('identical 8/8')")
    pause(watched, 1e6)
    watched.tab("measure")
    assert watched.text(".o-number[data-key=speedup] b").endswith("×")


@pytest.mark.parametrize("width", [390, 820, 1600])
def test_no_width_needs_sideways_scrolling(server, open_page, width):
    watched = open_page(server, width=width)
    assert watched.js("document.documentElement.scrollWidth") <= width


def test_dark_follows_the_system_and_the_charts_follow_too(server, open_page):
    watched = open_page(server, scheme="dark")
    watched.until("document.querySelector('.orthrus').dataset.theme === 'dark'")
    watched.tab("statistics")
    assert watched.js("document.querySelector('.o-curve .o-chart')._fullLayout.font.color") == "#e8edf6"
    watched.js("document.body.classList.remove('dark')")
    watched.until("document.querySelector('.o-curve .o-chart')._fullLayout.font.color === '#172033'")


def test_a_run_in_a_notebook_plays_in_its_iframe(open_page, tmp_path):
    import viz

    trace = Trace.of(synthetic.events(seed=1, tokens=60))
    cell = f"<!doctype html><p>Out[1]:</p>{viz.show(trace)._repr_html_()}"
    (tmp_path / "cell.html").write_text(cell, encoding="utf-8")
    viz.export_html(trace, tmp_path / "run.html")
    watched = open_page((tmp_path / "run.html").as_uri())
    watched.page.goto((tmp_path / "cell.html").as_uri())
    watched.until(COUNT.replace("document.", "document.querySelector('iframe').contentDocument.") + " > 3")


def test_an_exported_file_plays_without_a_server(open_page, tmp_path):
    import viz

    trace = Trace.of(synthetic.events(seed=1, tokens=60))
    viz.export_html(trace, tmp_path / "run.html")
    watched = open_page((tmp_path / "run.html").as_uri())
    watched.until(f"{COUNT} > 3")
    watched.js(f"{PLAYER}.head.pause(), {PLAYER}.head.seek(1e6)")
    watched.until(f"{COUNT} === 60")
