"""The race of drafters in a browser: the recorded one, one measured, one stopped, one refused."""

import pytest

from orthrus.config import DRAFTS

pytestmark = pytest.mark.ui
SAID = ".o-drafters [role=status]"


def lanes(watched) -> list[str]:
    return watched.page.locator(".o-drafters .o-dname b").all_inner_texts()


def race(watched, limit: str) -> None:
    watched.page.locator(".o-drafters input").fill(limit)
    watched.page.locator(".o-drafters [type=submit]").click()


@pytest.fixture
def opened(server, open_page):
    watched = open_page(server, reduced=True)
    watched.until("window.orthrusPlayer && orthrusPlayer.stops.length > 9")
    watched.tab("drafters")
    return watched


def test_a_race_is_measured_and_shown(opened):
    assert len(lanes(opened)) == len(DRAFTS) + 1, "one is recorded"
    before = opened.text(".o-drafters .o-verbatim")
    race(opened, "8")
    opened.until(f"document.querySelector('{SAID}').textContent === ''")
    assert opened.text(".o-drafters .o-verbatim") != before and len(lanes(opened)) == len(DRAFTS) + 1
    assert set(opened.page.locator(".o-raced tbody").first.locator("td:nth-child(2)").all_inner_texts()) == {"8"}
    assert not opened.js("orthrusPlayer.head.playing")


def test_a_race_can_be_stopped_and_the_one_before_stays(opened):
    before = opened.text(".o-drafters .o-verbatim")
    race(opened, "1900")
    opened.until(f"/\\d/.test(document.querySelector('{SAID}').textContent)")  # a lane is being measured
    opened.page.locator(".o-drafters form button").nth(1).click()
    opened.until("!document.querySelector('.o-drafters [type=submit]').disabled")
    assert opened.text(".o-drafters .o-verbatim") == before
    race(opened, "8")  # the server is free again
    opened.until(f"document.querySelector('{SAID}').textContent === ''")


def test_a_race_beyond_the_limit_is_refused_by_name(opened):
    race(opened, "99999")
    opened.until(f"document.querySelector('{SAID}').textContent.includes('99999')")
    assert "2048" in opened.text(SAID) and len(lanes(opened)) == len(DRAFTS) + 1
