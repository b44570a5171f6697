"""Classes: a teacher's moment on every pupil's screen, and the pupils' anonymous answers. In memory only, and bounded.

A class has a code, which everybody in the room may know, and a token, which only the teacher's page has. Whatever the
teacher does replaces what the pupils are sent, so nothing queues up behind a slow screen. Standard library only.
"""

from __future__ import annotations

import gzip
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from orthrus import checks
from orthrus.errors import OrthrusError
from orthrus.server.class_moment import moment_of
from orthrus.server.limits import LimitExceeded, Limits, Rate

LETTERS = "BCDFGHJKMNPQRTVWXZ"  # no vowels, so no words; no letter that looks like a digit; 34 million codes of six
CODE = re.compile(f"[{LETTERS}]{{6}}")
FILM_BYTES = 4 * 2**20  # of a live run's film, compressed; one of 2048 tokens takes a quarter of it
MOST_PROPOSALS = 64
TEACHER_STREAMS = 4  # a teacher may have the page open twice
OPENED, JOINED, SENT = 30, 600, 1200  # a minute: classes and joins per address, messages per class


class NotTheTeacher(OrthrusError):
    """Only the teacher's page may do this."""


class NoSuchClass(OrthrusError):
    """The class has ended, or the code is another."""


class Seat:
    """One open stream of a class. `wake` is called, from any thread, whenever there may be something new to send."""

    def __init__(self, pupil: str, wake: Callable[[], object]) -> None:
        self.pupil, self.wake = pupil, wake  # the pupil's key, "" for the teacher
        self.replaced = False  # by a newer stream of the same page


class Room:
    """One class. Its owner holds the lock around everything here."""

    def __init__(self, code: str, now: float) -> None:
        self.code, self.token, self.used = code, secrets.token_urlsafe(24), now
        self.ended = False
        self.moment: dict[str, Any] | None = None
        self.film: tuple[str, bytes] | None = None
        self.question: dict[str, Any] | None = None
        self.asked = 0
        self.answers: dict[str, int] = {}  # pupil's key -> proposals that stand
        self.seats: set[Seat] = set()

    @property
    def pupils(self) -> set[str]:
        return {seat.pupil for seat in self.seats if seat.pupil}

    @property
    def taught(self) -> bool:
        return any(not seat.pupil for seat in self.seats)

    def state(self, teacher: bool) -> dict[str, Any]:
        """What a screen is sent: all of it each time. Counts only if they are shown, to the teacher always."""
        question = self.question and dict(self.question)
        if question and (teacher or question["shown"]):
            question["counts"] = [list(self.answers.values()).count(n) for n in range(question["n"] + 1)]
        film = self.film[0] if self.film else ""
        state = {"moment": self.moment, "film": film, "question": question, "teacher": self.taught}
        return {**state, "pupils": len(self.pupils)} if teacher else state

    def changed(self, teacher_only: bool = False) -> None:
        for seat in self.seats:
            if not (teacher_only and seat.pupil):
                seat.wake()


