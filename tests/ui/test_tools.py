"""Inspector, quiz and tour in an exported file: what a visitor sees and does, by mouse and by keyboard."""

import pytest

import viz
from orthrus.trace import Trace
from tests import synthetic
from viz import catalogue

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
    assert watched.text(".o-told").startswith("Never judged.")
    assert slot(watched, refused + 1).get_attribute("aria-selected") == "true"
    watched.page.keyboard.press("Shift+Enter")
    go(watched, number + 1, "draft")
    watched.until(f"document.querySelector('.o-where').textContent.includes('Slot {refused + 1}')")
    assert "The AR view has not looked yet." in watched.text(".o-told"), "a pinned slot stays for the next cycle"
    watched.page.keyboard.press("i")
    watched.until("document.querySelector('.o-inspected').hidden")
    assert watched.js("document.querySelector('.o-tools [aria-expanded]').getAttribute('aria-expanded')") == "false"


def test_the_quiz_asks_withholds_and_counts(address, open_page, trace):
    watched = open_page(address, reduced=True)
    first = trace.cycle(0)
    refused = first.statuses().index("refused")
    watched.js("document.body.click()")
    watched.page.keyboard.press("q")
    watched.until("document.activeElement === document.querySelectorAll('.o-slot')[1]")
    assert watched.js("document.querySelectorAll('.o-slot.is-refused, .o-slot.is-accepted').length") == 0
    assert not watched.page.locator(".o-inspector").is_visible(), "the inspector is a hint of its own"
    for _ in range(refused - 1):
        watched.page.keyboard.press("ArrowRight")
    watched.page.keyboard.press("Enter")
    watched.until("document.querySelector('.o-slot.is-refused')")
    assert watched.text(".o-ask") == f"You said slot {refused}. The AR view refused slot {refused}. A hit! +15"
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


def test_with_less_motion_the_tour_is_seven_still_cards(address, open_page, trace):
    watched = open_page(address, reduced=True)
    beats = catalogue.state("tour", trace)["facts"]["beats"]
    for i, beat in enumerate(beats):
        wanted = beat.get("after", beat["text"])
        watched.until(f"{TOUR}.i === {i}")
        assert watched.text(".o-tourtext") == wanted and not watched.js(f"{PLAYER}.head.playing")
        if i + 1 < len(beats):
            watched.page.get_by_role("button", name="Next ›").click()
    watched.page.get_by_role("button", name="Open the microscope").click()
    assert watched.js(f"[{TOUR}.on, {PLAYER}.head.now().phase]") == [False, "verify"]


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
