"""A lesson given to a class, first card to last: a teacher who presents, three pupils with pages of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from viz.player import lessons

pytestmark = pytest.mark.ui
LESSON = "ten-minutes"
STEPS = lessons.read(Path(__file__).parents[2] / "assets" / "lessons" / f"{LESSON}.json").steps
LECTURE = "window.orthrusPlayer.lecture"
WHERE = "[orthrusPlayer.run.split('/')[0], orthrusPlayer.head.now().phase, orthrusPlayer.head.now().cycle]"
SETTLED = "window.orthrusPlayer && !orthrusPlayer.head.playing"
KEPT = "orthrusPlayer.stops[orthrusPlayer.at + 1].x.find(([view]) => view === 'quiz')[3].kept"
COUNTS = "[...document.querySelectorAll('.class-bars i')].map((bar) => Number(bar.textContent))"


def press(watched, name: str) -> None:
    watched.page.locator(".classbar").get_by_role("button", name=name, exact=True).click()


def opened(server, open_page):
    """(the teacher, who presents the lesson; three pupils, one on a phone)."""
    teacher = open_page(server, reduced=True)
    teacher.page.locator(".classdoor summary").click()
    teacher.page.get_by_role("button", name="Open a class").click()
    teacher.until("document.querySelector('.class-code')")
    code = re.sub(r"\W", "", teacher.text(".class-code"))
    pupils = [open_page(f"{server}?class={code}", width=width, reduced=True) for width in (1366, 1366, 390)]
    teacher.page.goto(f"{server}?lesson={LESSON}&present=1")
    teacher.until(f"{LECTURE}.on && document.querySelector('.class-note').textContent.startsWith('3 ')")
    return teacher, pupils


def follow(teacher, pupils) -> None:
    """Every pupil is at the teacher's run, cycle and phase."""
    teacher.until(SETTLED)
    where = teacher.js(WHERE)
    for each in pupils:
        each.until(f"JSON.stringify({WHERE}) === '{str(where).replace(', ', ',').replace(chr(39), chr(34))}'")


def answered(teacher, pupils) -> None:
    """The class guesses where the block is cut; its answers are on all screens."""
    press(teacher, "Ask the class")
    kept = teacher.js(KEPT)
    guesses = (kept, 0, kept)
    for each, guess in zip(pupils, guesses, strict=True):
        each.until("document.querySelector('.class-ballot')")
        assert each.js("orthrusPlayer.head.now().phase") == "draft", "nothing of the verdict is seen"
        press(each, str(guess))
    teacher.until("document.querySelector('.class-note').textContent.includes(', 3 ')")
    press(teacher, "Show the answers")
    for each in (teacher, *pupils):
        each.until("document.querySelector('.class-bars .right')")
        assert each.js(COUNTS)[kept] == 2 and sum(each.js(COUNTS)) == 3
    press(teacher, "Done")
    assert teacher.js("document.activeElement === document.body"), "the space bar goes on; it does not press Done again"


def test_a_lesson_is_given_to_three_pupils_from_start_to_end(shipped, open_page):
    teacher, pupils = opened(shipped, open_page)
    keys, i = teacher.page.keyboard, 0
    for step in STEPS:
        teacher.until(f"{LECTURE}.i === {i}")
        follow(teacher, pupils)
        if step.reveal == "verify":
            answered(teacher, pupils)
        if step.question:
            keys.press("Space")
            i += 1
            teacher.until(f"{LECTURE}.i === {i}")
            follow(teacher, pupils)
        for each in pupils:
            assert each.js("document.documentElement.scrollWidth <= innerWidth")
        keys.press("Space")
        i += 1
    keys.press("Escape")
    teacher.until(f"!{LECTURE}.on")
    press(teacher, "End the class")
    for each in pupils:
        each.until("document.querySelector('.classbar').textContent.includes('has ended')")
