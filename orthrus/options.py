"""The page's command line: one option a setting and a limit, each with its environment variable, no second default."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from typing import Any, NoReturn

from orthrus.config import Settings, setting, settings_from_environment, variables_of
from orthrus.limits import Limits


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence; the usage, one line a setting, would hide it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


def settings_of(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    check: Callable[[Settings], None] = lambda settings: None,
) -> Settings:
    """Settings from the environment, each overridden by its option.

    A bad value, or a ValueError of `check`, ends the program with a sentence and code 2.
    """
    known = parser()
    asked = vars(known.parse_args(arguments))
    try:
        unasked = {name for name in (*names(Settings), *names(Limits)) if name not in asked}
        given = settings_from_environment(environ, unasked)
        limits = {each.name: value_of(each, asked, given.limits) for each in fields(Limits)}
        kept = {each.name: value_of(each, asked, given) for each in fields(Settings) if each.name != "limits"}
        made = Settings(**kept, limits=Limits(**limits))
        check(made)
    except ValueError as error:
        known.error(str(error))
    return made


def value_of(each: Field, asked: Mapping[str, Any], given: Settings | Limits) -> Any:
    """What an option says, else what the environment does."""
    if each.name not in asked:
        return getattr(given, each.name)
    text = asked[each.name]
    return setting(option(each.name), text, each) if isinstance(text, str) else text


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
    """What a setting is, its default and its variables; a percent sign would be read as a placeholder."""
    default = "" if each.default in ("", 0, None) else f" (default: {each.default})"
    return f"{each.metadata['about']}{default} [{', '.join(variables_of(each.name))}]".replace("%", "%%")


def reader(each: Field) -> dict[str, Any]:
    """How a setting's option takes its value: a switch, or a text that `setting` reads."""
    if str(each.type).startswith("bool"):
        return {"action": argparse.BooleanOptionalAction}
    return {"metavar": "N" if each.type == "int" else "TEXT"}
