"""Small Python programs from a request, all in one house style: type hints, docstring, plain body, a main guard.

The example calls of every answer are true: they were run when the example was made (never a model's code).
"""

from __future__ import annotations

import ast
import random
import re

from orthrus.corpus import base
from orthrus.corpus.base import Example
from orthrus.corpus.code_tasks import TASKS, Snippet
from orthrus.corpus.material import words

DOMAIN = "code"
HELD_OUT = frozenset(
    {"map:subtract", "filter:less", "sum:odd", "count:multiple", "scalar:power", "all:even", "any:greater"}
)
PRESETS = (
    "Write a Python function that counts the words in a text.",
    "Write a Python function called keep_big that keeps the numbers greater than 25 in a list.",
    "Write a Python class Dog with the attributes name and age.",
)

_ASK = (
    "Write a Python {kind}{called} that {does}.",
    "Write a {kind}{called} that {does}.",
    "Write Python code for a {kind}{called} that {does}.",
    "Can you write a Python {kind}{called} that {does}?",
    "Give me a Python {kind}{called} that {does}.",
    "I need a Python {kind}{called} that {does}.",
    "Please write a {kind} in Python{called} that {does}.",
    "Python {kind}{called} that {does}",
    "Define a Python {kind}{called} that {does}.",
    "Show me a Python {kind}{called} that {does}.",
    "Create a small Python {kind}{called} that {does}.",
    "Code a {kind}{called} that {does}.",
)
_NAME_PARTS = (
    words("make do get run calc work find apply my quick new step tiny fast pick handle solve test simple main best"),
    words("it value result thing numbers data list text answer all one now item words job total this part case"),
)


def _own_name(rng: random.Random) -> str:
    """A function name that the visitor asks for; sometimes made up, so that it has to be copied."""
    if rng.random() < 0.3:
        return base.name(rng).lower() + rng.choice(("", "_fn", "_2", "_list"))
    return "_".join(rng.choice(part) for part in _NAME_PARTS)


def _rename(snippet: Snippet, name: str) -> str:
    return re.sub(rf"\b{snippet.name}\(", f"{name}(", snippet.code)


def sample(rng: random.Random) -> Example:
    """One request and its code."""
    snippet = rng.choice(TASKS)(rng)
    source, called = snippet.code, ""
    # an own name is rare: everywhere else the name follows from the task, as the rest of the answer does
    if snippet.kind == "function" and rng.random() < 0.1:
        name = _own_name(rng)
        source = _rename(snippet, name)
        called = rng.choice((f" called {name}", f" named {name}"))
    if snippet.kind == "class":
        prompt = rng.choice(snippet.does)
    else:
        prompt = rng.choice(_ASK).format(kind=snippet.kind, called=called, does=rng.choice(snippet.does))
    if not called:  # a visitor's function name must stay as it is
        prompt = base.typo(rng, prompt)
    return Example(DOMAIN, snippet.structure, (("user", prompt), ("assistant", source)), source)


def _normal(source: str) -> tuple[str, list[str]]:
    """The syntax tree, and the comments, which the tree leaves out and which say what the calls print."""
    comments = [line.split("# ", 1)[1].strip() for line in source.splitlines() if "# " in line]
    return ast.dump(ast.parse(source)), comments


def grade(example: Example, text: str) -> bool:
    """Whether `text` is the expected program up to layout; it is parsed and never run."""
    try:
        return _normal(text) == _normal(example.expected)
    except (SyntaxError, ValueError):
        return False
