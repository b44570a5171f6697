"""Input validation: types, ranges and characters. The page, the command line, the API and Python share these checks and
their messages. Standard library only.

Each function returns the value, or raises OrthrusError that names it: `wrong-type`, `out-of-range`, `unknown-choice`
or `half-character`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from orthrus.errors import OrthrusError

SHOWN = 40  # characters of a refused value that a sentence repeats
WHOLE = ("max_new_tokens", "block_size", "top_k", "seed", "detail", "prompts")  # numbers that have no fraction
LARGEST = 2**31 - 1  # no option needs more; events hold 32-bit integers


def whole(name: str, value: Any, low: int, high: int | None = None) -> int:
    """A whole number in low .. high (default: LARGEST); neither a bool nor 3.0."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise OrthrusError("wrong-type", f"{name} is {say(value)}, it must be a whole number")
    if not low <= value <= (LARGEST if high is None else high):
        limits = f"be {low} or more" if high is None and value < low else f"lie between {low} and {high or LARGEST}"
        raise OrthrusError("out-of-range", f"{name} is {say(value)}, it must {limits}")
    return value


def numeral(name: str, entered: Any) -> int | float:
    """A number as people and forms write it: "40", 40.0, " 0.8 " or "0,8"; whole ones as int; the range is not checked.

    Many countries write 0.7 as 0,7. A mark that may also separate thousands (1,000, or 1.000 for one
    of WHOLE) is refused with a question instead of guessed.
    """
    whole, name = name in WHOLE, name.replace("_", " ")
    if isinstance(entered, str):
        text = entered.strip()
        if re.fullmatch(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+" if whole else r"[+-]?[1-9]\d{0,2}(,\d{3})+", text):
            raise OrthrusError(
                "two-readings", f"{name} is {say(entered)}, which has two readings; write no mark between thousands"
            )
        entered = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if isinstance(entered, int) and not isinstance(entered, bool):
        return entered
    try:
        value = float("" if isinstance(entered, bool) else entered)
    except (TypeError, ValueError, OverflowError):
        raise OrthrusError("wrong-type", f"{name} is {say(entered)}, it must be a number") from None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def number(name: str, value: Any) -> float:
    """A number that is not a bool; the caller checks its range, which NaN never satisfies."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise OrthrusError("wrong-type", f"{name} is {say(value)}, it must be a number")
    return value


def flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise OrthrusError("wrong-type", f"{name} is {say(value)}, it must be true or false")
    return value


def one_of(name: str, value: Any, choices: Sequence[str]) -> str:
    """One of a few names."""
    if not isinstance(value, str) or value not in choices:
        raise OrthrusError("unknown-choice", f"{name} {say(value)} is not one of {', '.join(choices)}")
    return value


def text(name: str, value: Any) -> str:
    """A text that UTF-8 can encode. JSON, a console or a browser can bring in half of a surrogate pair."""
    if not isinstance(value, str):
        raise OrthrusError("wrong-type", f"the {name} is {say(value)}, it must be a text")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise OrthrusError("half-character", f"the {name} holds half a character; please type it again")
    return value


def say(value: Any, most: int = SHOWN) -> str:
    """A value as a sentence repeats it: printable and short, whatever was passed."""
    try:
        shown = repr(value)
    except Exception:  # an int of 4,301 digits has no repr; an object's own repr may fail in any way
        shown = f"a value of type {type(value).__name__}"
    return shown if len(shown) <= most else shown[: most - 3] + "..."
