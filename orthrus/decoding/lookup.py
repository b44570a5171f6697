"""Prompt lookup (Saxena 2023): what followed the same tokens earlier is a draft that costs no pass."""

from __future__ import annotations

from collections.abc import Sequence

MATCH = 4  # tokens that must agree; shorter matches mislead more often than they help


class PromptLookup:
    """An index of every run of `match` tokens in prompt and text, with the place behind its latest occurrence."""

    def __init__(self, prompt: Sequence[int], match: int = MATCH) -> None:
        self.match = match
        self._ids: list[int] = []
        self._behind: dict[tuple[int, ...], int] = {}
        self.extend(prompt)

    def extend(self, ids: Sequence[int]) -> None:
        """Append tokens of the text."""
        for token in ids:
            if len(self._ids) >= self.match:  # the run that ends before this token now has something behind it
                self._behind[tuple(self._ids[-self.match :])] = len(self._ids)
            self._ids.append(token)

    def after(self, path: tuple[int, ...]) -> int | None:
        """The token that followed the end of text + `path` when it stood there last, if it did."""
        at = self._behind.get((*self._ids[-self.match :], *path)[-self.match :])
        return None if at is None else self._ids[at]

    def find(self, most: int) -> list[int]:
        """Up to `most` tokens that followed the latest earlier occurrence of the text's end; [] if there is none."""
        at = self._behind.get(tuple(self._ids[-self.match :])) if len(self._ids) >= self.match else None
        if at is None:
            return []
        found = self._ids[at : at + most]
        while found and len(found) < most and at + len(found) == len(self._ids):  # it repeats itself: go on so
            found += found[: most - len(found)]
        return found
