"""The race of drafters: plain decoding and every drafter, each measured alone on one prompt, replayed on one clock."""

from __future__ import annotations

import json
from typing import Any

from orthrus.config import DRAFTS, EMBEDDED_MODEL
from orthrus.events import Event, RunStart
from orthrus.trace import Trace
from viz.language import say
from viz.patches import Change, merge
from viz.views import shapes
from viz.views.drafter_lanes import PLAIN, called, result_of, same_text

NAME = "drafters"
RECORDED = EMBEDDED_MODEL.parent / "drafter-race.json"  # what benchmarks/record_race.py has written
PUBLISHED = EMBEDDED_MODEL.parent / "published-drafters.json"  # figures of others, never in the race
PUBLISHED_COLUMNS = ("drafter", "model", "hardware", "accepted", "speedup", "source")
COLUMNS = ("name", "tokens", "passes", "rows", "tokens_per_cycle", "time", "text")
WORDS = (
    "limit",
    "run",
    "stop",
    "play",
    "measuring",
    "asked",
    "stopped",
    "of",
    "counts",
    "caption",
    "same",
    "other",
    "key",
)


def skeleton() -> dict[str, Any]:
    return {
        "kind": "drafters",
        "title": say("drafters.title"),
        "hint": say("drafters.hint"),
        "names": [[draft, called(draft), say(f"drafters.about.{draft}")] for draft in (PLAIN, *DRAFTS)],
        "shapes": {each: [shapes.name(each), sign] for each, sign in shapes.SIGNS.items()},
        "clocks": [{"key": key, "label": say(f"drafters.clock.{key}")} for key in ("passes", "ms")],
        **{word: say(f"drafters.word.{word}") for word in WORDS},
        "table": [[say(f"drafters.column.{column}"), column] for column in COLUMNS],
        "off": {why: say(f"drafters.off.{why}") for why in ("file", "prompt")},
        "recorded": recorded(),
        "published": published(),
        "facts": {"stage": {}},
    }


def recorded() -> dict[str, Any] | None:
    """The race that the project has recorded, its outcome in the current language."""
    if not RECORDED.exists():
        return None
    race = json.loads(RECORDED.read_text(encoding="utf-8"))
    return {**race, "result": result_of(race["lanes"], race["clock"]), "same": same_text(race["lanes"], None)}


def published() -> dict[str, Any]:
    """Others' published figures as a table's heads and columns."""
    rows = json.loads(PUBLISHED.read_text(encoding="utf-8")) if PUBLISHED.exists() else []
    return {
        "caption": say("drafters.published.caption"),
        "heads": [[say(f"drafters.published.{name}"), name] for name in PUBLISHED_COLUMNS],
        "columns": {name: [row[name] for row in rows] for name in PUBLISHED_COLUMNS},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    """What a race on the prompt of this run has to ask for, beside the prompt itself, which `whatif` tells."""
    if not isinstance(event, RunStart):
        return []
    p = event.params
    asked = [p.temperature if p.mode == "sample" else 0, p.top_k, p.top_p, p.seed or 0, p.coupling or "gumbel"]
    return [merge("stage", {"limit": p.max_new_tokens, "asked": asked})]
