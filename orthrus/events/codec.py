"""Event serialisation: events to and from JSON, each checked on its own. Standard library only."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from orthrus.errors import OrthrusError
from orthrus.events.fields import from_plain, recheck, to_plain
from orthrus.events.schema import EVENTS, RETIRED, SCHEMA_VERSION, Draft, Event, Piece, Verdict

E = TypeVar("E", bound=Event)


class Stamper:
    """Makes the events of one run: same run id, gapless seq, monotonic t. Every lane of a run shares one."""

    def __init__(self, run: str | None = None, clock: Callable[[], float] = time.perf_counter):
        self.run = run or uuid.uuid4().hex[:12]
        self._clock, self._zero, self._t, self._seq = clock, clock(), 0.0, 0

    def __call__(self, kind: type[E], /, **facts: Any) -> E:
        """Lists in `facts` become tuples; raises TypeError for a missing or unknown field."""
        self._t = max(self._t, round((self._clock() - self._zero) * 1e3, 3))
        frozen = {name: _frozen(value) for name, value in facts.items()}
        event = kind(v=SCHEMA_VERSION, run=self.run, seq=self._seq, t=self._t, **frozen)
        self._seq += 1
        return event


def to_json(event: Event) -> dict[str, Any]:
    """An event -> a dict for json.dumps, envelope first; fields above its detail are left out."""
    plain = to_plain(event)
    envelope = {name: plain.pop(name) for name in ("v", "run", "seq", "t")}
    return {**envelope, "type": event.type, **plain}


def from_json(plain: Any) -> Event:
    """A decoded JSON object -> its event, or OrthrusError `event-invalid` naming the field, its value and the limit."""
    try:
        return _from_json(plain)
    except ValueError as error:
        raise OrthrusError("event-invalid", str(error)) from None


def _from_json(plain: Any) -> Event:
    if not isinstance(plain, Mapping):
        raise ValueError(f"an event must be an object, not {type(plain).__name__}")
    if plain.get("v") != SCHEMA_VERSION:
        raise ValueError(f"the event has schema version {plain.get('v')!r:.40}; this program reads {SCHEMA_VERSION}")
    if plain.get("type") in RETIRED:
        plain = {name: plain.get(name) for name in ("v", "run", "seq", "t")} | {
            "type": "retired",
            "kind": plain["type"],
        }
    kind = EVENTS.get(plain["type"]) if isinstance(plain.get("type"), str) else None
    if kind is None:
        raise ValueError(f"unknown event type {plain.get('type')!r:.40}; known: {', '.join(EVENTS)}")
    event = from_plain(kind, {name: value for name, value in plain.items() if name != "type"}, kind.type)
    _check_sense(event)
    return event


def validate(event: E) -> E:
    """The same event, or ValueError: for events made in the program."""
    _check_sense(recheck(event, event.type))
    return event


def _check_sense(event: Event) -> None:
    """Checks beyond the field rules: the run id's alphabet, sizes between fields, bytes in hex."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", event.run):
        raise ValueError(f"{event.type}.run is {event.run!r:.70}; it must be 1 to 64 letters, digits, '_', '.' or '-'")
    if isinstance(event, Draft) and not event.n_draft == event.block - 1 == len(event.draft_ids):
        n = len(event.draft_ids)
        raise ValueError(
            f"draft of block {event.block} has n_draft {event.n_draft} and {n} ids; both must be block - 1"
        )
    if isinstance(event, Draft):
        _check_branches(event)
        _check_lanes(event)
    if isinstance(event, Verdict) and not event.n_accept < len(event.ar_ids):
        raise ValueError(f"{event.type}.n_accept is {event.n_accept}; the block has {len(event.ar_ids)} slots")
    if isinstance(event, Verdict):
        own = event.next_id is not None
        most = event.n_accept + len(event.path or ()) + own
        if event.lane is not None and (event.lane != event.n_accept or not own):
            raise ValueError(f"{event.type}.lane is {event.lane}; the text is cut at {event.n_accept}")
        if own is (event.next_kind == "none") or not own <= event.n_commit <= most:
            kind = f"next_id {event.next_id} of kind {event.next_kind}"
            raise ValueError(f"{event.type} accepts {event.n_accept}, commits {event.n_commit} and has {kind}")
    if isinstance(event, Piece):
        for token, glyph in event.items.items():
            if not re.fullmatch(r"(?:[0-9a-f]{2}){0,1024}", glyph.b):
                raise ValueError(f"piece.items[{token}].b is {glyph.b!r:.60}; it must be bytes in lower-case hex")


def _check_branches(draft: Draft) -> None:
    """A tree says its branches, each behind a row that comes before it."""
    ids, parents = draft.branch_ids, draft.branch_parents
    if (draft.shape == "tree") is (ids is None) or (ids is None) is not (parents is None):
        raise ValueError(f"draft of shape {draft.shape} and branch_ids {ids}: a tree has branches, nothing else has")
    for row, parent in enumerate(parents or (), draft.block):
        if not parent < row:
            raise ValueError(f"draft.branch_parents has {parent} for row {row}; a parent comes before its children")


def _check_lanes(draft: Draft) -> None:
    """A draft of one pass says its lanes, each at a slot of the block; only then may its own draft be a lane's."""
    lanes = draft.lanes
    if (draft.shape == "one-pass") is (lanes is None) or (lanes is None and draft.drafted_rows == 0):
        raise ValueError(f"draft of shape {draft.shape}, lanes {lanes}, drafted rows {draft.drafted_rows}")
    if lanes and not (list(lanes) == sorted(set(lanes)) and lanes[-1] < draft.block):
        raise ValueError(f"draft.lanes is {lanes}; they must rise and stay below the block of {draft.block}")


def _frozen(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return value
    # either all items are lists or none: testing the first saves a call per number, a thousand per cycle
    nested = value and isinstance(value[0], (list, tuple))
    return tuple(map(_frozen, value)) if nested else tuple(value)
