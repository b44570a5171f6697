"""The page's command line: one option a setting and a limit, each with its environment variable, no second default."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from typing import Any

from orthrus.config import Settings, counted, settings_from_environment, variable_of
from orthrus.console import USAGE, Parser, note
from orthrus.errors import OrthrusError
from orthrus.limits import Limits, words


def settings_of(arguments: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the options, the rest from the environment. A bad value ends the program: one sentence, code 2.

    The environment is read for what no option says, so that an option helps against a bad variable.
    """
    try:
        asked = vars(parser().parse_args(arguments))
        given = settings_from_environment(environ, only={*names(Settings), *names(Limits)} - asked.keys())
        limits = {name: asked.pop(name, getattr(given.limits, name)) for name in names(Limits)}
        kept = {name: getattr(given, name) for name in names(Settings) if name != "limits"}
        return Settings(**(kept | asked), limits=Limits(**limits))
    except OrthrusError as error:
        note(f"error: {error}")
        raise SystemExit(USAGE) from None


def parser() -> Parser:
    """Options without defaults: what is not given comes from the environment, and else from the configs."""
    made = Parser(
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

    def number(text: str) -> int:
        try:
            return counted(words(each.name), text, each.metadata["highest"])
        except OrthrusError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return {"type": number, "metavar": "N"}
