"""A fixed budget of odd inputs for every reader; `python -m tests.fuzz` goes on where this stops."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import targets
from tests.fuzz.changing import ODD, changed
from tests.fuzz.targets import TARGETS, seeds
from viz.page.form import FIELDS

BUDGET = settings(max_examples=60, suppress_health_check=list(HealthCheck), database=None)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TEXTS = ("trace", "form", "body", "config")


@pytest.mark.parametrize("name", TARGETS)
def test_the_seed_corpus_itself_is_read_or_refused(name):
    assert len(seeds(name)) >= 2
    for data in seeds(name):
        TARGETS[name](data)


@pytest.mark.parametrize("name", TEXTS)
def test_changed_seeds_are_read_or_refused(name):
    @BUDGET
    @given(st.sampled_from(seeds(name)), st.randoms(use_true_random=False))
    def check(data, random):
        TARGETS[name](changed(data.decode(), random).encode("utf-8", "surrogatepass"))

    check()


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_seeds_are_read_or_refused(name):
    @BUDGET
    @given(st.sampled_from(seeds(name)), st.data())
    def check(data, draw):
        at = draw.draw(st.integers(0, len(data)))
        cut = draw.draw(st.integers(0, 8))
        TARGETS[name](data[:at] + draw.draw(st.binary(max_size=8)) + data[at + cut :])

    check()


@pytest.mark.parametrize("name", TEXTS)
def test_any_json_is_read_or_refused(name):
    @BUDGET
    @given(JSON_VALUES)
    def check(value):
        TARGETS[name](json.dumps(value).encode())

    check()


@BUDGET
@given(st.text(max_size=30), st.dictionaries(st.sampled_from([field.name for field in FIELDS]), JSON_VALUES))
def test_any_form_is_read_or_refused(prompt, entered):
    TARGETS["form"](json.dumps({"prompt": prompt} | entered).encode())


def test_a_reader_that_lets_another_error_out_is_found(monkeypatch):
    def broken(prompt, entered):
        raise KeyError("not a sentence")

    monkeypatch.setattr(targets, "read", broken)
    with pytest.raises(KeyError):
        test_any_json_is_read_or_refused("form")


def test_a_change_is_a_function_of_its_text_and_its_seed():
    text, before = json.dumps({"a": [1, {"b": []}], "c": {}}), repr(ODD)
    for seed in range(400):
        often = text
        for step in range(6):
            often = changed(often, random.Random(6 * seed + step))
        assert isinstance(often, str)
    assert repr(ODD) == before, "what is put into a text is a copy"
