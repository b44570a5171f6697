"""The server's settings: their defaults, environment variables and command-line options. Standard library only."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any, NoReturn

from orthrus.config import DTYPES, EMBEDDED_MODEL, ENGINES, MOST_THREADS, PUBLISHED_MODELS
from orthrus.errors import OrthrusError
from orthrus.server.limits import Limits


def _say(default: Any, about: str, highest: int = 0, choices: str = "") -> Any:
    return field(default=default, metadata={"about": about, "highest": highest, "choices": choices})


@dataclass(frozen=True, slots=True)
class Settings:
    """Server settings: the model, the device, how the page is served, and the limits.

    `mcp` None means: on if gradio's mcp extra is installed. A setting with `choices` must match that pattern.
    """

    model: str = _say(
        "", "checkpoint folder or hub id (default: the published 1.7B on a GPU, the embedded one on a CPU)"
    )
    models: str = _say(",".join(PUBLISHED_MODELS), "hub ids that may be loaded, separated by commas")
    device: str = _say("auto", "auto, cpu or cuda", choices=r"auto|cpu|cuda(:\d{1,3})?")
    dtype: str = _say("auto", "auto, float32, bfloat16 or float16", choices="|".join(("auto", *DTYPES)))
    engine: str = _say(
        "auto",
        "auto, numba (compiled for this CPU), triton (a GPU) or torch (plain PyTorch)",
        choices="|".join(ENGINES),
    )
    host: str = _say("127.0.0.1", "address to listen on; 0.0.0.0 is every one")
    port: int = _say(7860, "port to listen on", 65_535)
    root_path: str = _say("", "path or address at which a proxy shows the page, such as /orthrus")
    threads: int = _say(0, "CPU threads a pass may take at most (default: all cores but one)", MOST_THREADS)
    workers: int = _say(1, "processes that decode, one run each; each holds the model", 64)
    traces: str = _say(str(EMBEDDED_MODEL.parent / "traces"), "folder of recorded runs")
    records: str = _say("", "folder to keep every finished run in, prompt included (default: nothing is kept)")
    mcp: bool | None = _say(
        None, "1 to serve the endpoints as MCP tools too, 0 not to (default: if gradio's mcp extra is installed)"
    )
    framed_by: str = _say("'self'", "origins that may show the page in a frame, parted by blanks; a Space adds its hub")
    limits: Limits = field(default_factory=Limits)


def settings_from_environment(
    environ: Mapping[str, str] | None = None, names: Collection[str] | None = None
) -> Settings:
    """Settings and limits, each field overridden by ORTHRUS_<FIELD> if set; the only reader of these variables.

    `names` limits what is read, so that a variable a program does not use cannot stop it. Host, port, root path and mcp
    also read gradio's own variables (`variables_of`), some of which a Space sets. Raises OrthrusError, which names the
    variable, its value and the allowed values.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for config, into in ((Settings, values), (Limits, limits)):
        for each in fields(config):
            if each.name != "limits" and (names is None or each.name in names):
                for variable in variables_of(each.name):
                    if (text := environ.get(variable, "").strip()) and each.name not in into:
                        into[each.name] = setting(variable, text, each)
    if environ.get("SPACE_ID"):  # a Space is framed by a page of its hub
        values.setdefault("framed_by", "'self' https://huggingface.co")
    return Settings(**values, limits=Limits(**limits))


def variables_of(name: str) -> tuple[str, ...]:
    """The environment variables of a setting; the first one that is set wins."""
    return (f"ORTHRUS_{name.upper()}", *_GRADIO.get(name, ()))


_GRADIO = {
    "host": ("GRADIO_SERVER_NAME",),
    "port": ("GRADIO_SERVER_PORT",),
    "root_path": ("GRADIO_ROOT_PATH",),
    "mcp": ("GRADIO_MCP_SERVER",),
}


