"""The form as data: the command line's defaults and checks, and sentences for what cannot be."""

import math

import pytest

from orthrus.cli import _config, main, parsed
from orthrus.config import ENGINES, DecodeConfig
from orthrus.server.limits import Limits
from tests.refusals import refused
from viz.language import has
from viz.page.form import FIELDS, ChoiceField, read


def test_an_untouched_form_is_the_command_line_without_options():
    request = read("Hello", {field.name: field.value for field in FIELDS})
    assert request == read("Hello", {}) == ("Hello", DecodeConfig(), "auto", True, False)
    args = parsed(["generate", "Hello"])
    assert request.config == _config(args) and request.engine == args.engine


def test_every_field_is_an_option_of_the_command_line():
    given = vars(parsed(["generate", "Hello"]))
    for field in FIELDS:
        default = given[field.name]
        assert default == field.value, field.name
        words = ["label", "about"] + ["without"] * (field.value is None)
        assert all(has(f"form.{field.name}.{what}") for what in words)


def test_numbers_come_as_a_browser_sends_them():
    entered = {"max_new_tokens": 40.0, "temperature": 0.8, "top_k": 20.0, "top_p": "", "seed": None, "block_size": "16"}
    config = read("Hello", {**entered, "coupling": "rejection", "engine": "torch"}, detail=1).config
    want = {"temperature": 0.8, "top_k": 20, "block_size": 16, "coupling": "rejection", "detail": 1}
    assert config == DecodeConfig(40, **want) and isinstance(config.top_k, int)


BAD = (
    ("max_new_tokens", 0, "max new tokens is 0, it must be 1 or more"),
    ("max_new_tokens", "many", "max new tokens is 'many', it must be a number"),
    ("block_size", 0, "block size is 0, it must be 1 or more"),
    ("block_size", 3.5, "block size is 3.5, it must be a whole number"),
    ("temperature", -0.5, "temperature is -0.5, it must be 0 or between 0.01 and 100"),
    ("temperature", math.nan, "temperature is nan, it must be 0 or between 0.01 and 100"),
    ("top_k", 2.5, "top k is 2.5, it must be a whole number"),
    ("top_p", 1.5, "top p is 1.5, it must lie above 0 and not above 1"),
    ("seed", -3, "seed is -3, it must lie between 0 and 2147483647"),
    ("seed", math.inf, "seed is inf, it must be a whole number"),
    ("coupling", "magic", "coupling 'magic' is not one of gumbel, rejection"),
    ("draft", "slow", "draft 'slow' is not one of chain, tree, lookup, one-pass, auto"),
    ("engine", "quick", f"engine 'quick' is not one of {', '.join(ENGINES)}"),
)


@pytest.mark.parametrize(("name", "value", "sentence"), BAD)
def test_a_bad_value_is_a_sentence_that_names_value_and_limit(name, value, sentence):
    with pytest.raises(ValueError) as error:
        read("Hello", {name: value})
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    "bad", [b for b in BAD if b[0] not in ("engine",) and b[1] in (0, -0.5, 1.5, -3, "magic")], ids=str
)
def test_the_command_line_says_the_same(bad, capsys, monkeypatch):
    name, value, sentence = bad
    monkeypatch.setattr("orthrus.checkpoints.loading.load_model", lambda *_: None)
    assert main(["generate", "Hello", f"--{name.replace('_', '-')}={value}"]) == 2
    assert sentence in capsys.readouterr().err


def test_the_shape_of_drafts_is_a_field():
    assert read("Hello", {"draft": "tree"}).config.draft == "tree" and read("Hello", {}).config.draft == "chain"


def test_what_is_over_a_limit_says_so():
    limits = Limits(prompt_chars=10, new_tokens=300)
    with refused("prompt-too-long"):
        read("x" * 11, {}, limits)
    with refused("too-many-tokens"):
        read("x", {"max_new_tokens": 301}, limits)
    assert read("x" * 10, {"max_new_tokens": 300}, limits).config.max_new_tokens == 300


def test_choices_hold_their_default():
    assert all(field.value in field.choices for field in FIELDS if isinstance(field, ChoiceField))
