"""The four arithmetic domains of the corpus: true sums, fair splits, answers that follow from the problem."""

import itertools
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthrus.corpus import base, domain_module, generate, grade
from orthrus.corpus import splits as all_splits
from orthrus.corpus.chains import CHAINS, HELD_OUT_CHAINS, plan
from orthrus.corpus.reckoning import added, product, taken
from orthrus.corpus.storytelling import Story
from orthrus.corpus.wording import told
from tests.sums import true_sums

BY_HAND = ("reworded", "outside")  # see test_reworded.py
DOMAINS = ("math", "equations", "lists", "units")


def splits(domain):
    return [split for split in all_splits(domain) if split not in BY_HAND]


def examples(domain, count, seed=3, split="train"):
    return list(itertools.islice(generate(domain, seed, split), count))


@pytest.mark.parametrize("domain", DOMAINS)
def test_same_seed_same_examples(domain):
    assert examples(domain, 50) == examples(domain, 50)
    assert examples(domain, 50) != examples(domain, 50, seed=4)


@pytest.mark.parametrize(("domain", "split"), [(d, s) for d in DOMAINS for s in splits(d)])
def test_own_answer_passes_and_a_changed_one_fails(domain, split):
    for example in examples(domain, 100 if split in ("train", "structures") else 25, split=split):
        assert grade(example, example.answer), example
        head, tail = example.answer.rsplit("The answer is", 1)
        spoilt = re.sub(r"\d+(?=\D*$)", lambda m: str(int(m[0]) + 1), tail) if re.search(r"\d", tail) else " nothing."
        assert not grade(example, f"{head}The answer is{spoilt}"), example
        assert not grade(example, "")


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_sum_in_an_answer_is_true(domain):
    drawn = examples(domain, 300) + examples(domain, 100, split="structures")
    assert sum(true_sums(example.answer) for example in drawn) > 100


@pytest.mark.parametrize("domain", DOMAINS)
def test_splits_are_disjoint_and_prompts_vary(domain):
    prompts = {
        split: {e.prompt for e in examples(domain, 400 if split == "train" else 40, split=split)}
        for split in splits(domain)
    }
    for one, other in itertools.combinations(prompts, 2):
        assert not prompts[one] & prompts[other]
    assert len(prompts["train"]) > 380
    module = domain_module(domain)
    assert module.HELD_OUT and not {e.structure for e in examples(domain, 400)} & module.HELD_OUT
    without_numbers = {re.sub(r"\d+", "0", p) for p in prompts["train"]}
    assert len(without_numbers) > 180


@pytest.mark.parametrize("domain", DOMAINS)
def test_answers_are_plain_and_end_alike(domain):
    for example in examples(domain, 300):
        assert example.answer.isascii()
        assert re.search(r"\nThe answer is [^\n]+\.$", example.answer)
        assert not re.search(r"\b1 (?!more\b)[a-z]+s\b(?! )", example.answer.replace("1 is", ""))
        assert "{" not in example.prompt + example.answer
        assert "[" not in example.answer and "@" not in example.prompt


@pytest.mark.parametrize("domain", ("equations", "lists", "units"))
def test_one_task_has_one_answer(domain):
    seen = {}
    for example in examples(domain, 3000):
        task = tuple(re.findall(r"\d+|[-+*/()]", example.prompt))
        key = (example.structure, task, example.answer.splitlines()[0] if domain != "lists" else example.prompt)
        assert seen.setdefault(key, example.answer) == example.answer


def test_wording_does_not_change_the_answer_of_a_story():
    rng = random.Random(5)
    for _ in range(100):
        story = Story("things", rng)
        for step in plan("things", ("add", "sub"), rng):
            story.tell(step)
        answer = story.answer()
        assert len({told(story, rng) for _ in range(8)}) > 1
        assert story.answer() == answer


def test_held_out_chains_are_new_only_as_a_whole():
    trained = {c for chains in CHAINS.values() for c in chains} - HELD_OUT_CHAINS
    assert len(trained) >= 60
    assert 0.08 < len(HELD_OUT_CHAINS) / len(trained | HELD_OUT_CHAINS) < 0.25
    pairs = {pair for chain in trained for pair in itertools.pairwise(chain)}
    assert all(pair in pairs for chain in HELD_OUT_CHAINS for pair in itertools.pairwise(chain))


@given(st.integers(0, 999), st.integers(0, 999))
def test_a_sum_written_out_has_one_value_all_along(a, b):
    a, b = max(a, b), min(a, b)
    for text, value in ((added(a, b), a + b), (taken(a, b), a - b), (product(a, b % 11), a * (b % 11))):
        assert {eval(part) for part in text.split(" = ")} == {value}, text


@given(st.integers(21, 99), st.integers(11, 99))
def test_differences_of_two_digits_are_taken_in_tens_and_ones(a, b):
    if b % 10 and b < a:
        assert re.fullmatch(r"\d+ - \d+ = \d+0 - \d+0 \+ \d+ - \d = \d+ \+ \d = \d+", taken(a, b))


def test_grade_reads_other_wordings_of_the_answer():
    example = base.Example("math", "math:add", (("user", "?"), ("assistant", "")), "37")
    assert grade(example, "Some steps.\nthe answer is: 37 apples!")
    assert grade(example, "The answer is 36. No, the answer is 37.")
    assert not grade(example, "37 + 1 = 38.\nThe answer is 38.")
    clock = base.Example("units", "units:later-minutes", (("user", "?"), ("assistant", "")), "4:05")
    assert grade(clock, "The answer is 4:05.") and not grade(clock, "The answer is 4:50.")
