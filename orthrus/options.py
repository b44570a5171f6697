"""The page's command line: one option a setting and a limit, each with its environment variable, no second default."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from typing import Any

from orthrus.config import Settings, settings_from_environment, variable_of
from orthrus.limits import Limits


def settings_of(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment, each overridden by its option. A bad value ends the program with a sentence."""
    known = parser()
    try:
        given = settings_from_environment(environ)
        asked = vars(known.parse_args(arguments))
        limits = {name: asked.pop(name, getattr(given.limits, name)) for name in names(Limits)}
        kept = {name: getattr(given, name) for name in names(Settings) if name != "limits"}
        return Settings(**(kept | asked), limits=Limits(**limits))
    except ValueError as error:
        known.error(str(error))


def parser() -> argparse.ArgumentParser:
    """Options without defaults: what is not given comes from the environment, and else from the configs."""
    made = argparse.ArgumentParser(
        description="Orthrus Live: watch a dual-view model decode.",
        epilog="An option wins over its environment variable, named in brackets.",
        argument_default=argparse.SUPPRESS,
    )
    served = made.add_argument_group("the page and its model")
    for each in fields(Settings):
        if each.name != "limits":
            served.add_argument(option(each.name), help=about(each), **reader(each))
    limits = made.add_argument_group("limits")
    for each in fields(Limits):
        limits.add_argument(option(each.name), help=about(each), **reader(each))
    return made


def names(config: type) -> list[str]:
    return [each.name for each in fields(config)]


def option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def about(each: Field) -> str:
    """What a setting is, its default and its variable; a percent sign would be read as a placeholder."""
    default = "" if each.default in ("", 0, False) else f" (default: {each.default})"
    return f"{each.metadata['about']}{default} [{variable_of(each.name)}]".replace("%", "%%")


def reader(each: Field) -> dict[str, Any]:
    """How a setting's option takes its value: a switch, a number within its bounds, or a text."""
    if each.type == "bool":
        return {"action": argparse.BooleanOptionalAction}
    if each.type != "int":
        return {"metavar": "TEXT"}
    highest = each.metadata["highest"]

    def number(text: str) -> int:
        if not text.isdigit() or not 1 <= int(text) <= highest:
            raise argparse.ArgumentTypeError(f"{text!r} must be a number between 1 and {highest}")
        return int(text)

    return {"type": number, "metavar": "N"}
