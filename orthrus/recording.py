"""Recorded runs: one JSON event per line, gzipped. A file is read within bounds and checked event by event."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from orthrus.events import Event, RunStart, from_json, to_json
from orthrus.trace import Trace

SUFFIX = ".jsonl.gz"
# A cycle with distributions of 8 alternatives has about 7 KiB, packed 2.4: the recorded short story.
MAX_FILE_BYTES = 16 * 2**20
MAX_TEXT_BYTES = 64 * 2**20  # unpacked
MAX_LINE_BYTES = 2 * 2**20
MAX_EVENTS = 100_000
MAX_REPORT = 300  # characters of a refusal, which may quote the file


def save(trace: Trace, path: str | PathLike[str]) -> None:
    """Write a finished run; in the file its source is 'recorded', whatever it was while it ran."""
    if trace.done is None:
        raise ValueError("the run has no done event yet; only a finished run can be saved")
    Path(path).write_bytes(packed(trace))


def packed(trace: Trace) -> bytes:
    """The bytes of a recorded run's file."""
    lines = [
        json.dumps(to_json(as_recorded(event)), separators=(",", ":"), ensure_ascii=False) for event in trace.events
    ]
    # mtime 0: the same run gives the same file
    return gzip.compress("".join(line + "\n" for line in lines).encode(), mtime=0)


def as_recorded(event: Event) -> Event:
    if isinstance(event, RunStart) and event.source == "live":
        return replace(event, source="recorded")
    return event


def load(path: str | PathLike[str]) -> Trace:
    """A recorded run -> its trace, or ValueError saying why the file is not one."""
    trace = Trace()
    for number, event in enumerate(replay(path), start=1):
        try:
            trace = trace.add(event)
        except ValueError as error:
            raise ValueError(f"{Path(path).name}, line {number}: {error}") from None
    if trace.done is None:
        raise ValueError(f"{Path(path).name} ends without a done event; the recording is incomplete")
    return trace


def replay(path: str | PathLike[str]) -> Iterator[Event]:
    """The events of a recorded run in order, each checked against the schema."""
    name, size = Path(path).name, Path(path).stat().st_size
    if size > MAX_FILE_BYTES:
        raise ValueError(f"{name} has {size:,} bytes; a trace may have {MAX_FILE_BYTES:,}")
    for number, line in enumerate(_lines(Path(path)), start=1):
        try:
            yield event_of(line)
        except ValueError as error:
            raise ValueError(f"{name} is not a trace: line {number}: {error}"[:MAX_REPORT]) from None
        if number >= MAX_EVENTS:
            raise ValueError(f"{name} has more events than the {MAX_EVENTS:,} that a trace may have")


def event_of(line: str) -> Event:
    """One line of a trace -> its event, or ValueError. Nesting beyond the schema's is refused without going into it."""
    try:
        return from_json(json.loads(line, parse_constant=_no_constant, object_pairs_hook=_no_duplicates))
    except RecursionError:  # of the JSON reader itself, which stops at Python's own limit
        raise ValueError("it is nested too deeply") from None


def _lines(path: Path) -> Iterator[str]:
    total = 0
    try:
        with gzip.open(path, "rb") as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                total += len(line)
                if len(line) > MAX_LINE_BYTES or total > MAX_TEXT_BYTES:
                    limit = f"{MAX_LINE_BYTES:,} bytes a line and {MAX_TEXT_BYTES:,} in all"
                    raise ValueError(f"{path.name} unpacks to more than {limit}")
                yield line.decode("utf-8")
    except (OSError, zlib.error, EOFError, UnicodeDecodeError) as error:  # BadGzipFile is an OSError
        raise ValueError(f"{path.name} is not a gzipped trace: {error}") from None
    if total == 0:
        raise ValueError(f"{path.name} is empty; a trace has at least a run_start and a done event")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number a trace may hold")
