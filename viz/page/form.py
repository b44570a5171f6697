"""The form: its fields as data, and parsing of the entered values into a run's request.

Defaults, checks and sentences are those of `DecodeConfig`, which the command line reads too. An empty field means
its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from orthrus import checks
from orthrus.config import COUPLINGS, DRAFTS, ENGINES, DecodeConfig
from orthrus.config.messages import turns_of
from orthrus.server.limits import Limits

_DEFAULTS = DecodeConfig()


class NumberField(NamedTuple):
    """A field for one number. Its words are the messages form.NAME.label, .about and, for what it
    means if it is empty and has no default, .without."""

    name: str

    @property
    def value(self) -> float | None:
        """The default, None if empty is the default."""
        return getattr(_DEFAULTS, self.name)


class ChoiceField(NamedTuple):
    name: str
    choices: tuple[str, ...]
    value: str


LIMIT = NumberField("max_new_tokens")
ADVANCED = (
    NumberField("temperature"),
    NumberField("seed"),
    NumberField("top_k"),
    NumberField("top_p"),
    NumberField("block_size"),
    ChoiceField("draft", DRAFTS, _DEFAULTS.draft),
    ChoiceField("coupling", COUPLINGS, _DEFAULTS.coupling),
    ChoiceField("engine", ("auto", "torch"), "auto"),
)
FIELDS = (LIMIT, *ADVANCED)


class FormRequest(NamedTuple):
    """A validated form."""

    prompt: str
    config: DecodeConfig
    engine: str
    both: bool = True  # both lanes, or one alone
    plain: bool = False  # which one: plain decoding, or Orthrus


def read(
    prompt: str, entered: Mapping[str, Any], limits: Limits | None = None, both: bool = True, **more: Any
) -> FormRequest:
    """Parse a form, values by field name; `more` are parts of the configuration without a field.

    Raises OrthrusError that names the value and its limit.
    """
    limits = limits or Limits()
    limits.check_prompt(checks.text("prompt", prompt))
    turns_of(prompt)
    checks.flag("compare", both)
    values = {field.name: _value(field, entered.get(field.name)) for field in FIELDS}
    engine = checks.one_of("engine", values.pop("engine"), ENGINES)
    config = DecodeConfig(**values, **more)
    limits.check_tokens(config.max_new_tokens)
    return FormRequest(prompt, config, engine, both)


def _value(field: NumberField | ChoiceField, entered: Any) -> Any:
    if entered is None or entered == "":
        return field.value
    return entered if isinstance(field, ChoiceField) else checks.numeral(field.name, entered)
