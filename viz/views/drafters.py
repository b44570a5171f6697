"""The race of drafters: plain decoding and every drafter, each measured alone on one prompt, replayed on one clock."""

from __future__ import annotations

import json
from typing import Any

from orthrus.config import DRAFTS, EMBEDDED_MODEL
from orthrus.events import Event, RunStart
from orthrus.trace import Trace
from viz.patches import Change, merge
from viz.views.drafter_lanes import NAMES, PLAIN
from viz.views.shapes import WORDS

NAME = "drafters"
RECORDED = EMBEDDED_MODEL.parent / "drafter-race.json"  # what benchmarks/record_race.py has written
PUBLISHED = EMBEDDED_MODEL.parent / "published-drafters.json"  # figures of others, never in the race
PUBLISHED_COLUMNS = {
    "drafter": "drafter", "model": "model", "hardware": "hardware", "accepted": "accepted tokens, published",
    "speedup": "speed-up, published", "source": "source",
}  # fmt: skip
ABOUT = {
    PLAIN: "no draft: one token per forward pass",
    "chain": "the first choice for each place of the block",
    "tree": "beside the chain the likely branches",
    "lookup": "repeated text needs no draft pass",
    "one-pass": "the verify pass drafts the next block, too",
    "auto": "what promises the most tokens for its price here",
}
COLUMNS = {
    "name": "drafter", "tokens": "tokens kept", "passes": "forward passes", "rows": "rows computed",
    "tokens_per_cycle": "tokens per cycle", "time": "time, ms", "text": "text",
}  # fmt: skip


def skeleton() -> dict[str, Any]:
    return {
        "kind": "drafters",
        "title": "The race of drafters",
        "hint": "The AR view decides every token, so each drafter writes the same text; what differs is the cost. "
        "Each is measured alone, one after the other, and then all are replayed on one clock. Shorter is better.",
        "names": [[draft, NAMES.get(draft, draft), ABOUT.get(draft, "")] for draft in (PLAIN, *DRAFTS)],
        "shapes": {each: list(words) for each, words in WORDS.items()},
        "clocks": [{"key": "passes", "label": "forward passes"}, {"key": "ms", "label": "milliseconds"}],
        "limit": "Max new tokens",
        "run": "Race the drafters",
        "stop": "Stop",
        "play": "Play again",
        "measuring": "Measuring {draft}: {tokens} tokens.",
        "asked": "The request is on its way to the model; each drafter is measured before anything is shown.",
        "stopped": "Stopped. The race shown is the one before.",
        "of": "Prompt: “{prompt}” {model} on {device}, {day}.",
        "counts": "{tokens} tokens in {amount}",
        "caption": "Rows computed are those of all draft and verify passes behind the prompt.",
        "same": "same as plain decoding",
        "other": "other from token {n} on",
        "table": [[head, column] for column, head in COLUMNS.items()],
        "key": "Each box is one cycle. Its sign is the shape of the draft:",
        "off": {
            "file": "A saved page asks no server, so it shows the race that was recorded.",
            "prompt": "The run on the stage has no single question, so it cannot be raced.",
        },
        "recorded": json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else None,
        "published": published(),
        "facts": {"stage": {}},
    }


def published() -> dict[str, Any]:
    """Others' published figures as a table's heads and columns."""
    rows = json.loads(PUBLISHED.read_text(encoding="utf-8")) if PUBLISHED.exists() else []
    return {
        "caption": "Published by others, on their machines and prompts. Not measured here, so not in the race.",
        "heads": [[head, name] for name, head in PUBLISHED_COLUMNS.items()],
        "columns": {name: [row[name] for row in rows] for name in PUBLISHED_COLUMNS},
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    """What a race on the prompt of this run has to ask for, beside the prompt itself, which `whatif` tells."""
    if not isinstance(event, RunStart):
        return []
    p = event.params
    asked = [p.temperature if p.mode == "sample" else 0, p.top_k, p.top_p, p.seed or 0, p.coupling or "gumbel"]
    return [merge("stage", {"limit": p.max_new_tokens, "asked": asked})]
