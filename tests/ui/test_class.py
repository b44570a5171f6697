"""A class from start to end: a teacher and three pupils, each with a page of their own."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.ui
AT = "[orthrusPlayer.run.split('/')[0], orthrusPlayer.at]"


def press(watched, name: str) -> None:
    watched.page.locator(".classbar").get_by_role("button", name=name, exact=True).click()


def test_a_class_from_start_to_end(server, open_page):
    teacher = open_page(server)
    teacher.page.locator(".classdoor summary").click()
    teacher.page.get_by_role("button", name="Open a class").click()
    teacher.until("document.querySelector('.class-code')")
    code = re.sub(r"\W", "", teacher.text(".class-code"))
    assert re.fullmatch("[BCDFGHJKMNPQRTVWXZ]{6}", code)
    first, second = (open_page(f"{server}?class={code.lower()}") for _ in range(2))
    third = open_page(server, width=390)
    third.page.locator(".classdoor summary").click()
    third.page.locator(".classdoor input").fill(f"{code[:3]} {code[3:]}")
    third.page.get_by_role("button", name="Join").click()
    pupils = (first, second, third)
    teacher.until("document.querySelector('.class-note').textContent.startsWith('3 ')")

    def all_at(watched=pupils) -> list:
        where = teacher.js(AT)
        for each in watched:
            each.until(f"{AT}[0] === '{where[0]}' && {AT}[1] === {where[1]}")
        return where

    name = "03-hard-text"
    teacher.js(
        f"orthrusGallery.open('{name}').then(() => {{ orthrusPlayer.head.pause(); orthrusPlayer.seekCycle(2) }})"
    )
    teacher.until(f"orthrusPlayer.run.startsWith('{name}') && orthrusPlayer.head.now().cycle === 2")
    assert all_at()[0] == name
    teacher.js("void(orthrusPlayer.tabs.choose(orthrusPlayer.tabs.all[1].key))")
    tab = teacher.js("orthrusPlayer.tabs.open")
    first.until(f"orthrusPlayer.tabs.open === '{tab}'")

    second.js("void(orthrusPlayer.head.step(-1))")  # a hand of its own looks around
    second.until("[...document.querySelectorAll('.classbar button')].some((b) => b.textContent.startsWith('Back'))")
    teacher.js("void(orthrusPlayer.head.stepCycle(1))")
    all_at((first, third))
    assert second.js(AT) != teacher.js(AT)
    press(second, "Back to the class")
    all_at()

    press(teacher, "Hide the verdict")
    teacher.js("void(orthrusPlayer.head.step(1))")
    teacher.until("orthrusPlayer.head.now().phase === 'verify'")
    teacher.page.wait_for_timeout(600)
    assert [each.js("orthrusPlayer.head.now().phase") for each in pupils] == ["draft"] * 3
    press(teacher, "Hide the verdict")
    all_at()

    press(teacher, "Ask the class")
    for each, guess in zip(pupils, (1, 1, 0), strict=True):
        each.until("document.querySelector('.class-ballot')")
        press(each, str(guess))
        each.until("document.querySelector('.class-ballot [aria-pressed=true]')")
    teacher.until("document.querySelector('.class-note').textContent.includes(', 3 ')")
    drawn = "[...document.querySelectorAll('.class-bars i')].slice(0, 3).map((i) => Number(i.textContent))"
    assert teacher.js(drawn) == [1, 2, 0] and not first.js("!!document.querySelector('.class-bars')")
    press(teacher, "Show the answers")
    for each in (teacher, *pupils):
        each.until("document.querySelector('.class-bars .right')")
        assert each.js(drawn) == [1, 2, 0]
    kept = teacher.js("orthrusPlayer.state.quiz.block.kept")
    assert third.js("document.querySelector('.class-bars .right b').textContent") == f"✓{kept}"
    press(teacher, "Done")
    first.until("!document.querySelector('.class-bars')")

    teacher.page.locator("#prompt textarea").fill("Say anything.")
    teacher.page.locator("#field-max_new_tokens input").fill("12")
    teacher.page.locator("#run").click()
    teacher.until("orthrusPlayer.live && orthrusPlayer.ended")
    teacher.js("void(orthrusPlayer.head.pause())")
    run = teacher.js("orthrusPlayer.run")
    for each in pupils:
        each.until(f"orthrusPlayer.run === 'class/{run}' && orthrusPlayer.at === {teacher.js('orthrusPlayer.at')}")

    teacher.page.reload()  # the teacher's tab keeps the class
    teacher.until("document.querySelector('.class-note')?.textContent.startsWith('3 ')")
    press(teacher, "End the class")
    for each in (teacher, *pupils):
        each.until("document.querySelector('.classbar').textContent.includes('has ended')")
    late = open_page(f"{server}?class={code}")
    late.until("document.querySelector('.classbar').textContent.includes('no class')")
    late.errors.clear()  # the browser itself reports the answer 404


def test_a_lost_connection_comes_back(server, open_page):
    teacher = open_page(server)
    teacher.page.locator(".classdoor summary").click()
    teacher.page.get_by_role("button", name="Open a class").click()
    teacher.until("document.querySelector('.class-code')")
    code = re.sub(r"\W", "", teacher.text(".class-code"))
    pupil = open_page(f"{server}?class={code}")
    pupil.until("document.querySelector('.class-note').textContent.startsWith('You follow')")
    pupil.page.context.set_offline(True)
    pupil.until("document.querySelector('.class-note').textContent.includes('lost')")
    pupil.page.context.set_offline(False)
    pupil.until("document.querySelector('.class-note').textContent.startsWith('You follow')")
    pupil.errors.clear()  # the browser itself reports what failed
