"""Lessons and presenting: from start to end by keyboard, from a file and from a server; notes, code, pointer, blank."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from viz.export.lesson import export_lesson
from viz.player import lessons, qr

pytestmark = pytest.mark.ui
ASSETS = Path(__file__).parents[2] / "assets"
PLAYER = "window.orthrusPlayer"
LECTURE = f"{PLAYER}.lecture"
SEEN = "[...document.querySelectorAll('{}')].some((node) => node.checkVisibility())"
COVERED = "document.querySelector('.orthrus').classList.contains('asking')"
DARK = """(() => {
  const picture = document.querySelector('.o-code canvas');
  const { data } = picture.getContext('2d').getImageData(0, 0, picture.width, picture.height);
  return data.filter((value, i) => i % 4 === 3 && value === 255).length;
})()"""
AT_REST = f"!{PLAYER}.awake || {PLAYER}.head.playing"


@pytest.fixture(scope="module")
def stick(tmp_path_factory):
    """A lesson as a file, as a teacher carries it on a stick."""
    path = tmp_path_factory.mktemp("stick") / "lesson.html"
    export_lesson("ten-minutes", path, ASSETS, "https://example.org/page/")
    return path.as_uri()


def steps_of(name):
    return lessons.read(ASSETS / "lessons" / f"{name}.json").steps


def reached(watched, i):
    watched.until(f"{LECTURE}.i === {i} && {LECTURE}.host.checkVisibility()")
    watched.until(f"document.querySelector('.o-lesson .o-tourtext').textContent === {LECTURE}.beat.text")


def fits(watched):
    return watched.js("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_lesson_from_start_to_end_by_keyboard_from_a_file(stick, open_page, scheme):
    watched = open_page(f"{stick}#lesson=ten-minutes&present=1", reduced=True, scheme=scheme)
    keys, i = watched.page.keyboard, 0
    for number, step in enumerate(steps_of("ten-minutes"), start=1):
        reached(watched, i)
        assert watched.page.url.endswith(f"#lesson=ten-minutes&step={number}&present=1")
        assert watched.js(f"{PLAYER}.run").startswith(step.trace + "/") and fits(watched)
        assert step.title in watched.text(".o-lessontitle")
        assert all(watched.js(SEEN.format(f".o-view.o-{name}")) for name in step.show), step.show
        predicts = step.reveal == "verify"
        assert watched.js(COVERED) is predicts
        if step.question:
            assert watched.text(".o-lessonask") == step.question
            assert not watched.js(SEEN.format(".o-lessonchoices .right, .o-lessonanswer"))
            keys.press("Space")
            i += 1
            reached(watched, i)
            right = ".o-lessonchoices .right" if step.choices else ".o-lessonanswer"
            answer = watched.js(f"{LECTURE}.step.answer")
            assert answer in watched.text(right) and not watched.js(COVERED)
            if predicts:
                watched.until(f"{PLAYER}.head.now().phase === 'verify'")
        keys.press("Space")
        i += 1
    assert watched.js(f"{LECTURE}.i") == i - 1, "the last card stays"
    for _ in range(2):
        keys.press("PageUp")
    reached(watched, i - 3)
    keys.press("Escape")
    watched.until(f"!{LECTURE}.on && !document.documentElement.classList.contains('presenting')")
    assert "#lesson" not in watched.page.url and watched.js(SEEN.format(".o-transport"))


def test_the_race_of_a_lesson_runs_and_ends(stick, open_page):
    watched = open_page(f"{stick}#lesson=ten-minutes&present=1")
    reached(watched, 0)
    watched.page.keyboard.press("Space")
    watched.until(f"{PLAYER}.head.playing")
    watched.until(f"!{PLAYER}.head.playing")
    assert watched.js(f"{PLAYER}.at === {PLAYER}.stops.length - 1")


def test_blank_pointer_verdict_and_help(stick, open_page):
    watched = open_page(f"{stick}#lesson=ten-minutes&step=4&present=1", reduced=True)
    keys, seen = watched.page.keyboard, lambda selector: watched.js(SEEN.format(selector))
    watched.until(f"{LECTURE}.on && {LECTURE}.step.title === 'Verify'")
    keys.press("b")
    assert seen(".o-blank")
    at = watched.js(f"{LECTURE}.i")
    keys.press("Space")
    assert not seen(".o-blank") and watched.js(f"{LECTURE}.i") == at, "light first, then the next step"
    keys.press("l")
    watched.page.mouse.move(300, 200)
    box = watched.js(
        "(({x, y, width}) => [x + width / 2, y + width / 2])(document.querySelector('.o-dot').getBoundingClientRect())"
    )
    assert seen(".o-dot") and box == [300, 200] and not watched.js(f"{PLAYER}.head.loop"), "L loops only elsewhere"
    keys.press("v")
    watched.until(f"{COVERED} && {PLAYER}.head.now().phase === 'draft' && !{PLAYER}.dirty.size")
    assert watched.js("document.querySelectorAll('.o-slot.is-refused, .o-slot.is-accepted').length") == 0
    keys.press("v")
    watched.until(f"!{COVERED} && document.querySelector('.o-slot.is-refused')")
    keys.press("Escape")
    watched.until(f"!{LECTURE}.on")
    keys.press("l")
    assert watched.js(f"{PLAYER}.head.loop")
    shown = watched.js("[...document.querySelectorAll('.o-keys dt')].map((node) => node.textContent)")
    assert {"P", "B", "V", "S", "C", "Space, PgDn"} <= set(shown)


def test_the_notes_stand_in_a_window_of_their_own_and_lead_too(stick, open_page):
    watched = open_page(f"{stick}#lesson=ten-minutes&step=4&present=1", reduced=True)
    watched.until(f"{LECTURE}.on && {LECTURE}.step.title === 'Verify'")
    with watched.page.expect_popup() as opened:
        watched.page.keyboard.press("s")
    notes, step = opened.value, watched.js(f"{LECTURE}.step")
    for part in ("say", "question", "answer", "note"):
        assert notes.get_by_text(step[part]).count() >= 1
    notes.keyboard.press("Space")
    watched.until(f"{LECTURE}.beat.tells")
    notes.keyboard.press("Space")
    watched.until(f"{LECTURE}.step.title === 'Commit'")
    assert "Commit" in notes.locator("h1").inner_text()
    watched.page.keyboard.press("Escape")
    watched.until(f"!{LECTURE}.on")
    assert notes.is_closed()


def test_a_code_leads_to_the_moment(stick, server, open_page):
    for address, fields, base in (
        (stick, "lesson=ten-minutes&step=3", "https://example.org/page/"),
        (server, "lesson=two-looks&step=2", server),
    ):
        watched = open_page(f"{address}#{fields}&present=1", reduced=True)
        watched.until(f"{LECTURE}.on && {LECTURE}.presenter.on")
        watched.page.keyboard.press("c")
        watched.until("document.querySelector('.o-code').open")
        assert watched.text(".o-code .o-verbatim") == f"{base}#{fields}"
        drawn = watched.js(DARK)
        assert drawn == "".join(qr.rows(f"{base}#{fields}")).count("1")
        watched.page.keyboard.press("Escape")
        watched.until("!document.querySelector('.o-code').open")
        assert watched.js(f"{LECTURE}.on"), "Escape closes the code first"


def test_a_lesson_on_the_page_is_opened_by_link_and_from_its_tab(server, open_page, tmp_path):
    watched = open_page(f"{server}#lesson=two-looks&step=2", reduced=True)
    watched.until(f"{LECTURE}.on && {PLAYER}.run.startsWith('02-ordinary-text/')")
    assert watched.js(COVERED) and watched.js(SEEN.format("#side"))
    watched.page.get_by_role("button", name="Next ›").click()
    watched.until(f"{PLAYER}.head.now().phase === 'verify'")
    kept = watched.js(f"{PLAYER}.state.quiz.block.kept")
    assert watched.text(".o-lessonanswer") == f"After {kept} guesses."
    watched.page.get_by_role("button", name="Leave the lesson").click()
    watched.tab("class")
    assert "Two looks" in watched.text(".o-class") and "2 minutes" in watched.text(".o-class")
    watched.page.locator(".o-lessons").get_by_role("button", name="Present").click()
    watched.until(f"{LECTURE}.presenter.on && {LECTURE}.i === 0 && {PLAYER}.run.startsWith('01-easy-text/')")
    assert not watched.js(SEEN.format("#side, #head, footer"))
    watched.page.keyboard.press("Escape")
    watched.tab("class")
    with watched.page.expect_download() as saved:
        watched.page.locator(".o-lessons").get_by_role("button", name="Save as one file").click()
    saved.value.save_as(tmp_path / "saved.html")
    again = open_page(f"{(tmp_path / 'saved.html').as_uri()}#lesson=two-looks&step=2&present=1", reduced=True)
    again.until(f"{LECTURE}.on && {PLAYER}.run.startsWith('02-ordinary-text/')")
    again.page.keyboard.press("c")
    again.until("document.querySelector('.o-code canvas')")


def test_nonsense_teaches_nothing(server, open_page):
    watched = open_page(f"{server}#lesson=none&step=2", reduced=True)
    watched.until(f"{LECTURE}.host.checkVisibility()")
    assert not watched.js(f"{LECTURE}.on")
    far = open_page(f"{server}#lesson=two-looks&step=99", reduced=True)
    far.until(f"{LECTURE}.on && {LECTURE}.step.title === 'Guess'")


def test_any_run_can_be_presented(server, open_page):
    watched = open_page(f"{server}#run=02-ordinary-text&present=1", reduced=True)
    beats = watched.js(f"{PLAYER}.facts.tour.beats.length")
    for i in range(beats):
        reached(watched, i)
        watched.page.keyboard.press("PageDown")
    assert watched.js(f"{LECTURE}.i") == beats - 1 and watched.js(f"{PLAYER}.run").startswith("02-ordinary-text/")


@pytest.mark.parametrize("width", [390, 1366])
def test_presenting_is_for_everybody(stick, open_page, width):
    watched = open_page(f"{stick}#lesson=ten-minutes&step=4&present=1", width=width, reduced=True)
    watched.until(f"{LECTURE}.on && {LECTURE}.step.title === 'Verify' && {AT_REST}")
    assert fits(watched)
    found = [v for v in Axe().run(watched.page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], v["nodes"][0]["target"]) for v in found] == []
    size = float(
        watched.js("getComputedStyle(document.querySelector('.o-lesson .o-tourtext')).fontSize").removesuffix("px")
    )
    assert size >= 22
