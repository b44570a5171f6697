"""Two runs side by side: pinned as A and B, replayed in step, with what differs in their settings.

The browser keeps of a run what the race and the badges say of it (`pinned`), so nothing here is patched.
"""

from __future__ import annotations

from typing import Any

from orthrus.events import Event
from orthrus.trace import Trace
from viz.patches import Change

NAME = "pair"
EASY, HARD = "01-word-problem", "02-short-story"  # of one model, machine and sampling rule: only the text differs
KEPT = ("race", "badges")  # views whose facts are a pinned run
TABLE = {"cycle": "cycle", "a": "A: tokens", "b": "B: tokens"}


def skeleton() -> dict[str, Any]:
    return {
        "kind": "pair",
        "title": "Two runs side by side",
        "hint": "Pin two runs as A and B and replay them in step. A box is one cycle, as high as the tokens it wrote: "
        "green are guesses that were kept, blue is the AR view's own token.",
        "first": [EASY, HARD],
        "kept": list(KEPT),
        "clocks": [
            {"key": "passes", "label": "forward passes"},
            {"key": "tokens", "label": "tokens written"},
            {"key": "ms", "label": "milliseconds"},
        ],
        "step": "In step by",
        "play": "▶ Play both",
        "pause": "❚❚ Pause",
        "position": "Position in both runs",
        "pick": "Run {side}",
        "pin": "Pin the run above as {side}",
        "live": "live {n}: {prompt}",
        "unready": "A run can be pinned once it has ended.",
        "rate": "tokens per cycle",
        "count": "{tokens} of {all} tokens after {passes} passes, {ms} ms",
        "row": "{side}, {title}: {cycles} cycles, {rate} tokens per cycle, {tokens} tokens in {passes} forward passes",
        "result": {
            "more": "Per cycle {better} writes {times} times as many tokens as {worse}.",
            "level": "Per cycle both write as many tokens.",
            "text": "Only the prompt differs, so the text makes the difference: {better}'s is easier to guess.",
            "same": "Both texts are the same, all {n} tokens.",
            "apart": "The texts part at token {n}.",
            "again": "A and B are the same run.",
            "machines": "They were measured on different machines, so milliseconds compare the machines, too.",
        },
        "settings": "Settings that differ",
        "prompt": "Prompt",
        "common": "The same in both: {names}.",
        "none": "No setting differs.",
        "knobs": "Block size, drafter and engine never change greedy text; temperature, top-k, top-p and seed do.",
        "alike": ["Machine", "Software"],
        "unsaid": ["Time", "Telemetry"],
        "text": "Text of {side}",
        "table": [[head, column] for column, head in TABLE.items()],
    }


def patch(event: Event, trace: Trace) -> list[Change]:
    return []