class Classes:
    """All classes of this process. Thread-safe; every refusal is an OrthrusError with a sentence."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._rooms: dict[str, Room] = {}
        self._lock = threading.RLock()
        self._opened = Rate(OPENED, "this address", clock, "opened", "classes")
        self._joined = Rate(JOINED, "this address", clock, "joined", "classes")
        self._sent = Rate(SENT, "this class", clock, "sent", "messages")

    def open(self, code: str, address: str) -> str:
        """A new class of this code, which its teacher's page has drawn; returns the teacher's token."""
        if not CODE.fullmatch(code):
            raise OrthrusError("class-code", f"the code is {checks.say(code)}, it must be six letters of {LETTERS}")
        with self._lock:
            self._forget()
            if code in self._rooms:
                raise LimitExceeded("class-taken", f"there is a class {code} already; take another code")
            if (count := len(self._rooms)) >= (most := self._limits.classes):
                raise LimitExceeded("too-many-classes", f"{count} classes are open, this page takes {most}")
            self._take(self._opened, address)
            self._rooms[code] = Room(code, self._clock())
            return self._rooms[code].token

    def _take(self, rate: Rate, key: str) -> None:
        try:
            rate.take(key)
        except LimitExceeded as error:
            raise LimitExceeded("too-many-messages", str(error)) from None

    def _forget(self) -> None:
        """End the classes whose teacher has been away for too long."""
        before = self._clock() - 60 * self._limits.class_minutes
        for room in [room for room in self._rooms.values() if not room.taught and room.used < before]:
            self._close(room)

    def _close(self, room: Room) -> None:
        room.ended = True
        del self._rooms[room.code]
        room.changed()

    def room(self, code: str) -> Room:
        with self._lock:
            self._forget()
            if code not in self._rooms:
                raise NoSuchClass(
                    "class-unknown", f"there is no class {checks.say(code)} here: it has ended, or the code is another"
                )
            return self._rooms[code]

    def taught(self, code: str, token: str) -> Room:
        """The class, for its teacher only; every call counts as one of its messages."""
        with self._lock:
            room = self.room(code)
            if not secrets.compare_digest(room.token.encode(), token.encode()):
                raise NotTheTeacher("not-the-teacher", f"only the teacher of class {code} may do this")
            self._take(self._sent, code)
            room.used = self._clock()
            return room

    def admit(self, code: str, address: str, token: str, pupil: str) -> None:
        """Raise unless a stream may be opened; `pupil` is the key of a seat had before, if any."""
        with self._lock:
            if token:
                self.taught(code, token)
                return
            self._take(self._joined, address)  # before the code is looked at: nobody tries them all
            room = self.room(code)
            if pupil not in room.pupils and (count := len(room.pupils)) >= (most := self._limits.pupils):
                raise LimitExceeded("class-full", f"class {code} has {count} pupils, this page takes {most}")

    def sit(self, code: str, seat: Seat) -> Room:
        with self._lock:
            room = self.room(code)
            before = [other for other in room.seats if other.pupil == seat.pupil]
            for other in before if len(before) >= (1 if seat.pupil else TEACHER_STREAMS) else []:
                other.replaced = True
                other.wake()
                room.seats.discard(other)
            room.seats.add(seat)
            room.changed(teacher_only=bool(seat.pupil))
            return room

    def leave(self, room: Room, seat: Seat) -> None:
        with self._lock:
            room.seats.discard(seat)
            room.used = room.used if seat.pupil else self._clock()
            room.changed(teacher_only=bool(seat.pupil))

    def told(self, room: Room, seat: Seat) -> str | None:
        """What this stream is to show, as JSON; None once the class has ended."""
        with self._lock:
            self._forget()
            return None if room.ended else json.dumps(room.state(teacher=not seat.pupil), separators=(",", ":"))

    def show(self, code: str, token: str, moment: Mapping[str, Any]) -> None:
        """Put the teacher's moment on every screen."""
        checked = moment_of(moment)
        with self._lock:
            room = self.taught(code, token)
            room.moment = checked
            room.changed()

    def ask(self, code: str, token: str, n: Any, cycle: Any) -> None:
        """Ask how many of `n` proposals of `cycle` (from 1) stand; answers to a question before are dropped."""
        n, cycle = checks.whole("n", n, 1, MOST_PROPOSALS), checks.whole("cycle", cycle, 1)
        with self._lock:
            room = self.taught(code, token)
            room.asked += 1
            room.answers = {}
            room.question = {"number": room.asked, "n": n, "cycle": cycle, "open": True, "shown": False}
            room.changed()

    def tell(self, code: str, token: str, shown: bool) -> None:
        """Close the question and show the histogram to all, or take the question away."""
        with self._lock:
            room = self.taught(code, token)
            if room.question:
                room.question = {**room.question, "open": False, "shown": True} if shown else None
            room.changed()

    def answer(self, code: str, pupil: str, number: Any, guess: Any) -> None:
        """A pupil's answer; while the question is open the last one counts."""
        with self._lock:
            room = self.room(code)
            self._take(self._sent, f"{code} {pupil}")
            question = room.question
            if not question or not question["open"] or question["number"] != number:
                raise OrthrusError("question-closed", "this question is no longer open")
            if pupil not in room.pupils:
                raise OrthrusError("no-seat", f"there is no such pupil in class {code}; join again")
            room.answers[pupil] = checks.whole("guess", guess, 0, question["n"])
            room.changed(teacher_only=True)

    def keeper(self, header: str) -> Callable[[str, str], None] | None:
        """A function (run, film) that keeps a live run's film for a class; None unless `header` is 'CODE TOKEN'."""
        code, _, token = header.partition(" ")
        try:
            room = self.taught(code, token)
        except OrthrusError:
            return None

        def keep(run: str, film: str) -> None:
            packed = gzip.compress(film.encode(), 5)
            with self._lock:
                room.film = (run, packed) if len(packed) <= FILM_BYTES else None
                room.changed()

        return keep

    def film(self, code: str, run: str) -> bytes:
        """The film of the class's last live run, compressed with gzip."""
        room = self.room(code)
        kept = room.film
        if kept is None or kept[0] != run:
            raise NoSuchClass("no-such-run", f"class {code} has no run {checks.say(run)}")
        return kept[1]

    def end(self, code: str, token: str) -> None:
        with self._lock:
            self._close(self.taught(code, token))

    def end_all(self) -> None:
        """The server ends: every pupil is told."""
        with self._lock:
            for room in list(self._rooms.values()):
                self._close(room)
