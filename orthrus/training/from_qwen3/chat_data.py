"""Prompts from chat files: JSONL, and parquet if pyarrow is installed. The answers in them are not used.

A record has `messages` (or `conversations`) as a list of turns, or one `prompt` (`question`, `instruction`) as a text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orthrus import checks
from orthrus.errors import OrthrusError
from orthrus.files import numbered_lines

Turns = tuple[tuple[str, str], ...]  # (role, content), oldest first, the user's last

MAX_LINE = 4 << 20  # most characters of one record
LISTS = ("messages", "conversations", "conversation")
TEXTS = ("prompt", "question", "instruction")
ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system"}


def read_prompts(paths: list[Path]) -> dict[str, list[Turns]]:
    """File name -> its prompts, without duplicates.

    Raises OrthrusError naming file and record for an invalid chat, an empty file, or parquet without pyarrow.
    """
    by_file: dict[str, list[Turns]] = {}
    seen: set[Turns] = set()
    for path in paths:
        prompts = by_file.setdefault(path.name.split(".")[0], [])
        for where, record in _records(path):
            try:
                turns = prompt_of(record)
            except ValueError as error:
                raise OrthrusError("data-invalid", f"{path}, {where}: {error}") from error
            if turns not in seen:
                seen.add(turns)
                prompts.append(turns)
        if not prompts:
            raise OrthrusError("data-invalid", f"{path} holds no prompt that the files before it do not hold")
    return by_file


def prompt_of(record: Any) -> Turns:
    """A record's dialogue up to its last user turn; raises OrthrusError if there is none."""
    if not isinstance(record, Mapping):
        raise OrthrusError("data-invalid", f"a record is a {type(record).__name__}, not an object")
    turns = next((record[name] for name in LISTS if record.get(name)), None)
    if turns is None:
        text = next((record[name] for name in TEXTS if isinstance(record.get(name), str)), None)
        if text is None:
            raise OrthrusError("data-invalid", f"none of {', '.join((*LISTS, *TEXTS))} is in the record")
        turns = [{"role": "user", "content": text}]
    dialogue = [_turn(turn) for turn in turns]
    while dialogue and dialogue[-1][0] != "user":
        dialogue.pop()
    if not dialogue or not dialogue[-1][1].strip():
        raise OrthrusError("data-invalid", "the dialogue has no user turn with a text")
    return tuple(dialogue)


def _turn(turn: Any) -> tuple[str, str]:
    if not isinstance(turn, Mapping):
        raise OrthrusError("data-invalid", f"a turn is a {type(turn).__name__}, not an object")
    role, content = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
    if role not in ROLES:
        raise OrthrusError("data-invalid", f"a turn's role is {role!r}, it must be one of {', '.join(sorted(ROLES))}")
    if not isinstance(content, str):
        raise OrthrusError("data-invalid", f"a turn's content is a {type(content).__name__}, only text is supported")
    return ROLES[role], checks.text("content of a turn", content)


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    """(place in the file, record)."""
    if path.suffix == ".parquet":
        for number, record in enumerate(_parquet(path), 1):
            yield f"record {number}", record
    elif path.suffix in (".jsonl", ".ndjson"):
        with path.open("rb") as file:
            for number, line in numbered_lines(file, str(path), MAX_LINE):
                yield f"line {number}", _parsed(path, number, line)
    else:
        raise OrthrusError("data-invalid", f"{path} is neither .jsonl nor .parquet")


def _parsed(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise OrthrusError("data-invalid", f"{path}, line {number} is not valid JSON: {error}") from error


def _parquet(path: Path) -> Iterator[Any]:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as error:
        raise OrthrusError(
            "package-missing", f"{path} is a parquet file, and reading it needs `pip install pyarrow`"
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            wanted = [name for name in (*LISTS, *TEXTS) if name in file.schema_arrow.names]
            for batch in file.iter_batches(columns=wanted or None):
                yield from batch.to_pylist()
    except ArrowInvalid as error:
        raise OrthrusError("data-invalid", f"{path} is not a parquet file: {error}") from error
