"""Sentences of the server in the page's language: the decoder and the server speak English and know no page.

A sentence is found by the English message that it fits, server.* or error.CODE.*, whose fields then hold its values.
One that fits none stays English.
"""

from __future__ import annotations

import re
from functools import cache

from viz import language
from viz.language import FIELD


def translated(text: str, code: str = "") -> str:
    """A sentence, or several, of the server as the current language says it; `code` is that of an error."""
    if language.current() == language.ENGLISH or not text:
        return text
    for area in (f"error.{code}.", "server."):
        for key, pattern in _patterns(area):
            if found := pattern.fullmatch(text):
                return language.say(key, **{name: _value(name, value) for name, value in found.groupdict().items()})
    first, *others = re.split(r"(?<=[.!?]) (?=[A-Z])", text, maxsplit=1)
    return " ".join(translated(each, code) for each in (first, *others)) if others else text


def clause(text: str) -> str:
    """A reason as a sentence inside others: in English it goes on in small letters."""
    return f"{text}." if language.current() == language.ENGLISH else translated(text)


def _value(name: str, value: str) -> str:
    """What a field holds: the form's own label for `field`, a part of a sentence for `why...`, else itself."""
    label = f"form.{value.lower().replace(' ', '_')}.label"
    if name == "field" and language.has(label):
        return language.say(label)
    return translated(value) if name.startswith("why") else value


@cache
def _patterns(area: str) -> list[tuple[str, re.Pattern[str]]]:
    """The English messages of an area as patterns, those with most words first."""
    found = [(key, text) for key, text in language.own(language.ENGLISH).items() if key.startswith(area)]
    found.sort(key=lambda each: -len(FIELD.sub("", each[1])))
    return [(key, re.compile(_pattern(text), re.DOTALL)) for key, text in found]


def _pattern(text: str) -> str:
    """A message as errors write it, too: without a capital and a full stop. Fields that begin with n are numbers."""
    parts = re.split(r"\{(\w+)\}", text.removesuffix("."))
    kinds = {part: r"-?\d[\d.,]*?" if part[0] == "n" else ".+?" for part in parts[1::2]}
    made = [f"(?P<{part}>{kinds[part]})" if i % 2 else re.escape(part) for i, part in enumerate(parts)]
    first = text[0]
    if first.isalpha():
        made[0] = f"[{first.lower()}{first.upper()}]" + re.escape(parts[0][1:])
    return "".join(made) + r"\.?"
