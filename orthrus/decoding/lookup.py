"""Prompt lookup (Saxena 2023): what followed the same tokens earlier is a draft that costs no pass.

A text that counts never says quite the same twice: "4. hello" follows "3. hello". So a number, however many digits it
has, is one term of the text, any two numbers match, and a number that is said again has grown as it grew before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

MATCH = 4  # tokens that must agree; shorter matches mislead more often than they help
LONGEST = 9  # digits of a number; what follows them is another number
FURTHEST = 64  # terms that are compared with those before the earlier place


class PromptLookup:
    """An index of every run of `match` tokens in prompt and text, with the place behind its latest occurrence."""

    def __init__(self, prompt: Sequence[int], match: int = MATCH, digits: Mapping[int, str] | None = None) -> None:
        """`digits`: the digit of each token that spells one alone; without them numbers are tokens as any other."""
        self.match, self.digits = match, digits or {}
        self._ids: list[int] = []
        self._behind: dict[tuple[int, ...], int] = {}
        self._entered = match  # tokens that are in `_behind`, which is brought up to date when it is asked
        self._terms = Terms(match)
        self._spelt = {digit: token for token, digit in self.digits.items()}
        self.extend(prompt)

    def extend(self, ids: Sequence[int]) -> None:
        """Append tokens of the text."""
        for token in ids:
            self._ids.append(token)
            self._terms.append(token, self.digits.get(token, ""))

    def after(self, path: tuple[int, ...]) -> int | None:
        """The token that followed the end of text + `path` when it stood there last, if it did."""
        for end in range(self._entered, len(self._ids)):
            self._behind[tuple(self._ids[end - self.match : end])] = end
        self._entered = max(self._entered, len(self._ids))
        at = self._behind.get((*self._ids[-self.match :], *path)[-self.match :])
        return None if at is None else self._ids[at]

    def find(self, most: int) -> Found:
        """Up to `most` tokens that followed the latest earlier occurrence of the text's end, the numbers counted on.

        None of them if there is no such place. At the text's end it goes on as if the text repeated itself.
        """
        begun, end = self._terms.begun, self._terms.end
        for place, number in ((end - 1, begun), (end, ""))[0 if begun else 1 :]:
            match = self._terms.match_at(place)
            if match and (ids := self._spelled(place, match, number, most)):
                return Found(ids, match.agreed)
        return Found([], 0)

    def _spelled(self, end: int, match: Match, begun: str, most: int) -> list[int]:
        """The tokens that follow the first `end` terms, less those of a number that was `begun` there."""
        found: list[int] = []
        for token, number in self._terms.following(end, match, most + len(begun)):
            found += [self._spelt[digit] for digit in number] if number else [token]
        if found[: len(begun)] != [self._spelt[digit] for digit in begun]:
            return []
        return found[len(begun) : len(begun) + most]


class Found(NamedTuple):
    """What a lookup found, and how many tokens before it agree with those before the earlier place."""

    ids: list[int]
    agreed: int


class Match(NamedTuple):
    """An earlier place, how many tokens before it agree, and what the last number there has grown by."""

    at: int
    agreed: int
    growth: int


NUMBER = -1
Term = tuple[int, str]  # a token and "", or NUMBER and its digits


class Terms:
    """A text as tokens and whole numbers, with an index of every run of `match` of them."""

    def __init__(self, match: int) -> None:
        self.match = match
        self._tokens: list[int] = []  # NUMBER for a number
        self._numbers: list[str] = []  # its digits, else ""
        self._behind: dict[tuple[int, ...], int] = {}

    @property
    def end(self) -> int:
        return len(self._tokens)

    @property
    def begun(self) -> str:
        """The digits of the number that the text ends with; it may go on."""
        return self._numbers[-1] if self._numbers else ""

    def append(self, token: int, digit: str) -> None:
        """Append a token, with the digit it spells or ""."""
        if digit and 0 < len(self.begun) < LONGEST:
            self._numbers[-1] += digit
            return
        if self.begun:  # what stands before a number is entered when the number has ended
            self._enter(self.end - 1)
        if not digit:
            self._enter(self.end)
        self._tokens.append(NUMBER if digit else token)
        self._numbers.append(digit)

    def _enter(self, place: int) -> None:
        if place >= self.match:
            self._behind[tuple(self._tokens[place - self.match : place])] = place

    def match_at(self, end: int) -> Match | None:
        """Where what stands before `end` stood last; None if fewer than `match` tokens agree there."""
        at = self._behind.get(tuple(self._tokens[end - self.match : end])) if end >= self.match else None
        if at is None:
            return None
        agreed, growth = 0, None
        for back in range(1, min(at, FURTHEST) + 1):
            if self._tokens[end - back] != self._tokens[at - back]:
                break
            number, earlier = self._numbers[end - back], self._numbers[at - back]
            if number and growth is None:
                growth = int(number) - int(earlier)
            if number == earlier:
                agreed += max(1, len(number))
        return Match(at, agreed, growth or 0) if agreed >= self.match else None

    def following(self, end: int, match: Match, most: int) -> list[Term]:
        """What follows `end` as it followed the earlier place: `most` terms, fewer before a negative number."""
        tokens, numbers, period = self._tokens[:end], self._numbers[:end], end - match.at
        while len(tokens) < end + most:
            source = len(tokens) - period
            number = numbers[source]
            if number:
                earlier = numbers[source - period] if source >= period else ""
                value = int(number) + (int(number) - int(earlier) if earlier else match.growth)
                if value < 0:
                    break
                number = str(value).zfill(len(number) if number[0] == "0" else 0)
            tokens.append(tokens[source])
            numbers.append(number)
        return list(zip(tokens[end:], numbers[end:], strict=True))
