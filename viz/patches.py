"""The patch language: small edits to a view's state, plain JSON, the same in Python and in the browser.

A view's state is a dict. A change with a phase is applied when the playhead reaches that phase of the event's cycle,
and scrubbing undoes it. A change without a phase is a fact: it is applied as soon as it arrives, wherever the playhead
is (the vocabulary, an axis range, the other lane's measured times).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

PHASES = ("prefill", "draft", "verify", "commit", "finish")


class Change(NamedTuple):
    """One edit. 'set': state[key] = value; 'merge': update the dict state[key] with value; 'rows': for each column in
    value, keep the first `at` entries of state[key][column] and append the new ones.
    """

    op: str
    key: str
    value: Any
    at: int = 0
    phase: str | None = None


def put(key: str, value: Any, phase: str | None = None) -> Change:
    return Change("set", key, value, 0, phase)


def merge(key: str, values: dict[str, Any], phase: str | None = None) -> Change:
    return Change("merge", key, values, 0, phase)


def rows(key: str, at: int, columns: Mapping[str, Iterable[Any]], phase: str | None = None) -> Change:
    """New rows of a table of columns. `at` is its length before, which makes the patch idempotent."""
    return Change("rows", key, {name: list(values) for name, values in columns.items()}, at, phase)


def apply(state: dict[str, Any], change: Change) -> None:
    """Edit one view's state in place; the browser's player does exactly this."""
    if change.op == "set":
        state[change.key] = change.value
    elif change.op == "merge":
        state.setdefault(change.key, {}).update(change.value)
    elif change.op == "rows":
        for name, values in change.value.items():
            state[change.key][name][change.at :] = values
    else:
        raise ValueError(f"unknown change {change.op!r}; known: set, merge, rows")
