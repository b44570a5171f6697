"""Addresses: a link lands where it says, Back goes back, nonsense is the plain page; tabs by keyboard."""

import pytest

import viz
from orthrus.trace import Trace
from tests import synthetic

pytestmark = pytest.mark.ui
PLAYER = "window.orthrusPlayer"
NOW = f"(() => {{ const n = {PLAYER}.head.now(); return [n.phase, n.cycle, n.playing]; }})()"
LINK = "document.querySelector('.o-linkrow input').value"
EMBED = "document.querySelectorAll('.o-linkrow input')[1].value"
LEVEL = "document.querySelector('.o-captions [aria-pressed=true]').dataset.level"


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "run.html"
    viz.export_html(Trace.of(synthetic.events(seed=1, tokens=120, sureness=0.85)), path)
    return path.as_uri()


def test_a_link_lands_on_its_moment(server, open_page):
    fields = "run=02-ordinary-text&cycle=3&phase=verify&tab=staircase&level=math&theme=dark"
    watched = open_page(f"{server}#{fields}")
    watched.until(f"{PLAYER}.head.now().cycle === 2")
    assert watched.js(NOW) == ["verify", 2, False] and not watched.js(f"{PLAYER}.tour.on")
    assert watched.js(f"{PLAYER}.run").startswith("02-ordinary-text/")
    assert watched.js("document.querySelector('[role=tab][aria-selected=true]').textContent") == "Staircase"
    assert watched.js(LEVEL) == "math" and watched.js("document.querySelector('.orthrus').dataset.theme") == "dark"
    watched.until("document.querySelector('.o-staircase .main-svg')")
    assert watched.js("document.querySelector('.run[aria-pressed=true] b').textContent") == "Ordinary text"


@pytest.mark.parametrize(
    "bad", ["#run=none&cycle=999&phase=x&tab=nowhere&level=deep&theme=pink", "?cycle=-1&chrome=all#%E0%A4", "#run"]
)
def test_nonsense_is_the_plain_page(server, open_page, bad):
    watched = open_page(server + bad)
    assert watched.js(f"{PLAYER}.run").startswith("01-easy-text/")
    assert watched.js(f"{PLAYER}.tabs.open") == "inspect" and watched.js(LEVEL) == "plain"
    watched.until("document.querySelector('.o-lane-orthrus .o-count b').textContent > 0")


def test_tabs_and_runs_write_the_address_and_back_returns(server, open_page):
    watched = open_page(server, reduced=True)
    watched.js(f"void({PLAYER}.tour.end())")
    watched.page.get_by_role("tab", name="Text").click()
    assert watched.page.url.endswith("#run=01-easy-text&tab=text")
    watched.page.keyboard.press("End")
    watched.until(f"{PLAYER}.tabs.open === {PLAYER}.tabs.all.at(-1).key")
    watched.page.keyboard.press("ArrowRight")
    watched.until(f"{PLAYER}.tabs.open === 'inspect'")
    assert watched.js("document.activeElement.id") == "o-tab-inspect"
    watched.page.locator(".run").nth(2).click()
    watched.until("location.hash.includes('run=03-hard-text')")
    watched.page.go_back()
    watched.until(f"{PLAYER}.run.startsWith('01-easy-text/') && {PLAYER}.stops.length > 0")
    for tab in (f"{PLAYER}.tabs.all.at(-1).key", "'text'", "'inspect'"):
        watched.page.go_back()
        watched.until(f"{PLAYER}.tabs.open === {tab}")
    watched.page.go_forward()
    watched.until(f"{PLAYER}.tabs.open === 'text'")


def test_a_copied_link_opens_what_was_on_show(server, open_page):
    watched = open_page(server, reduced=True)
    watched.js(f"void({PLAYER}.tour.end(), {PLAYER}.seekCycle(1, 'draft'))")
    watched.page.locator(".o-captions button", has_text="Technical").click()
    watched.tab("take")
    watched.until(f"{LINK}.includes('cycle=2')")
    link, embed = watched.js(LINK), watched.js(EMBED)
    assert "level=technical" in link and "chrome=none" in embed and embed.startswith("<iframe ")
    again = open_page(link, reduced=True)
    again.until(f"{PLAYER}.head.now().cycle === 1")
    assert again.js(NOW)[:2] == ["draft", 1] and again.js(f"{PLAYER}.tabs.open") == "take"


def test_the_stage_alone(server, export, open_page):
    for address in (server, export):
        watched = open_page(f"{address}?chrome=none#cycle=2")
        watched.until(f"{PLAYER}.head.now().cycle === 1")
        seen = "['h1', '#side', '.o-tabs', 'footer'].filter((part) => document.querySelector(part)?.checkVisibility())"
        assert watched.js(seen) == [] and watched.page.locator(".o-lanes, .o-ribbon, .o-transport").count() == 3
        assert watched.js("document.querySelector('.orthrus').getBoundingClientRect().bottom") < 700


def test_a_live_link_fills_the_form_and_waits_for_a_click(server, open_page):
    watched = open_page(server, reduced=True)
    watched.page.locator("#advanced button").first.click()
    for name, value in (("max_new_tokens", "8"), ("seed", "7"), ("temperature", "0,8")):
        watched.page.locator(f"#field-{name} input").fill(value)
        watched.page.locator(f"#field-{name} input").press("Tab")
    watched.page.locator("#prompt textarea").fill("Say\nanything & more.")
    watched.page.locator("#run").click()
    watched.until(f"{PLAYER}.live && {PLAYER}.ended")
    watched.tab("take")
    watched.until(f"{LINK}.includes('prompt=')")
    link = watched.js(LINK)
    assert "run=" not in link and "cycle=" not in link and "model=" in link
    again = open_page(link, reduced=True)
    again.until("document.querySelector('#prompt textarea').value.startsWith('Say')")
    assert again.page.locator("#prompt textarea").input_value() == "Say\nanything & more."
    assert again.page.locator("#field-max_new_tokens input").input_value() == "8"
    assert "filled the form" in again.text("#status") and not again.js(f"{PLAYER}.live")
    again.page.locator("#advanced button").first.click()
    assert again.page.locator("#field-temperature input").input_value() == "0,8"
    assert again.page.locator("#field-seed input").input_value() == "7"


def test_a_saved_page_has_addresses_too(export, open_page):
    watched = open_page(f"{export}#cycle=2&phase=verify&tab=time&theme=dark", reduced=True)
    assert watched.js(NOW) == ["verify", 1, False]
    assert watched.js(f"{PLAYER}.tabs.open") == "time"
    assert watched.js("document.querySelector('.orthrus').dataset.theme") == "dark"
    watched.until("document.querySelector('.o-timeline .main-svg')")
    watched.page.get_by_role("tab", name="Text").click()
    assert watched.page.url == f"{export}#tab=text"


def test_a_live_run_by_keyboard_alone(server, open_page):
    watched = open_page(server, reduced=True)
    watched.js(f"void({PLAYER}.tour.end())")
    press = watched.page.keyboard.press
    for _ in range(20):
        press("Tab")
        if watched.js("document.activeElement.matches('#prompt textarea')"):
            break
    press("Control+a")
    watched.page.keyboard.type("Hello")
    press("Tab")
    assert watched.js("document.activeElement.id") == "run"
    press("Enter")
    watched.until(f"{PLAYER}.live && {PLAYER}.ended")
    assert "forward passes" in watched.text("#status")
