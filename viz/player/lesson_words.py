"""The words of a lesson, of presenting and of the tab *In class* (`O.LessonSpec` in viz/static/views/types.d.ts)."""

from __future__ import annotations

from typing import Any

from viz.language import by_prefix


def words() -> dict[str, Any]:
    """The messages lesson.* as the player takes them: a table for each dot, a list where the names are numbers."""
    tree: dict[str, Any] = {"hand_over": "", "pause": "", "play": "", "ends": {}}  # parts of a tour that a lesson lacks
    for key, message in by_prefix("lesson.").items():
        *path, last = key.replace("-", "_").split(".")[1:]
        at = tree
        for name in path:
            at = at.setdefault(name, {})
        at[last] = message
    return _listed(tree)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdigit() for name in value):
        return [value[name] for name in sorted(value, key=int)]
    return {name: _listed(each) for name, each in value.items()}
