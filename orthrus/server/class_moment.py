"""A teacher's moment, as it comes from outside, with every field checked. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orthrus import checks
from orthrus.errors import OrthrusError

PHASES = ("", "prefill", "draft", "verify", "commit", "finish")


def moment_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """A teacher's moment with its fields checked; OrthrusError for anything else."""
    moment: dict[str, Any] = {}
    for name, form in (("run", r"[\w./-]{0,100}"), ("tab", r"[\w-]{0,40}")):
        value = given.get(name)
        if not isinstance(value, str) or not re.fullmatch(form, value, re.ASCII):
            raise OrthrusError("class-moment", f"{name} is {checks.say(value)}, it must be a name")
        moment[name] = value
    if given.get("phase") not in PHASES:
        raise OrthrusError("class-moment", f"phase is {checks.say(given.get('phase'))}, it must be one of {PHASES[1:]}")
    moment["phase"] = given["phase"]
    for name in ("cycle", "speed"):
        moment[name] = checks.whole(name, given.get(name), 0)
    for name in ("playing", "hidden"):
        if not isinstance(given.get(name), bool):
            raise OrthrusError("class-moment", f"{name} is {checks.say(given.get(name))}, it must be true or false")
        moment[name] = given[name]
    return moment
