"""The player's ES modules: as files for the page, which loads them one by one, and as one script for a saved page.

The one script is made without a bundler, so modules keep to a strict form: `import { names } from "./file.js";` before
anything else, `export` only before a function, a constant or a class, and no circle.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from importlib import metadata
from pathlib import Path, PurePosixPath

from viz import language

STATIC = Path(__file__).resolve().parents[1] / "static"
ENTRY = "main.js"
IMPORT = re.compile(r'^import \{(\s*\w+(?:,\s*\w+)*,?\s*)\} from "(\.[\w./]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async function|function|const|class) (\w+)\b)", re.MULTILINE)
LEFT = re.compile(r"^\s*(?:import|export)\b|\bimport\s*[(.]|</script", re.MULTILINE | re.IGNORECASE)


def read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def imports(name: str) -> list[tuple[str, str]]:
    """(names, module) of a module's imports."""
    folder = PurePosixPath(name).parent
    return [(names, _flat(folder / path)) for names, path in IMPORT.findall(read(name))]


def _flat(path: PurePosixPath) -> str:
    """A path below the static folder without its '..'."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


@lru_cache
def ordered() -> tuple[str, ...]:
    """Every module that the entry needs, each behind those that it imports; ValueError for a circle."""
    found: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise ValueError(f"modules import each other in a circle: {' > '.join([*path, name])}")
        if name in found:
            return
        for _, other in imports(name):
            visit(other, (*path, name))
        found.append(name)

    visit(ENTRY, ())
    return tuple(found)


def wrapped(name: str) -> str:
    """A module as a function that gives back its exports; ValueError where it leaves the strict form."""
    text = read(name)
    given = EXPORT.findall(text)
    body = EXPORT.sub("", IMPORT.sub("", text))
    if wrong := LEFT.search(body):
        line = body[wrong.start() :].lstrip().splitlines()[0]
        raise ValueError(f"{name} cannot be a part of one script: {line}")
    taken = "".join(f"const {{{names}}} = modules[{json.dumps(other)}];\n" for names, other in imports(name))
    return f"modules[{json.dumps(name)}] = (() => {{\n{taken}{body}return {{ {', '.join(given)} }};\n}})();\n"


@lru_cache
def bundle() -> str:
    """All modules as one classic script."""
    return '(() => {\n"use strict";\nconst modules = {};\n' + "".join(map(wrapped, ordered())) + "})();\n"


@lru_cache
def version() -> str:
    """Another one whenever a module, a message or Plotly is another."""
    return hashlib.sha256(f"{metadata.version('plotly')} {language.digest()} {bundle()}".encode()).hexdigest()[:16]
