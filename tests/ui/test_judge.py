"""The judge by other rules and by chance: what the block on show would keep, what is known of the run, and what not."""

import gzip
import json

import pytest

import viz
from orthrus.config import EMBEDDED_MODEL
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, load
from tests import synthetic

pytestmark = pytest.mark.ui
TRACES = EMBEDDED_MODEL.parent / "traces"
PART = "orthrusPlayer.parts.relax"
RULES = ".o-relax .o-choice button"


def exported(folder, trace) -> str:
    path = folder / "run.html"
    viz.export_html(trace, path)
    return path.as_uri()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("judge"), load(TRACES / f"02-short-story{SUFFIX}"))


def hows(watched) -> list[str]:
    return watched.js("[...document.querySelectorAll('.o-rslot')].map((slot) => slot.dataset.how)")


def test_a_looser_rule_shows_what_it_would_let_through_and_that_the_text_is_another(file, open_page):
    watched = open_page(f"{file}#tab=judge&cycle=1&phase=verify", reduced=True)
    watched.until("document.querySelectorAll('.o-rslot').length > 0")
    assert watched.js("document.querySelector('.o-relax .o-badge').dataset.tone") == "good"
    kept = hows(watched).count("own")
    assert kept == watched.js("orthrusPlayer.state.inspector.block.status.split('y').length - 1")
    watched.page.locator(RULES).nth(2).click()
    assert watched.js("document.querySelector('.o-relax .o-badge').dataset.tone") == "warn"
    watched.page.locator(".o-relax .o-kit .o-button").click()
    watched.until("document.querySelectorAll('.o-rslot[data-how=let]').length > 0")
    assert watched.js("orthrusPlayer.head.now().phase") == "verify"
    let = watched.page.locator(".o-rslot[data-how=let]").first
    assert len(set(let.locator(".o-verbatim").all_inner_texts())) == 2, "the guess, and what the AR view chose"
    assert watched.page.locator(".o-relax .o-sentences").inner_text().count("“") >= 2


def test_the_slider_is_there_for_its_rule_and_changes_what_is_kept(file, open_page):
    watched = open_page(f"{file}#tab=judge&cycle=8&phase=verify", reduced=True)
    slider = watched.page.locator(".o-relax input[type=range]")
    assert not slider.is_visible()
    watched.page.locator(RULES).nth(3).click()
    kept = []
    for least in ("50", "10", "1"):
        slider.fill(least)
        watched.text(".o-relax .o-found")
        kept.append(sum(how in ("own", "let") for how in hows(watched)))
    assert kept == sorted(kept)


def test_before_the_verdict_and_without_stored_ranks_it_says_so(file, open_page, tmp_path):
    watched = open_page(f"{file}#tab=judge&cycle=2&phase=draft", reduced=True)
    assert watched.text(".o-relax .o-found") and not watched.page.locator(".o-relaxed").is_visible()
    bare = exported(tmp_path, Trace.of(synthetic.events(seed=3, tokens=60, sureness=0.7, detail=0)))
    other = open_page(f"{bare}#tab=judge&cycle=1&phase=verify", reduced=True)
    other.page.locator(RULES).nth(1).click()
    assert "unknown" in hows(other)
    other.page.locator(RULES).nth(3).click()
    assert "unknown" not in hows(other), "the probabilities are stored"


def test_of_random_acceptance_nothing_is_said_behind_the_last_number_drawn(open_page, tmp_path):
    address = exported(tmp_path, load(TRACES / f"12-story-by-coin-toss{SUFFIX}"))
    watched = open_page(f"{address}#tab=judge&cycle=1&phase=verify", reduced=True)
    watched.page.locator(RULES).nth(2).click()
    found = watched.js(f"{PART}.all.map(({{why, kept, how}}) => [why, kept, how.includes('unknown')])")
    assert any(why == "unknown" and unknown for why, _, unknown in found)
    with gzip.open(TRACES / f"12-story-by-coin-toss{SUFFIX}") as lines:
        verdicts = [event for event in map(json.loads, lines) if event["type"] == "verdict"]
    for (why, kept, _), verdict in zip(found, verdicts, strict=True):
        assert kept >= verdict["n_accept"]
        if why == "unknown":
            assert kept >= len(verdict["u"]), "it ends behind the slots that a number was drawn for"


