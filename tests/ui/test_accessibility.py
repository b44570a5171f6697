"""For everybody: axe-core's findings, high contrast, forced colours, less motion, the keyboard alone, any width."""

import pytest
from axe_playwright_python.sync_playwright import Axe

import viz
from orthrus.trace import Trace
from tests import synthetic
from viz.views import catalogue

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
LOOKS = {
    "light": {},
    "dark": {"scheme": "dark"},
    "high contrast": {"contrast": "more"},
    "high contrast, dark": {"contrast": "more", "scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "forced colours, dark": {"forced_colors": "active", "scheme": "dark"},
}
SHAPE = """(name) => {
  const cell = document.querySelector(".o-slot.is-" + name + " .o-guess");
  const { borderTopStyle, borderTopWidth } = getComputedStyle(cell);
  return [borderTopStyle, borderTopWidth, cell.querySelector("i").textContent].join();
}"""
# where the tallest bar in the chart's right half is on the screen, and whose cycle it is
BAR = """(() => {
  const chart = document.querySelector(".o-timeline .o-chart"), axis = chart._fullLayout.xaxis;
  chart.scrollIntoView({block: "center"});
  const box = chart.getBoundingClientRect();
  const bars = [...chart.querySelectorAll(".bars .point path")].map((path) => path.getBoundingClientRect());
  const right = bars.filter(({left}) => left > box.left + box.width / 2);
  const bar = right.sort((a, b) => b.height - a.height)[0], x = bar.left + bar.width / 2;
  return [x, bar.top + bar.height / 2, Math.round(axis.p2l(x - box.left - axis._offset)) - 1];
})()"""
# pixels on the screen of the smallest visible text of the stage: an element's size times the zoom around it
SMALLEST = """(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const sizes = [];
  for (let node; (node = walker.nextNode()); ) {
    const box = node.parentElement;
    const seen = box.checkVisibility({visibilityProperty: true}) && !box.closest("script, style, noscript, .o-voice");
    if (!seen || !node.data.trim()) continue;
    sizes.push([parseFloat(getComputedStyle(box).fontSize) * box.currentCSSZoom, node.data.trim().slice(0, 20)]);
  }
  return sizes.sort((a, b) => a[0] - b[0])[0];
})()"""
# what answers to a finger, and of it what is less than 24 pixels wide or high
TOUCHED = """document.querySelectorAll("body :is(button, a, summary, input, select, textarea), footer button, "
  + "[role=option], [role=button]")"""
SMALL = """[...{}].filter((node) => node.checkVisibility()).map((node) => [node, node.getBoundingClientRect()])
  .filter(([, box]) => box.width && Math.min(box.width, box.height) < 24)
  .map(([node, box]) => [node.tagName, node.textContent.slice(0, 20), box.width, box.height].join())"""


@pytest.fixture(scope="module")
def trace():
    return Trace.of(synthetic.events(seed=1, tokens=120, sureness=0.85))


@pytest.fixture(scope="module")
def export(trace, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "run.html"
    viz.export_html(trace, path)
    return path.as_uri()


def findings(watched) -> list[str]:
    """What axe-core finds serious or critical: the rule and the elements."""
    found = Axe().run(watched.page).response["violations"]
    return [
        f"{v['id']}: {[n['target'] for n in v['nodes']][:5]}" for v in found if v["impact"] in ("serious", "critical")
    ]


def at_a_cut(watched, trace):
    """The film at rest where a guess was refused: every status is on the screen."""
    cycle = next(c.draft.cycle for c in trace.cycles if "discarded" in c.statuses() and c.accepted > 1)
    watched.js(f"void({PLAYER}.tour.end(), {PLAYER}.head.pause(), {PLAYER}.seekCycle({cycle}, 'verify'))")
    watched.until("document.querySelector('.o-slot.is-refused')")
    watched.until(f"!{PLAYER}.awake")


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_serious_in_a_file(export, open_page, trace, look):
    watched = open_page(export, reduced=True, **LOOKS[look])
    assert watched.js(f"{PLAYER}.tour.on") and findings(watched) == []
    at_a_cut(watched, trace)
    assert findings(watched) == []


@pytest.mark.parametrize("look", ["light", "dark", "high contrast"])
def test_axe_finds_nothing_serious_on_the_page(server, open_page, traces, look):
    from orthrus.trace.files import load

    watched = open_page(server, reduced=True, **LOOKS[look])
    at_a_cut(watched, load(traces / "01-easy-text.jsonl.gz"))
    watched.page.locator("#advanced button").first.click()
    watched.until("document.querySelector('#advanced input').checkVisibility()")
    assert findings(watched) == []
    shown = "[...document.querySelectorAll('.o-hint')].find((node) => node.checkVisibility())"
    faint = "#333" if look == "dark" else "silver"
    watched.js(f"{shown}.style.setProperty('color', '{faint}', 'important')")
    assert [each for each in findings(watched) if each.startswith("color-contrast")], "a planted fault is found"


@pytest.mark.parametrize("look", [name for name in LOOKS if "contrast" in name or "forced" in name])
def test_without_colour_each_status_still_looks_different(export, open_page, trace, look):
    watched = open_page(export, reduced=True, **LOOKS[look])
    at_a_cut(watched, trace)
    names = ["anchor", "accepted", "refused", "discarded"]
    shapes = watched.js(f"{names}.map({SHAPE})")
    lines = {each.rsplit(",", 1)[0] for each in shapes}
    assert len(lines) == len(set(shapes)) == 4, shapes
    pressed = "getComputedStyle(document.querySelector('.o-captions .o-choice [aria-pressed={}]')).backgroundColor"
    assert watched.js(pressed.format("true")) != watched.js(pressed.format("false"))
    marked = watched.js("getComputedStyle(document.querySelector('.o-slot[aria-selected=true]')).outlineStyle")
    assert marked == "solid" or "forced" not in look, "a shadow is not drawn where colours are forced"
    ink = watched.js("getComputedStyle(document.querySelector('.orthrus')).getPropertyValue('--o-ink').trim()")
    assert ink == ("#ffffff" if "dark" in look else "#000000")


@pytest.mark.parametrize("reduced", [True, False])
def test_who_wants_less_motion_gets_none_unasked(export, open_page, reduced):
    watched = open_page(export, reduced=reduced)
    watched.js(f"void({PLAYER}.tour.end())")
    moving = f"{PLAYER}.head.playing || {PLAYER}.tour.on"
    assert not watched.js(moving)
    watched.js(f"void({PLAYER}.head.pause(), {PLAYER}.head.seek(0))")
    watched.until(f"!{PLAYER}.awake")
    watched.js(f"void({PLAYER}.head.step(1))")
    watched.until("document.querySelector('.o-slot.go-draft')")
    names = watched.js("document.getAnimations().map((a) => a.animationName || a.transitionProperty)")
    appearing = any(name.startswith("o-appear") for name in names)
    assert appearing is not reduced and (names == [] or not reduced)
    watched.js(f"void({PLAYER}.seekCycle(1, 'commit'))")
    watched.until("!document.querySelector('.o-slot[class*=\"go-\"]')")  # a jump shows where it ends, without a way


def press_until(watched, key, expression):
    """Press a key until the focus is where an expression about `at`, the focused element, is true."""
    for _ in range(80):
        if watched.js(f"((at) => {expression})(document.activeElement)"):
            return
        watched.page.keyboard.press(key)
    raise AssertionError(f"{key} never led to {expression}")


def named(name):
    return f"at.textContent === '{name}'"


def test_the_tour_can_be_finished_by_keyboard_alone(export, open_page, trace):
    watched = open_page(export, reduced=True)
    beats = watched.js(f"{PLAYER}.facts.tour.beats.map((beat) => beat.key)")
    assert beats[-3:] == ["quiz", "whole", "time"]
    for i, beat in enumerate(beats):
        watched.until(f"{PLAYER}.tour.i === {i}")
        assert watched.js("document.querySelector('.o-tourtext').getAttribute('aria-live')") == "polite"
        if beat == "quiz":
            watched.until("document.querySelector('.asking')")
            press_until(watched, "Tab", "at.getAttribute('role') === 'option'")
            for key in ("Home", "ArrowRight", "ArrowRight", "Enter"):
                watched.page.keyboard.press(key)
            watched.until("document.querySelector('.o-tourtext').textContent.startsWith('You said slot 2.')")
            assert watched.js(f"{PLAYER}.tour.on"), "an answer is part of the tour"
            press_until(watched, "Shift+Tab", named("Next ›"))
        if i + 1 < len(beats):
            press_until(watched, "Tab", named("Next ›"))
            watched.page.keyboard.press("Enter")
    assert watched.text(".o-tourtext") == catalogue.state("tour", trace)["facts"]["beats"][-1]["text"]
    press_until(watched, "Shift+Tab", named("Back to the block"))
    watched.page.keyboard.press("Enter")
    assert not watched.js(f"{PLAYER}.tour.on")
    assert watched.js("document.activeElement.getAttribute('role')") == "option", "the focus goes where the tour led"


@pytest.mark.parametrize(("width", "smallest"), [(390, 10), (1440, 10), (3840, 18)])
def test_every_width_fits_and_can_be_read(export, server, open_page, trace, width, smallest):
    for address in (export, server):
        watched = open_page(address, width=width, reduced=True)
        assert watched.js("document.documentElement.scrollWidth") <= width, "with the tour"
        watched.charts()
        watched.js(f"void({PLAYER}.tour.end(), {PLAYER}.seekCycle(0, 'verify'))")
        watched.until(f"!{PLAYER}.awake")
        assert watched.js("document.documentElement.scrollWidth") <= width
        size, text = watched.js(SMALLEST)
        assert size >= smallest, text


@pytest.mark.parametrize("width", [390, 1280])
def test_whatever_can_be_touched_is_large_enough(server, open_page, traces, width):
    from orthrus.trace.files import load

    watched = open_page(server, width=width, reduced=True)
    at_a_cut(watched, load(traces / "01-easy-text.jsonl.gz"))
    assert watched.js(f"[...{TOUCHED}].length") > 40
    assert watched.js(SMALL.format(TOUCHED)) == []


def test_zoomed_charts_still_answer_to_the_pointer(export, open_page, trace):
    watched = open_page(export, width=3840, reduced=True)
    watched.js(f"void({PLAYER}.tour.end(), {PLAYER}.head.seek(0))")
    watched.tab("time")
    watched.until(f"!{PLAYER}.awake")
    x, y, cycle = watched.js(BAR)
    watched.page.mouse.click(x, y)
    watched.until(f"{PLAYER}.head.now().cycle === {cycle}")
