"""An append-only sequence with cheap immutable versions. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class AppendOnly(Generic[T]):
    """An append-only sequence whose versions share one list; appending to an old version copies."""

    __slots__ = ("_items", "_n")

    def __init__(self, items: list[T] | None = None, n: int = 0):
        self._items: list[T] = [] if items is None else items
        self._n = n

    def plus(self, *more: T) -> AppendOnly[T]:
        items = self._items if len(self._items) == self._n else self._items[: self._n]
        items.extend(more)
        return AppendOnly(items, self._n + len(more))

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[T]:
        return (self._items[i] for i in range(self._n))

    def __getitem__(self, index: int) -> T:
        if not -self._n <= index < self._n:
            raise IndexError(f"index {index} of {self._n}")
        return self._items[index % self._n]

    def since(self, start: int) -> list[T]:
        return self._items[start : self._n]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AppendOnly) and self.since(0) == other.since(0)

    __hash__ = None  # type: ignore[assignment]
