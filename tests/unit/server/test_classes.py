"""A class: who may do what, what each screen is sent, and where it ends. Bounded in everything."""

from __future__ import annotations

import asyncio
import gzip
import json
import random

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from orthrus.errors import OrthrusError
from orthrus.server.class_moment import moment_of
from orthrus.server.class_routes import ClassRoutes
from orthrus.server.classes import FILM_BYTES, JOINED, Classes, Seat
from orthrus.server.limits import Limits
from orthrus.server.request_filter import CLASS
from tests.refusals import refused

CODE = "BCDFGH"
MOMENT = {
    "run": "01-easy",
    "cycle": 2,
    "phase": "draft",
    "tab": "tokens",
    "playing": False,
    "hidden": False,
    "speed": 1,
}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def classes(clock):
    return Classes(Limits(classes=2, pupils=3, class_minutes=5), clock)


def seated(classes, pupil, code=CODE):
    seat = Seat(pupil, lambda: None)
    room = classes.sit(code, seat)
    return lambda: (told := classes.told(room, seat)) and json.loads(told), room, seat


def code_of(act, *values):
    with pytest.raises(OrthrusError) as error:
        act(*values)
    return error.value.code


def test_the_teachers_moment_is_on_every_screen_and_only_the_teacher_moves_it(classes):
    token = classes.open(CODE, "a")
    teacher, pupil = seated(classes, "")[0], seated(classes, "p1")[0]
    assert pupil()["moment"] is None and pupil()["teacher"] and "pupils" not in pupil()
    classes.show(CODE, token, MOMENT)
    assert pupil()["moment"] == teacher()["moment"] == MOMENT and teacher()["pupils"] == 1
    forged = ("y" if token[0] == "x" else "x") + token[1:]
    for act, values in ((classes.show, (MOMENT,)), (classes.ask, (4, 1)), (classes.tell, (True,)), (classes.end, ())):
        assert code_of(act, CODE, forged, *values) == "not-the-teacher"
        assert code_of(act, CODE, "", *values) == "not-the-teacher"
    assert classes.keeper(f"{CODE} {token}x") is None and classes.keeper("") is None


def test_answers_are_counted_once_each_and_shown_when_the_teacher_says_so(classes):
    token = classes.open(CODE, "a")
    teacher, one, two = seated(classes, "")[0], seated(classes, "p1")[0], seated(classes, "p2")[0]
    classes.ask(CODE, token, 3, 2)
    for pupil, guess in (("p1", 3), ("p2", 0), ("p1", 1)):
        classes.answer(CODE, pupil, 1, guess)
    assert teacher()["question"]["counts"] == [1, 1, 0, 0] and "counts" not in one()["question"]
    assert code_of(classes.answer, CODE, "p1", 1, 4) == "out-of-range"
    assert code_of(classes.answer, CODE, "p1", 1, "<b>") == "wrong-type"
    assert code_of(classes.answer, CODE, "p9", 1, 1) == "no-seat"
    classes.tell(CODE, token, True)
    assert two()["question"]["counts"] == [1, 1, 0, 0]
    assert code_of(classes.answer, CODE, "p1", 1, 1) == "question-closed"
    classes.ask(CODE, token, 2, 3)
    assert (
        teacher()["question"]["counts"] == [0, 0, 0] and code_of(classes.answer, CODE, "p1", 1, 1) == "question-closed"
    )
    classes.tell(CODE, token, False)
    assert one()["question"] is None


def test_everything_is_bounded(classes, clock):
    token = classes.open(CODE, "a")
    assert code_of(classes.open, CODE, "a") == "class-taken"
    assert [code_of(classes.open, code, "a") for code in ("", "bcdfgh", "ABCDEF", CODE * 2)] == ["class-code"] * 4
    classes.open("BBBBBB", "a")
    assert code_of(classes.open, "CCCCCC", "a") == "too-many-classes"
    seats = [seated(classes, f"p{n}")[1:] for n in range(3)]
    assert code_of(classes.admit, CODE, "a", "", "") == "class-full"
    classes.admit(CODE, "a", "", "p1")  # comes back to a seat of its own
    seated(classes, "p1")
    assert seats[1][1].replaced and len(seats[0][0].seats) == 3
    guesses = [code_of(classes.admit, "DDDDDD", "a", "", "") for _ in range(JOINED)]
    assert guesses[0] == "class-unknown" and guesses[-1] == "too-many-messages"
    keep = classes.keeper(f"{CODE} {token}")
    keep("r1", "film" * 10)
    assert gzip.decompress(classes.film(CODE, "r1")) == b"film" * 10 and seated(classes, "")[0]()["film"] == "r1"
    assert code_of(classes.film, CODE, "r2") == "no-such-run"
    keep("r3", random.Random(1).randbytes(FILM_BYTES).hex() * 2)  # hexadecimal is packed to half
    assert seats[0][0].film is None


def test_a_class_ends_with_its_teacher_or_without_one(classes, clock):
    token = classes.open(CODE, "a")
    pupil, teacher = seated(classes, "p1")[0], seated(classes, "")
    clock.now += 3600
    assert pupil() is not None  # the teacher is there
    classes.leave(*teacher[1:])
    assert pupil()["teacher"] is False
    clock.now += 301
    assert pupil() is None and code_of(classes.show, CODE, token, MOMENT) == "class-unknown"
    token, pupil = classes.open(CODE, "a"), seated(classes, "p1")[0]
    classes.end(CODE, token)
    assert pupil() is None
    classes.open(CODE, "a")
    pupil = seated(classes, "p1")[0]
    classes.end_all()
    assert pupil() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("run", "<script>"),
        ("run", None),
        ("run", "x" * 101),
        ("tab", "a b"),
        ("phase", "x"),
        ("cycle", -1),
        ("cycle", "1"),
        ("speed", 1.5),
        ("playing", 1),
        ("hidden", None),
    ],
)
def test_a_moment_is_checked_field_by_field(name, value):
    kind = {-1: "out-of-range", "1": "wrong-type", 1.5: "wrong-type"}
    with refused(kind.get(value, "class-moment"), name):
        moment_of({**MOMENT, name: value})
    assert moment_of({**MOMENT, "more": "<b>"}) == MOMENT


def test_a_stream_sends_only_what_is_new_and_its_end():
    classes = Classes(Limits())
    token = classes.open(CODE, "a")

    async def heard():
        parts = []
        async for part in ClassRoutes(classes).stream(CODE, "p1"):
            parts.append(part)
            if len(parts) == 2:
                for cycle in (3, 4, 5):  # a slow screen gets the last of them
                    classes.show(CODE, token, {**MOMENT, "cycle": cycle})
            if len(parts) == 3:
                classes.end(CODE, token)
        return parts

    seat, first, second, ended = asyncio.run(heard())
    assert seat.startswith("event: seat\n") and json.loads(first.split("data: ")[1])["moment"] is None
    assert json.loads(second.split("data: ")[1])["moment"]["cycle"] == 5 and ended.startswith("event: ended\n")


def test_a_refusal_is_said_in_the_words_that_the_page_gives():
    classes = Classes(Limits())
    application = Starlette(routes=ClassRoutes(classes, lambda error, request: error.code.upper()).routes())
    reply = TestClient(application).post(f"{CLASS}answer?class=BCDFGH", json={})
    assert reply.status_code == 404 and reply.json() == {"detail": "CLASS-UNKNOWN", "code": "class-unknown"}