def setting(label: str, text: str, each: Field) -> Any:
    """Parse a setting's text; `label` is the option or variable it came from.

    Raises OrthrusError with label, value and the allowed values.
    """
    text = text.strip()
    choices = each.metadata.get("choices")
    if str(each.type).startswith("bool"):
        if text.lower() not in _TRUTH:
            raise OrthrusError("unknown-choice", f"{label} is {text!r:.80}, it must be one of {', '.join(_TRUTH)}")
        return _TRUTH[text.lower()]
    if each.type == "int":
        return whole_number(label, text, 1, each.metadata["highest"])
    if choices and not re.fullmatch(choices, text):
        raise OrthrusError("unknown-choice", f"{label} is {text!r:.80}, it must be {each.metadata['about']}")
    if each.name == "host" and not text:
        raise OrthrusError("host-unknown", f"{label} is empty, it must be an address such as 127.0.0.1")
    return mounted_at(label, text) if each.name == "root_path" else text


def whole_number(label: str, text: str, lowest: int, highest: int) -> int:
    """Parse digits within the bounds; raises OrthrusError for anything else."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
        raise OrthrusError(
            "out-of-range", f"{label} is {text!r:.80}, it must be a number between {lowest} and {highest}"
        )
    return int(text)


def mounted_at(label: str, text: str) -> str:
    """A root path as `/steps` or `http(s)://host/steps`, without a trailing slash; "" for the root itself."""
    match = re.fullmatch(r"(https?://[^/]*)?(.*)", text, re.DOTALL)
    assert match is not None, "any text fits"
    origin, steps = match.groups()
    path = "/".join(["", *(step for step in steps.split("/") if step)])
    if not re.fullmatch(r"(/[\w.~-]+)*", path, re.ASCII) or {".", ".."} & set(path.split("/")):
        raise OrthrusError(
            "root-path-bad",
            f"{label} is {text!r:.80}, it must be a path such as /orthrus: letters, digits, - . _ ~ and /",
        )
    if origin and not re.fullmatch(r"https?://[\w.-]+(:\d{1,5})?|https?://\[[\da-fA-F:]+\](:\d{1,5})?", origin):
        raise OrthrusError(
            "root-path-bad", f"{label} is {text!r:.80}, it must be an address such as https://host/orthrus"
        )
    return f"{origin or ''}{path}"


_TRUTH = {"0": False, "1": True, "false": False, "true": True}


class Parser(argparse.ArgumentParser):
    """Reports an error in one sentence; the usage, one line per setting, would hide it."""

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
    arguments_parser = parser()
    options = vars(arguments_parser.parse_args(arguments))
    try:
        unasked = {name for name in (*names(Settings), *names(Limits)) if name not in options}
        given = settings_from_environment(environ, unasked)
        limits = {each.name: value_of(each, options, given.limits) for each in fields(Limits)}
        values = {each.name: value_of(each, options, given) for each in fields(Settings) if each.name != "limits"}
        settings = Settings(**values, limits=Limits(**limits))
        check(settings)
    except ValueError as error:
        arguments_parser.error(str(error))
    return settings


def value_of(each: Field, options: Mapping[str, Any], given: Settings | Limits) -> Any:
    """The option's value if given, else the environment's."""
    if each.name not in options:
        return getattr(given, each.name)
    text = options[each.name]
    return setting(option(each.name), text, each) if isinstance(text, str) else text


def parser() -> Parser:
    """The argument parser. Options have no defaults: the environment and then the dataclasses supply those."""
    options = Parser(
        description="Orthrus Live: watch a dual-view model decode.",
        epilog="An option wins over its environment variable, named in brackets.",
        argument_default=argparse.SUPPRESS,
    )
    served = options.add_argument_group("the page and its model")
    for each in fields(Settings):
        if each.name != "limits":
            served.add_argument(option(each.name), help=about(each), **reader(each))
    limits = options.add_argument_group("limits")
    for each in fields(Limits):
        limits.add_argument(option(each.name), help=about(each), **reader(each))
    return options


def names(config: type) -> list[str]:
    return [each.name for each in fields(config)]


def option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def about(each: Field) -> str:
    """Help text: a setting's meaning, default and variables; a percent sign would be read as a placeholder."""
    default = "" if each.default in ("", 0, None) else f" (default: {each.default})"
    return f"{each.metadata['about']}{default} [{', '.join(variables_of(each.name))}]".replace("%", "%%")


def reader(each: Field) -> dict[str, Any]:
    """argparse keywords of a setting: a switch, or a text that `setting` parses."""
    if str(each.type).startswith("bool"):
        return {"action": argparse.BooleanOptionalAction}
    return {"metavar": "N" if each.type == "int" else "TEXT"}
