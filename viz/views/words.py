"""The vocabulary of a run (id -> text), and tokens and numbers in sentences. Patches name tokens by id only."""

from __future__ import annotations

import math
import re
from typing import Any

from orthrus.events import Event, Glyph, Piece
from orthrus.events.detokenize import hexadecimal
from orthrus.trace import Trace
from viz.format import percent as share
from viz.language import has, say
from viz.patches import Change, merge

NAME = "words"
CONTROL = {code: chr(0x2400 + code) for code in (1, 2, 3)}  # captions mark words with these signs; here as pictures


def skeleton() -> dict[str, Any]:
    return {"kind": "words", "facts": {"text": {}}}


def shown(glyph: Glyph) -> str:
    """A token on its own: its text, its name, or its bytes in hex if they are not complete characters."""
    return glyph.s if glyph.s is not None else hexadecimal(bytes.fromhex(glyph.b))


def named(index: int, glyph: Glyph, trace: Trace) -> str:
    """The same, but a token that ends the text is called that: its own name, such as <|im_end|>, says it to few."""
    ends = not glyph.b and trace.start is not None and index in trace.start.config.eos_ids
    return say("words.end") if ends else shown(glyph)


def patch(event: Event, trace: Trace) -> list[Change]:
    if not isinstance(event, Piece):
        return []
    return [merge("text", {str(index): named(index, glyph, trace) for index, glyph in event.items.items()})]


def quoted(index: int, trace: Trace) -> str:
    """A token in a sentence: outer spaces are dropped unless it has nothing else."""
    text = named(index, trace.glyph(index), trace).replace("\n", "⏎").translate(CONTROL)
    return f"“{text.strip() or '␣' * len(text)}”"


def percent(log_prob: float) -> str:
    return share(math.exp(log_prob))


def counted(n: int, noun: str) -> str:
    """1 token, 2 tokens: a message count.NOUN."""
    return say(f"count.{noun}", n=n)


def title(name: str) -> str:
    """'04-json-from-a-sentence' -> 'JSON from a sentence': a message, or made of the name if there is none."""
    if has(f"runs.title.{name}"):
        return say(f"runs.title.{name}")
    words = re.sub(r"^\d+[-_]", "", name).replace("-", " ").replace("_", " ")
    return re.sub(r"\bjson\b", "JSON", words[:1].upper() + words[1:], flags=re.IGNORECASE)
