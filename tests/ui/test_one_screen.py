"""What must be seen together: prompt and Run, both lanes, the block with its two rows, the caption, the transport."""

import pytest

pytestmark = pytest.mark.ui

ONE_SCREEN = {
    "prompt": "#prompt textarea",
    "run": "#run",
    "stop": "#stop",
    "plain lane": ".o-lane-ar",
    "Orthrus lane": ".o-lane-orthrus",
    "transport": ".o-transport",
    "caption": ".o-captions",
    "guesses": ".o-slot:not([hidden]) .o-guess",
    "choices": ".o-slot:not([hidden]) .o-own",
}
BOXES = """(selectors) => Object.entries(selectors).flatMap(([name, selector]) =>
  [...document.querySelectorAll(selector)].map((node) => {
    const { top, bottom, left, right, width } = node.getBoundingClientRect();
    return { name, top, bottom, left, right, width };
  }))"""


def outside(watched, selectors: dict[str, str], width: int, height: int) -> list[str]:
    """Names of what is not wholly on the screen, or not on the page at all."""
    boxes = watched.page.evaluate(BOXES, selectors)
    missing = set(selectors) - {box["name"] for box in boxes if box["width"]}
    beyond = (b for b in boxes if b["top"] < 0 or b["left"] < 0 or b["bottom"] > height + 1 or b["right"] > width + 1)
    return sorted(missing | {box["name"] for box in beyond})


def stopped_at_a_verdict(watched) -> None:
    watched.until("window.orthrusPlayer && orthrusPlayer.stops.length > 9 && document.querySelector('#run')")
    leave = watched.page.locator(".o-tour button", has_text="Leave the tour")
    if leave.is_visible():
        leave.click()
    watched.js(
        "orthrusPlayer.head.pause(); orthrusPlayer.head.seek(orthrusPlayer.stops.findIndex((s) => s.p === 'verify'))"
    )
    watched.js("scrollTo(0, 0)")
    watched.until("document.querySelectorAll('.o-slot:not([hidden])').length === 32")


SHIFTS = """() => {
  window.shifted = 0;
  const add = (list) => list.getEntries().forEach((e) => (window.shifted += e.hadRecentInput ? 0 : e.value));
  new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
def test_nothing_moves_that_has_been_seen(server, browser, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    page.add_init_script(f"({SHIFTS})()")
    page.goto(server)
    page.wait_for_function("document.querySelector('#frame.formed') && orthrusPlayer.head.playing", timeout=120_000)
    page.wait_for_timeout(1500)
    assert page.evaluate("window.shifted") < 0.02
    page.close()


@pytest.mark.parametrize(
    ("width", "height", "screens"), [(1366, 768, 1.5), (1440, 900, 1.5), (1920, 1080, 1.5), (390, 844, 2.5)]
)
def test_no_tab_is_longer_than_some_screens_and_the_stage_stays(server, open_page, width, height, screens):
    watched = open_page(server, width=width, reduced=True)
    watched.page.set_viewport_size({"width": width, "height": height})
    stopped_at_a_verdict(watched)
    top = watched.js("document.querySelector('.o-ribbon').getBoundingClientRect().top + scrollY")
    for key in watched.js("orthrusPlayer.tabs.all.map(({key}) => key)"):
        watched.tab(key)
        panel = f"document.querySelector('#o-panel-{key}')"
        assert 40 < watched.js(f"{panel}.getBoundingClientRect().height") <= screens * height, key
        assert watched.js("document.documentElement.scrollWidth") <= width, key
        assert watched.js("document.querySelector('.o-ribbon').getBoundingClientRect().top + scrollY") == top, key
        if width > 1000:
            assert outside(watched, ONE_SCREEN, width, height) == [], key


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1440, 900), (1920, 1080)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_laptop_shows_prompt_race_and_block_without_scrolling(server, open_page, width, height, scheme):
    watched = open_page(server, width=width, scheme=scheme, reduced=True)
    watched.page.set_viewport_size({"width": width, "height": height})
    stopped_at_a_verdict(watched)
    assert outside(watched, ONE_SCREEN, width, height) == []


def test_a_phone_shows_the_race_on_its_first_screen(server, open_page):
    watched = open_page(server, width=390)
    watched.page.set_viewport_size({"width": 390, "height": 844})
    watched.until("window.orthrusPlayer && orthrusPlayer.head.playing && document.querySelector('#frame.formed')")
    assert watched.page.locator(".o-tour").is_visible()
    assert outside(watched, {name: ONE_SCREEN[name] for name in ("run", "plain lane", "Orthrus lane")}, 390, 844) == []


def test_a_phone_begins_with_prompt_and_run_and_keeps_the_transport(server, open_page):
    watched = open_page(server, width=390, reduced=True)
    watched.page.set_viewport_size({"width": 390, "height": 844})
    stopped_at_a_verdict(watched)
    first = {name: ONE_SCREEN[name] for name in ("prompt", "run", "stop", "transport")}
    assert outside(watched, first, 390, 844) == []
    watched.js("scrollTo(0, document.querySelector('.o-ribbon').offsetTop)")
    assert outside(watched, {"transport": ".o-transport"}, 390, 844) == []
    watched.page.locator(".o-transport button[aria-label='One cycle on']").click()


def test_on_a_phone_a_link_to_a_tab_shows_its_name(server, open_page):
    """The row of tabs scrolls; the page does not scroll sideways with it."""
    watched = open_page(f"{server}?tab=take#tab=take", width=390)
    watched.until("orthrusPlayer.tabs.open === 'take'")
    seen = "(() => { const box = document.querySelector('#o-tab-take').getBoundingClientRect();"
    seen += " return box.left >= 0 && box.right <= innerWidth })()"
    watched.until(seen)
    assert watched.js("document.documentElement.scrollLeft") == 0
