"""Forms composed at random: right, of many kinds, and nothing of them held out and trained on."""

import json
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthrus.corpus import domain_module, grade, linear, past_tense, sums
from orthrus.training.data import draw
from tests.sums import true_sums

COMPOSED = ("equations", "lists", "units", "json")
VARIED = (*COMPOSED, "edit")


def drawn(domain, count, split="train", wide=0.0):
    rng = random.Random(f"varied/{domain}")
    return [draw(domain, rng, split, wide, varied=1.0) for _ in range(count)]


@pytest.mark.parametrize("domain", VARIED)
@pytest.mark.parametrize("wide", (0.0, 1.0))
def test_the_answers_are_right_and_their_forms_many(domain, wide):
    examples = drawn(domain, 300, wide=wide)
    assert all(grade(example, example.answer) for example in examples)
    fixed = {domain_module(domain).sample(random.Random(i)).structure for i in range(2000)}
    forms = {example.structure for example in examples}
    assert domain == "edit" or len(forms - fixed) >= 6, sorted(forms - fixed)
    assert not forms & domain_module(domain).HELD_OUT


@pytest.mark.parametrize("varied", (0.0, 1.0))
def test_two_in_five_of_the_talk_are_beyond_all_domains(varied):
    """Composing forms at random must not take their place: a model that is asked for less of them declines less."""
    rng = random.Random("beyond")
    examples = [draw("chat", rng, "train", wide=1.0, varied=varied) for _ in range(1500)]
    beyond = sum(example.structure.startswith("outside") for example in examples)
    assert 0.35 < beyond / len(examples) < 0.45


@pytest.mark.parametrize("domain", ("equations", "lists", "units"))
def test_every_sum_in_an_answer_is_true(domain):
    assert sum(true_sums(example.answer) for example in drawn(domain, 1500)) > 100


@pytest.mark.parametrize("domain", COMPOSED)
def test_held_out_forms_bear_the_names_they_are_held_out_by(domain):
    """Otherwise a composed form would be trained on and tested with under two names."""
    held_out = domain_module(domain).HELD_OUT
    rng = random.Random(f"held out/{domain}")
    met = {domain_module(domain).varied(rng).structure for _ in range(6000)}
    assert len(met & held_out) >= len(held_out) - 2, sorted(held_out - met)


@given(st.integers(0, 10**9))
def test_an_equation_holds_for_its_solution_alone(seed):
    form, text, lines, solution = linear.equation("x", random.Random(seed))
    left, right = (re.sub(r"(\d)([x(])", r"\1*\2", side).replace("x", "({v})") for side in text.split("="))
    assert eval(left.format(v=solution)) == eval(right.format(v=solution)), (form, text)
    assert eval(left.format(v=solution + 1)) != eval(right.format(v=solution + 1)), (form, text)
    assert lines[-1].startswith("Check")


@given(st.integers(0, 10**9))
def test_a_sum_of_any_form_is_worked_out(seed):
    form, text, lines, result = sums.any_form(random.Random(seed))
    assert eval(text) == result and len(lines) == sum(sign in "+-*/" for sign in form)
    assert re.sub(r"\d+", "n", text).replace(" ", "") == re.sub("[abcd]", "n", form)


def test_a_filter_says_first_what_it_looks_for():
    """So that the lines behind it hang on that, and not on a wording of the prompt."""
    seen = set()
    for example in drawn("lists", 600):
        ends = re.search(r"(sum|count|list|largest|smallest|evens|odds)$", example.structure)
        if ends and "mixed" not in example.structure and not example.structure.startswith("lists:sort"):
            wanted = re.match(r"We take (even|odd|numbers (?:larger|smaller) than \d+)", example.answer)[1]
            seen.add((wanted.rstrip("0123456789 "), ends[1]))
    assert len(seen) >= 12, seen


def test_a_time_of_day_takes_both_steps_whatever_is_added():
    for example in drawn("units", 400):
        if re.match("units:(later|earlier)", example.structure):
            hours, minutes = re.search(r"by (\d+) hours? and (\d+) minutes?\.", example.answer).groups()
            assert f"The hour changes by {hours}: " in example.answer
            assert (hours != "0" or example.structure.endswith("minutes")) and f"{minutes}" in example.answer
            assert (minutes == "0") == example.structure.endswith("hours")


def test_a_word_problem_is_told_in_the_past_and_still_asked_in_the_present():
    prompt = "Mia has 24 apples. She buys 3 more and gives 12 to Tom. How many apples does Mia have now?"
    assert past_tense.told(prompt) == (
        "Mia had 24 apples. She bought 3 more and gave 12 to Tom. How many apples does Mia have now?"
    )
    for example in drawn("math", 300, wide=1.0):
        told = past_tense.told(example.prompt)
        assert re.findall(r"\d+", told) == re.findall(r"\d+", example.prompt)
        assert not re.search(r"\b(does|do|must) \w+ (had|got|bought)\b", told)


def test_lists_are_sorted_along_a_scale():
    """Each item stands once in the walk, at its mark, whatever bears the same mark."""
    for example in drawn("lists", 1500):
        if example.structure.startswith("lists:sort"):
            marks = re.search(r"^From (\w+) to (\w+): (.+)\.$", example.answer, re.MULTILINE)
            entries = [entry.split(" ") for entry in marks[3].split(", ")]
            assert [items for _, *items in entries if len(items) > 1] == [
                items for mark, *items in entries if mark.endswith("+")
            ]
            assert [item for _, *items in entries for item in items if item != "-"] == example.expected.split(", ")


def test_a_record_says_what_its_text_says():
    for example in drawn("json", 300):
        said = example.prompt.lower()
        for value in leaves(json.loads(example.answer)):
            assert isinstance(value, bool) or str(value).lower() in said or value in FIXED or value == 0, (value, said)


FIXED = frozenset(
    "person loan product order event recipe weather pet trip sensor booking reminder match ages scores heights prices "
    "visits temperatures years people pieces percent online planned paid confirmed degrees points".split()
) | {"on loan", 2, 3, 4, 5, 6}


def leaves(data):
    values = data.values() if isinstance(data, dict) else data if isinstance(data, list) else None
    return [data] if values is None else [leaf for value in values for leaf in leaves(value)]
