"""Inspector, quiz and tour in an exported file: what a visitor sees and does, by mouse and by keyboard."""

import pytest

import viz
from orthrus.trace import Trace
from tests import synthetic
from viz.views import catalogue

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
TOUR = f"{PLAYER}.tour"


@pytest.fixture(scope="module")
def trace():
    return Trace.of(synthetic.events(seed=1, tokens=150, sureness=0.85))


@pytest.fixture(scope="module")
def address(trace, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "run.html"
    viz.export_html(trace, path)
    return path.as_uri()


@pytest.fixture(scope="module")
def cut(trace):
    """The first cycle with a refusal and a slot behind it, and the refused slot."""
    cycle = next(c for c in trace.cycles if "discarded" in c.statuses() and c.accepted > 1)
    return cycle.draft.cycle, cycle.statuses().index("refused")


def go(watched, cycle, phase):
    watched.js(f"void({PLAYER}.head.pause(), {PLAYER}.seekCycle({cycle}, '{phase}'))")
    watched.until(f"!{PLAYER}.dirty.size && {PLAYER}.head.now().phase === '{phase}'")


def slot(watched, i):
    return watched.page.locator(".o-slot").nth(i)


def test_the_inspector_opens_at_the_cut_and_follows_mouse_and_keys(address, open_page, trace, cut):
    watched = open_page(address)
    number, refused = cut
    go(watched, number, "verify")
    watched.until(f"document.querySelector('.o-where').textContent.includes('Slot {refused}')")
    assert "This is the first disagreement" in watched.text(".o-told")
    rows = watched.js("[...document.querySelectorAll('.o-alts')].map((list) => list.children.length)")
    assert rows[0] >= 4 and rows[1] >= 4
    slot(watched, 1).hover()
    watched.until("document.querySelector('.o-where').textContent.includes('Slot 1')")
    slot(watched, refused).focus()
    watched.page.keyboard.press("ArrowRight")
    watched.until(f"document.querySelector('.o-where').textContent.includes('Slot {refused + 1}')")
    assert watched.text(".o-told").startswith("Never judged: ")
    assert slot(watched, refused + 1).get_attribute("aria-selected") == "true"
    watched.page.keyboard.press("Shift+Enter")
    go(watched, number + 1, "draft")
    watched.until(f"document.querySelector('.o-where').textContent.includes('Slot {refused + 1}')")
    assert "The AR view has not checked it yet." in watched.text(".o-told"), "a pinned slot stays for the next cycle"
    watched.page.keyboard.press("i")
    watched.until("document.querySelector('.o-inspected').hidden")
    assert watched.js("document.querySelector('.o-tools [aria-expanded]').getAttribute('aria-expanded')") == "false"


def test_the_quiz_asks_withholds_and_counts(address, open_page, trace):
    watched = open_page(address, reduced=True)
    first = trace.cycle(0)
    refused = first.statuses().index("refused")
    ids = first.verdict.next_id, first.draft.draft_ids[refused - 1]
    words = [f"“{trace.glyph(i).s.replace(' ', '·').replace(chr(10), '⏎')}”" for i in ids]
    watched.js("document.body.click()")
    watched.page.keyboard.press("q")
    watched.until("document.activeElement === document.querySelectorAll('.o-slot')[1]")
    assert watched.js("document.querySelectorAll('.o-slot.is-refused, .o-slot.is-accepted').length") == 0
    assert not watched.page.locator(".o-inspector").is_visible(), "the inspector is a hint of its own"
    for _ in range(refused - 1):
        watched.page.keyboard.press("ArrowRight")
    watched.page.keyboard.press("Enter")
    watched.until("document.querySelector('.o-slot.is-refused')")
    assert watched.text(".o-ask") == (
        f"You said slot {refused}. The AR view refused slot {refused}: it wanted {words[0]}, not {words[1]}. A hit! +15"
    )
    assert "15 points from 1 question, streak 1." in watched.text(".o-score")
    assert watched.js("document.querySelectorAll('.o-square i.hit').length") == 1
    watched.page.keyboard.press("Enter")  # the focus is on "Next question"
    watched.until(f"{PLAYER}.head.now().cycle === 1 && document.querySelector('.asking')")
    watched.page.keyboard.press("*")
    watched.until(f"{PLAYER}.head.now().phase === 'verify'")
    assert watched.text(".o-ask").startswith("You said “it takes all”.")
    watched.js(f"void({PLAYER}.head.play())")
    watched.until(f"{PLAYER}.quiz.asked >= 0 && !{PLAYER}.head.playing")
    assert watched.js(f"[{PLAYER}.head.now().phase, {PLAYER}.head.now().cycle]") == ["draft", 2], "the film halts too"
    watched.js(f"{PLAYER}.head.step(1)")
    watched.until("document.querySelector('.o-ask').textContent.startsWith('Skipped')")
    watched.page.keyboard.press("Escape")
    assert not watched.page.locator(".o-quiz").is_visible()


def test_the_tour_begins_by_itself_and_any_key_takes_over(address, open_page):
    watched = open_page(address)
    assert watched.js(f"{TOUR}.on") and watched.page.locator(".o-tour").is_visible()
    watched.until(f"{TOUR}.i >= 1")  # a beat that a slow machine may already have left; so no look at its text
    watched.js(f"{TOUR}.go(1)")
    assert "{" not in watched.text(".o-tourtext")
    watched.until(f"{TOUR}.moved")
    watched.page.keyboard.press("ArrowRight")
    assert watched.js(f"[{TOUR}.on, {PLAYER}.head.playing]") == [False, False]
    assert not watched.page.locator(".o-tour").is_visible()
    assert watched.js("document.querySelectorAll('[data-focus], .touring').length") == 0


def test_with_less_motion_the_tour_is_still_cards(address, open_page, trace):
    watched = open_page(address, reduced=True)
    beats = catalogue.state("tour", trace)["facts"]["beats"]
    for i, beat in enumerate(beats):
        wanted = beat.get("after", beat["text"])
        watched.until(f"{TOUR}.i === {i}")
        assert watched.text(".o-tourtext") == wanted and not watched.js(f"{PLAYER}.head.playing")
        if i + 1 < len(beats):
            watched.page.get_by_role("button", name="Next ›").click()
    watched.page.get_by_role("button", name="Back to the block").click()
    assert watched.js(f"[{TOUR}.on, {PLAYER}.head.now().phase]") == [False, "verify"]


def test_the_tour_says_where_it_is_and_waits_if_asked(address, open_page, trace):
    watched = open_page(address)
    beats = catalogue.state("tour", trace)["facts"]["beats"]
    assert f"1 of {len(beats)}" in watched.text(".o-tour")
    watched.page.locator(".o-tour").get_by_role("button", name="Pause").click()
    held = watched.js(f"[{TOUR}.still, {PLAYER}.head.playing]")
    assert held == [True, False] and watched.js(f"{PLAYER}.race.key()") == "passes"
    watched.page.locator(".o-tour").get_by_role("button", name="Play").click()
    watched.until(f"{TOUR}.moved && {PLAYER}.head.playing")
    watched.js(f"{TOUR}.go({len(beats) - 1})")
    watched.until("document.querySelector('.o-catch[data-focus], [data-focus] .o-catch')")
    assert f"{len(beats)} of {len(beats)}" in watched.text(".o-tour")


def test_slots_have_numbers_and_no_mark_that_nobody_made_looks_like_one(address, open_page, cut):
    watched = open_page(address, reduced=True)
    go(watched, cut[0], "draft")
    numbers = "[...document.querySelectorAll('.o-slot')].map((box) => getComputedStyle(box, '::after').content)"
    assert watched.js(numbers)[1:4] == ['"1"', '"2"', '"3"']
    marked = "document.querySelector('.o-slot[aria-selected=true]')"
    watched.until(f"{marked} && {marked}.hasAttribute('data-auto')")
    assert watched.js(f"getComputedStyle({marked}).boxShadow") == "none"
    slot(watched, 4).click()
    watched.until(f"!{marked}.hasAttribute('data-auto')")


def test_the_lattice_marks_both_ways_and_a_file_judges_nothing(address, open_page, trace, cut):
    watched = open_page(address, reduced=True)
    number, refused = cut
    go(watched, number, "verify")
    watched.js(f"void({PLAYER}.tabs.show('whatif'))")
    columns = "document.querySelectorAll('.o-column').length"
    watched.until(f"{columns} === {trace.cycle(number).draft.n_draft}")
    assert watched.js("document.querySelectorAll('.o-column.is-accepted .is-both').length") == refused - 1
    assert watched.js("document.querySelectorAll('.o-column.is-refused .is-guess').length") == 1
    assert watched.js("document.querySelectorAll('.o-column.is-discarded .is-own').length") == 0
    assert not watched.page.locator(".o-whatif form").is_visible()
    assert watched.text(".o-whatif .o-note") == catalogue.skeletons()["whatif"]["off"]["file"]


def test_another_hand_on_the_playhead_ends_the_tour(address, open_page):
    watched = open_page(address)
    watched.js(f"void({PLAYER}.head.pause(), {PLAYER}.head.seek(1e6))")
    watched.until(f"!{TOUR}.on")
    assert watched.js(f"{PLAYER}.head.now().phase") == "finish"


def test_captions_have_a_third_level(address, open_page, cut):
    watched = open_page(address)
    number, refused = cut
    go(watched, number, "verify")
    watched.page.locator(".o-captions").get_by_role("button", name="Math").click()
    assert watched.text(".o-say").endswith(f"so k = {refused - 1}.")
    watched.page.locator(".o-captions").get_by_role("button", name="Plain").click()
    assert "The AR view" in watched.text(".o-say")


@pytest.mark.parametrize("width", [390, 820])
def test_quiz_and_tour_need_no_sideways_scrolling(address, open_page, width):
    watched = open_page(address, width=width)
    assert watched.js(f"{TOUR}.on") and watched.js("document.documentElement.scrollWidth") <= width
    watched.js(f"void({TOUR}.end(), {PLAYER}.quiz.toggle(true))")
    watched.until("document.querySelector('.asking')")
    assert watched.js("document.documentElement.scrollWidth") <= width


def shown_slots(watched):
    return watched.js("[...document.querySelectorAll('.o-slot')].filter((box) => !box.hidden).length")


def test_words_of_a_caption_and_slots_of_the_block_point_at_each_other(address, open_page, trace, cut):
    watched = open_page(address, reduced=True)
    number, refused = cut
    go(watched, number, "verify")
    word = watched.page.locator(".o-word[data-kind=accepted]")
    word.focus()
    lit = "[...document.querySelectorAll('.o-slot')].map((box, i) => box.classList.contains('lit') ? i : -1)"
    assert watched.js(f"{lit}.filter((i) => i >= 0)") == list(range(1, refused))
    watched.page.keyboard.press("Enter")
    watched.until("document.querySelector('.o-where').textContent.includes('Slot 1')")
    slot(watched, refused).hover()
    watched.until("document.querySelector('.o-word[data-kind=refused].pointed')")
    assert watched.js("document.querySelectorAll('.o-word[data-kind=accepted].pointed').length") == 0
    watched.page.locator(".o-word[data-kind=discarded]").hover()
    assert watched.js("document.querySelectorAll('.o-slot.lit:not(.is-discarded)').length") == 0
    assert watched.js("document.querySelectorAll('.o-slot.lit').length") > 0


def test_sliders_simulate_and_everything_they_change_says_so(address, open_page, tmp_path):
    watched = open_page(address, reduced=True)
    watched.tab("time")
    measured = watched.text(".o-timeline .o-note")
    assert "Simulated" not in measured
    knob = watched.page.locator(".o-timeline .o-knob input").first
    knob.fill("4")
    watched.until("document.querySelector('.o-timeline .o-note').textContent.startsWith('Simulated, not measured')")
    with watched.page.expect_download() as waiting:
        watched.page.locator(".o-timeline").get_by_role("button", name="CSV").click()
    assert "simulated" in waiting.value.suggested_filename
    waiting.value.save_as(tmp_path / "t.csv")
    head = (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "simulated: draft 4.00×, verify 1.00×" in head
    watched.page.get_by_role("button", name="Back to what was measured").click()
    watched.until("!document.querySelector('.o-timeline .o-note').classList.contains('simulated')")
    assert watched.text(".o-timeline .o-note") == measured and knob.input_value() == "1"


def test_sampling_filters_change_the_lists_and_name_themselves(address, open_page, cut):
    watched = open_page(address, reduced=True)
    go(watched, cut[0], "verify")
    watched.page.locator(".o-filters summary").click()
    before = watched.js("[...document.querySelectorAll('.o-alt b')].map((b) => b.textContent)")
    watched.page.locator(".o-filters input").nth(1).fill("1")
    watched.until("document.querySelectorAll('.o-alt.out').length > 0")
    assert "worked out" in watched.text(".o-heads h3, .o-heads h4")
    assert watched.js("document.querySelector('.o-alt:not(.out) b').textContent") == "> 99.9 %"
    watched.page.get_by_role("button", name="Back to what was recorded").click()
    watched.until("document.querySelectorAll('.o-alt.out').length === 0")
    assert watched.js("[...document.querySelectorAll('.o-alt b')].map((b) => b.textContent)") == before


def test_keys_loop_lead_to_places_and_open_the_list(address, open_page):
    watched = open_page(address)
    watched.js(f"void({TOUR}.end(), document.activeElement.blur())")
    go(watched, 1, "verify")
    watched.page.keyboard.press("l")
    watched.until(f"{PLAYER}.head.loop && {PLAYER}.head.playing")
    watched.js(f"void({PLAYER}.head.speed = {PLAYER}.head.suggested())")
    watched.until(f"{PLAYER}.head.now().phase === 'commit'")
    watched.until(f"{PLAYER}.head.now().phase === 'draft'")
    assert watched.js(f"{PLAYER}.head.now().cycle") == 1
    watched.page.keyboard.press("l")
    watched.js(f"void({PLAYER}.head.pause())")
    watched.page.keyboard.press("7")
    watched.until("document.activeElement.classList.contains('o-staircase')")
    watched.page.keyboard.press("?")
    watched.until("document.querySelector('.o-help').open")
    assert "The staircase" not in watched.text(".o-staircase .o-hint") and "7" in watched.text(".o-keys")
    watched.page.keyboard.press("Escape")
    watched.until("!document.querySelector('.o-help').open")
    watched.page.keyboard.press("r")
    watched.until(f"{PLAYER}.head.playing && document.activeElement.matches('.o-race')")


def test_the_track_previews_a_cycle(address, open_page, trace):
    watched = open_page(address, reduced=True)
    watched.js(f"void({TOUR}.end())")
    watched.page.locator(".o-range").hover(position={"x": 300, "y": 10})
    watched.until("!document.querySelector('.o-peek').hidden")
    said = watched.text(".o-peek")
    number = int(said.split()[1].rstrip(",")) - 1
    assert f"{trace.cycle(number).verdict.n_commit} token" in said


def test_short_blocks_and_none_at_all_are_drawn_as_they_are(open_page, tmp_path):
    run = Trace.of(synthetic.events(seed=10, tokens=60, sureness=0.8, guesses=(4, 0, 1, 31)))
    viz.export_html(run, tmp_path / "paced.html")
    watched = open_page((tmp_path / "paced.html").as_uri(), reduced=True)
    watched.js(f"void({TOUR}.end())")
    for cycle in (cycle for cycle in run.cycles if cycle.draft.cycle < 5):
        for phase in ("draft", "verify", "commit"):
            go(watched, cycle.draft.cycle, phase)
            assert shown_slots(watched) == 1 + cycle.draft.n_draft
        own = watched.text(".o-next")
        assert own.startswith(f"{cycle.verdict.n_commit} token") and f"{cycle.accepted} guess" in own


def test_a_very_long_text_keeps_a_window_of_it_on_the_page(open_page, tmp_path):
    run = Trace.of(synthetic.events(seed=1, tokens=2600, sureness=0.99, detail=-1, lanes=("orthrus",)))
    viz.export_html(run, tmp_path / "long.html")
    watched = open_page((tmp_path / "long.html").as_uri(), reduced=True)
    watched.js(f"void({TOUR}.end(), {PLAYER}.head.seek(1e6))")
    watched.tab("text")
    watched.until("document.querySelectorAll('.o-written .o-token').length > 1000")
    assert watched.js("document.querySelectorAll('.o-written .o-token').length") <= 2000
    assert watched.js("document.querySelectorAll('.o-lane-orthrus .o-text span').length") <= 1000
    last = "[...document.querySelectorAll('.o-written .o-token')].at(-1).dataset.i"
    assert watched.js(last) == "2599"
    watched.page.locator(".o-written").first.focus()
    watched.page.keyboard.press("Home")
    watched.until("document.querySelector('.o-written .o-token').dataset.i === '0'")
    watched.page.get_by_role("button", name="later ›").click()
    watched.until("+document.querySelector('.o-written .o-token').dataset.i > 0")
    watched.js(f"void({PLAYER}.head.seek(4))")
    watched.until("document.querySelectorAll('.o-written .o-token').length < 200")
    shown = watched.js("[...document.querySelectorAll('.o-written .o-token')].map((t) => t.textContent).join('')")
    assert shown and run.text.startswith(shown)


@pytest.mark.parametrize("key", [tab.key for tab in catalogue.TABS])
def test_a_tab_shows_every_view_it_has(address, open_page, key):
    watched = open_page(address, reduced=True)
    watched.js(f"void({TOUR}.end(), {PLAYER}.tabs.show('{key}'))")
    views = f"[...document.querySelectorAll('#o-panel-{key} > .o-view')]"
    watched.until(f"{views}.length && {views}.every((view) => view.getBoundingClientRect().height > 40)")
