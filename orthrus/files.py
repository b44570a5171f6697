"""User-supplied files: text lines with their numbers, and output paths checked before the work starts.

Standard library only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from orthrus.errors import OrthrusError


class Readable(Protocol):
    """A binary file, packed or not."""

    def readline(self, size: int, /) -> bytes: ...


BOM = "\ufeff"  # byte-order mark, written by some editors


def numbered_lines(file: Readable, name: str, longest: int, total: int | None = None) -> Iterator[tuple[int, str]]:
    """(line number, text) of UTF-8 text; blank lines and a byte-order mark are skipped.

    At most `longest` bytes per line and `total` bytes in all are read. Raises OrthrusError naming file and line:
    `file-too-large`, `not-utf-8`.
    """
    read = 0
    for number, data in enumerate(iter(lambda: file.readline(longest + 1), b""), start=1):
        read += len(data)
        if len(data) > longest or (total is not None and read > total):
            limit = f"{longest:,} bytes a line" + ("" if total is None else f" and {total:,} in all")
            raise OrthrusError("file-too-large", f"{name}, line {number}: the file unpacks to more than {limit}")
        try:
            text = data.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise OrthrusError("not-utf-8", f"{name}, line {number} is not UTF-8: {error.reason}") from None
        if text.strip():
            yield number, text


def check_output(path: Path) -> Path:
    """Return the path if the file can be written; raises OrthrusError `output-unwritable` with the reason."""
    why = ""
    if path.is_dir():
        why = "it is a folder"
    elif not path.parent.is_dir():
        why = f"there is no folder {str(path.parent)!r}"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        why = "it is not allowed"
    if why:
        raise OrthrusError("output-unwritable", f"cannot write {str(path)!r}: {why}")
    return path
