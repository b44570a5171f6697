"""The page in each language: its own words on the first screen, in live runs and in the file that it saves."""

import json
import re

import pytest

from viz import language
from viz.language import LANGUAGES, say, speaking

pytestmark = pytest.mark.ui
OTHERS = [each for each in LANGUAGES if each != language.ENGLISH]
SHOWN = {
    "#side .name h2": "page.your-prompt",
    "#run": "page.run",
    "#stop": "page.stop",
    "#status": "live.recorded",
    "#head h1": "page.headline",
    ".o-captions [data-level=plain]": "captions.level.plain",
    ".o-captions [data-level=technical]": "captions.level.technical",
    "#advanced button span:first-child": "page.advanced",
}
NAMED = {".o-captions": "captions.title", ".o-play": "player.play", "#language": "page.language"}
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def in_language(spoken: str, key: str) -> str:
    with speaking(spoken):
        return say(key)


@pytest.mark.parametrize("spoken", OTHERS)
def test_the_first_screen_is_in_the_language_of_the_address(server, open_page, spoken):
    watched = open_page(f"{server}?lang={spoken}", width=1366)
    watched.js("orthrusPlayer.tour && orthrusPlayer.tour.end(), orthrusPlayer.head.pause()")
    own = language.own(spoken)
    for selector, key in SHOWN.items():
        assert watched.text(selector).strip() == in_language(spoken, key), key
    for selector, key in NAMED.items():
        name = watched.page.locator(selector).first.get_attribute("aria-label")
        assert name == in_language(spoken, key), key
    assert {"page.run", "page.headline", "captions.title", "live.recorded"} <= own.keys()
    assert watched.page.locator("#run").bounding_box()["height"] < 45, "one line"
    root = watched.page.locator("html")
    assert (root.get_attribute("lang"), root.get_attribute("dir")) == (language.tag(spoken), "ltr")
    assert watched.page.locator("#language").input_value() == spoken
    assert watched.js(WIDE) <= 0


def test_without_a_word_in_the_address_the_browser_chooses_and_an_unknown_one_is_nothing(server, open_page):
    for address, locale, wanted in (
        (server, "de-AT", "de"),
        (f"{server}?lang=nl", "de-AT", "nl"),
        (f"{server}?lang=xx", "zh-TW", "zh"),
        (server, "fr-FR", "en"),
    ):
        watched = open_page(address, locale=locale)
        assert watched.page.locator("#language").input_value() == wanted
        assert watched.text("#run") == in_language(wanted, "page.run"), "the framework's own words, too"


def test_another_language_is_the_same_moment(server, open_page):
    watched = open_page(f"{server}?a=b#run=02-ordinary-text&cycle=2&phase=verify&tab=text")
    menu = watched.page.locator("#language")
    menu.focus()
    with watched.page.expect_navigation():
        menu.select_option("es")
    watched.until("document.documentElement.lang === 'es' && window.orthrusPlayer && orthrusPlayer.at > 0")
    assert "?a=b&lang=es#run=02-ordinary-text&cycle=2&phase=verify&tab=text" in watched.page.url
    assert watched.js("[orthrusPlayer.stops[orthrusPlayer.at].c, orthrusPlayer.stops[orthrusPlayer.at].p]") == [
        1,
        "verify",
    ]
    watched.tab("take")
    watched.until("document.querySelector('.o-linkrow input').value.includes('lang=es')")


def test_a_link_may_name_the_language_behind_its_hash(server, open_page):
    watched = open_page(f"{server}#run=02-ordinary-text&cycle=2&lang=de")
    assert watched.page.locator("html").get_attribute("lang") == "de"
    assert watched.page.url.startswith(f"{server}?lang=de#run=02-ordinary-text&cycle=2")


def test_a_live_run_is_told_in_the_language_and_what_is_wrong_too(server, open_page):
    watched = open_page(f"{server}?lang=nl", locale="de-DE")
    watched.page.locator("#prompt textarea").fill(" ")
    watched.page.locator("#run").click()
    refused = json.dumps(in_language("nl", "error.prompt-empty.one"))
    watched.until(f"document.querySelector('#status').innerText.includes({refused})")
    watched.page.locator("#prompt textarea").fill("The cat sat")
    watched.page.locator("#field-max_new_tokens input, #field-max_new_tokens textarea").fill("40")
    watched.page.locator("#run").click()
    watched.until("orthrusPlayer.live && orthrusPlayer.ended && orthrusPlayer.stops.length > 5")
    said = watched.js("orthrusPlayer.stops.flatMap(({x}) => x.filter(([v]) => v === 'captions').map((c) => c[3]))")
    texts = ["".join(words for words, _ in level) for caption in said for level in caption.values()]
    milliseconds = [text for text in texts if " ms" in text]
    assert milliseconds and not [text for text in milliseconds if re.search(r"\d\.\d+ ms", text)]
    assert any(re.search(r"\d,\d ms", text) for text in milliseconds)


def test_the_saved_page_keeps_its_language_without_a_network(server, open_page, tmp_path, browser):
    watched = open_page(f"{server}?lang=de")
    watched.js("orthrusPlayer.tour && orthrusPlayer.tour.end()")
    watched.tab("take")
    with watched.page.expect_download() as download:
        watched.page.locator(".o-record button").last.click()
    path = tmp_path / "run.html"
    download.value.save_as(path)
    text = path.read_text(encoding="utf-8")
    assert '<html lang="de" dir="ltr">' in text and in_language("nl", "page.headline") not in text
    saved = open_page(path.as_uri(), locale="nl-NL")
    saved.js("orthrusPlayer.tour && orthrusPlayer.tour.end()")
    assert saved.text(".o-head h1") == in_language("de", "page.headline")
    assert saved.text(".o-captions [data-level=plain]") == in_language("de", "captions.level.plain")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_screen_where_lines_run_from_right_to_left(server, open_page, width):
    watched = open_page(server, width=width)
    watched.js("document.documentElement.dir = 'rtl'")
    for key in watched.js("orthrusPlayer.tabs.all.map(({key}) => key)"):
        watched.tab(key)
        assert watched.js(WIDE) <= 0, key
