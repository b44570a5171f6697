"""The page's languages: messages by key, in `viz/messages/LANGUAGE/AREA.json`, and numbers as a language writes them.

A key is "area.what", a message a text with {fields}, or its plural forms by CLDR category, which the field `n` chooses.
What a language lacks is said in English. The text of a model is never a message.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

FOLDER = Path(__file__).resolve().parent / "messages"
ENGLISH = "en"
LANGUAGES = {"en": "English", "nl": "Nederlands", "zh": "简体中文", "es": "Español", "de": "Deutsch"}
TAGS = {"zh": "zh-CN"}  # as a browser names it, if it is another name
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
HEADER = "x-orthrus-language"  # of the page's own requests
FIELD = re.compile(r"\{(\w+)\}")
Message = Any  # a text, or its plural forms by category
Item = TypeVar("Item")
_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def current() -> str:
    """The language of what is said now; English unless `speaking` says otherwise."""
    return _language.get()


def known(language: str | None) -> str:
    """One of LANGUAGES; English for any other."""
    return language if language in LANGUAGES else ENGLISH


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Within it, everything is said in this language. A thread begins in English unless it is given the context."""
    token = _language.set(known(language))
    try:
        yield
    finally:
        _language.reset(token)


def spoken(language: str | None, items: Iterable[Item]) -> Iterator[Item]:
    """Items made in this language, each step within it: who iterates may be in another thread at every step."""
    iterator = iter(items)
    try:
        while True:
            with speaking(language):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item
    finally:
        close = getattr(iterator, "close", None)
        if close:
            close()


def chosen(query: str, accepted: str) -> str:
    """The language of a document: its address's `lang`, else the first of an Accept-Language header, else English."""
    for wanted in (*parse_qs(query).get("lang", ()), *_by_weight(accepted)):
        if (language := wanted.lower().split("-")[0]) in LANGUAGES:
            return language
    return ENGLISH


def _by_weight(accepted: str) -> list[str]:
    """The languages of an Accept-Language header, most wanted first (RFC 9110, 12.5.4)."""
    weighted = []
    for part in accepted.split(",")[:32]:
        name, _, weight = part.partition(";q=")
        try:
            weighted.append((-float(weight or 1), name.strip()))
        except ValueError:
            continue
    return [name for weight, name in sorted(weighted, key=lambda each: each[0]) if weight < 0]


def tag(language: str) -> str:
    """The language as `<html lang>` names it."""
    return TAGS.get(language, language)


def direction(language: str) -> str:
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


@cache
def own(language: str) -> Mapping[str, Message]:
    """What a language's own files say."""
    found: dict[str, Message] = {}
    for path in sorted((FOLDER / language).glob("*.json")):
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def messages(language: str) -> Mapping[str, Message]:
    """Every message, English where the language has none."""
    return {**own(ENGLISH), **own(language)}


@cache
def digest() -> str:
    """Another one whenever a message of any language is another."""
    return hashlib.sha256(json.dumps([own(each) for each in LANGUAGES]).encode()).hexdigest()


def say(key: str, **values: str | int) -> str:
    """A message in the current language. A field without a value stays as it is: the browser fills it in.

    Values are texts, made by `say` or viz/format.py, or whole numbers. KeyError for a key that is nowhere.
    """
    message = messages(current())[key]
    if not isinstance(message, str):
        message = message.get(plural(values["n"]), message["other"])
    return FIELD.sub(lambda gap: str(values.get(gap[1], gap[0])), message) if values else message


def has(key: str) -> bool:
    return key in own(ENGLISH)


def plural(n: str | int) -> str:
    """The CLDR category of a count in the current language."""
    if current() == ENGLISH:
        return "one" if n == 1 else "other"
    return _locale(current()).plural_form(n)


def localized(digits: str) -> str:
    """A number as Python writes it ("1,234.5"), with the current language's signs.

    Its digits stay: a number is rounded the same in every language. Commas say that thousands are grouped.
    """
    if current() == ENGLISH or not any(sign in digits for sign in ".,"):
        return digits
    from babel.numbers import format_decimal

    places = len(digits.partition(".")[2])
    pattern = ("#,##0" if "," in digits else "0") + ("." + "0" * places if places else "")
    return format_decimal(Decimal(digits.replace(",", "")), pattern, _locale(current()))


@cache
def _locale(language: str) -> Any:
    from babel import Locale

    return Locale.parse(tag(language), sep="-")


def translations(*prefixes: str) -> dict[str, dict[str, str]]:
    """Messages without plural forms, by `tag` and key, as a framework takes them; see `by_prefix`."""
    found = {}
    for each in LANGUAGES:
        with speaking(each):
            given = by_prefix(*prefixes).items()
        found[tag(each)] = {key: message for key, message in given if isinstance(message, str)}
    return found


def by_prefix(*prefixes: str) -> dict[str, Message]:
    """The current language's messages whose keys are, or begin with, one of these; "area." stands for a whole area."""
    return {
        key: message
        for key, message in messages(current()).items()
        if any(key == each or (each.endswith((".", "-")) and key.startswith(each)) for each in prefixes)
    }
