"""Limits in one place: environment, options, bounds; a sentence that names value and limit."""

from dataclasses import fields

import pytest

from orthrus.server.limits import LimitExceeded, Limits, Rate
from orthrus.server.settings import Settings, names, option, settings_from_environment, settings_of, variables_of
from tests.refusals import refused


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_the_environment_sets_every_limit_and_an_option_wins():
    numbers = {name: str(number) for number, name in enumerate(names(Limits), start=7)}
    environ = {variables_of(name)[0]: value for name, value in numbers.items()}
    assert settings_from_environment(environ).limits == Limits(**{n: int(v) for n, v in numbers.items()})
    for name in names(Limits):
        assert getattr(settings_of([option(name), "5"], environ).limits, name) == 5
    assert settings_of([], environ) == settings_from_environment(environ)
    assert settings_of([], {}) == Settings()


def test_every_setting_is_an_option_and_a_variable():
    for each in (f for f in fields(Settings) if f.name != "limits"):
        kinds = {"int": "3", "bool | None": "1", "str": "x"}
        chosen = {"device": "cpu", "dtype": "float32", "engine": "auto", "root_path": "/x"}
        value = chosen.get(each.name) or kinds[each.type]
        by_variable = getattr(settings_of([], {variables_of(each.name)[0]: value}), each.name)
        given = [option(each.name)] + ([] if each.name == "mcp" else [value])
        assert by_variable == getattr(settings_of(given, {}), each.name) == {"3": 3, "1": True}.get(value, value)
    assert settings_of(["--no-mcp"], {"ORTHRUS_MCP": "true"}).mcp is False


def test_the_help_names_each_option_with_its_variable(capsys):
    with pytest.raises(SystemExit):
        settings_of(["--help"], {})
    said = capsys.readouterr().out
    for name in (*names(Settings)[:-1], *names(Limits)):
        assert option(name) in said and f"[{', '.join(variables_of(name))}]" in " ".join(said.split()), name


@pytest.mark.parametrize(
    ("arguments", "environ", "sentence"),
    [
        (["--waiting", "0"], {}, "--waiting is '0', it must be a number between 1 and 10000"),
        (["--port", "x"], {}, "--port is 'x', it must be a number between 1 and 65535"),
        ([], {"ORTHRUS_RUN_SECONDS": "-1"}, "ORTHRUS_RUN_SECONDS is '-1', it must be a number between 1 and 86400"),
        ([], {"ORTHRUS_MCP": "perhaps"}, "ORTHRUS_MCP is 'perhaps', it must be one of 0, 1, false, true"),
    ],
)
def test_a_bad_setting_ends_with_a_sentence(arguments, environ, sentence, capsys):
    with pytest.raises(SystemExit):
        settings_of(arguments, environ)
    assert sentence in capsys.readouterr().err


def test_a_limit_beyond_its_bounds_is_refused():
    for bad in (0, -1, 2.5, 10_001):
        with refused("wrong-type" if bad == 2.5 else "out-of-range", f"waiting is {bad}"):
            Limits(waiting=bad)


def test_prompt_and_tokens_over_their_limit_get_value_and_limit():
    limits = Limits(prompt_chars=10, new_tokens=20)
    limits.check_prompt("x" * 10)
    limits.check_tokens(20)
    with refused("prompt-too-long"):
        limits.check_prompt("x" * 11)
    with refused("too-many-tokens"):
        limits.check_tokens(21)


def test_so_many_runs_a_minute_and_each_key_for_itself():
    clock = Clock()
    rate = Rate(3, "you", clock)
    for _ in range(3):
        rate.take("a")
        clock.now += 10
    with pytest.raises(LimitExceeded) as error:
        rate.take("a")
    assert str(error.value) == "you started 3 runs within a minute, 3 are allowed; the next can start in 30 s"
    rate.take("b")
    clock.now += 31
    rate.take("a")
    with pytest.raises(LimitExceeded):
        rate.take("a")


def test_a_key_that_fell_silent_takes_no_memory():
    clock = Clock()
    rate = Rate(3, "you", clock)
    for visitor in range(500):
        rate.take(str(visitor))
        clock.now += 1
    assert len(rate._taken) <= 61