COINS = "[...document.querySelectorAll('div.o-coin')].map((coin) => coin.dataset.how)"


@pytest.fixture(scope="module")
def tossed(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("tossed"), load(TRACES / f"12-story-by-coin-toss{SUFFIX}"))


def test_each_judged_guess_has_a_bar_and_the_number_drawn(tossed, open_page):
    watched = open_page(f"{tossed}#tab=judge&cycle=4&phase=verify", reduced=True)
    watched.until("document.querySelectorAll('div.o-coin').length > 0")
    toss = watched.js("orthrusPlayer.state.coin.toss")
    found = watched.js(COINS)
    assert found[: len(toss["u"])] == ["kept"] * (len(toss["u"]) - 1) + ["cut"] and len(found) == len(toss["accept"])
    assert set(found[len(toss["u"]) :]) == {"unjudged"}
    assert watched.page.locator(".o-well i").count() == len(toss["u"]), "no dot where none was drawn"
    assert watched.page.locator(".o-coin .o-sentences").inner_text().count("“") >= 2
    watched.js("void(orthrusPlayer.head.step(-1))")
    watched.until("document.querySelectorAll('div.o-coin').length === 0 || document.querySelector('.o-coins').hidden")


def test_no_number_counts_behind_the_end_of_the_text(tossed, open_page):
    last = len(load(TRACES / f"12-story-by-coin-toss{SUFFIX}").verdicts)
    watched = open_page(f"{tossed}#tab=judge&cycle={last}&phase=verify", reduced=True)
    watched.until("document.querySelectorAll('div.o-coin').length > 0")
    assert watched.js("orthrusPlayer.state.inspector.block.unjudged") == "ended"
    assert "cut" not in watched.js(COINS) and watched.js(COINS)[0] == "kept"


def test_another_toss_is_called_simulated_and_the_recorded_one_comes_back(tossed, open_page):
    watched = open_page(f"{tossed}#tab=judge&cycle=4&phase=verify", reduced=True)
    watched.until("document.querySelectorAll('div.o-coin').length > 0")
    recorded, again = watched.js(COINS), watched.page.locator(".o-coin .o-kit .o-button")
    again.nth(0).click()
    numbers, accept = watched.js("[orthrusPlayer.parts.coin.numbers, orthrusPlayer.state.coin.toss.accept]")
    kept = next((i for i, (u, chance) in enumerate(zip(numbers, accept, strict=True)) if u >= chance), len(accept))
    assert watched.js(COINS).count("kept") == kept
    assert "Simulated" in watched.page.locator(".o-coin .o-sentences").inner_text()
    again.nth(1).click()
    assert watched.js(COINS) == recorded


def test_a_run_with_shared_noise_has_no_coin_and_a_greedy_one_says_so(file, open_page, tmp_path):
    seeded = exported(tmp_path, load(TRACES / f"13-story-by-seed{SUFFIX}"))
    watched = open_page(f"{seeded}#tab=judge&cycle=8&phase=verify", reduced=True)
    watched.until("document.querySelectorAll('.o-coins .o-rslot').length > 0")
    block = watched.js("orthrusPlayer.state.inspector.block")
    kept = next((i for i, (a, b) in enumerate(zip(block["ids"], block["own"], strict=True)) if a != b), 31)
    assert watched.page.locator(".o-coins .o-rslot[data-how=own]").count() == kept
    greedy = open_page(f"{file}#tab=judge&cycle=8&phase=verify", reduced=True)
    assert greedy.text(".o-coin .o-found") and not greedy.page.locator(".o-coins").is_visible()
