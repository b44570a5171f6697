"""What visitors write: test sets written by hand that training never sees, and training examples from open sets."""

from __future__ import annotations

import json
import random
import re

import pytest

from orthrus.corpus import DOMAINS, NAMED, RECKONED, by_hand, domain_module, generate, grade, outside, reworded, splits
from orthrus.corpus.base import HELD_OUT_NAMES, NAMES, split_of
from orthrus.corpus.open_words import COMMON_NAMES, made_name
from orthrus.training.data import draw

REFUSAL = "I only know a few skills, and this is not one of them. Try asking me for a word problem."


def opened(domain: str, count: int, seed: int = 0) -> list:
    rng = random.Random(f"{domain}/{seed}")
    return [draw(domain, rng, "train", wide=1.0) for _ in range(count)]


@pytest.mark.parametrize("domain", DOMAINS)
def test_forty_prompts_a_domain_are_kept_out_of_training(domain):
    prompts = [e.prompt for e in generate(domain, 1, "reworded")]
    assert len(set(map(by_hand.letters, prompts))) == 40
    held_out = domain_module(domain).HELD_OUT
    for example in opened(domain, 600) + [draw(domain, random.Random(i), "train") for i in range(300)]:
        assert split_of(example, held_out) == "train" and example.structure not in held_out
        assert by_hand.letters(example.prompt) not in by_hand.reserved()
        assert not HELD_OUT_NAMES & set(re.findall(r"[A-Za-z]+", example.prompt))


def test_a_prompt_written_by_hand_is_never_one_of_training():
    for domain in DOMAINS:
        for example in generate(domain, 1, "reworded"):
            assert split_of(example, frozenset()) != "train"
    assert all(split_of(e, frozenset()) != "train" for e in generate("chat", 1, "outside"))
    assert all("outside" not in splits(domain) for domain in DOMAINS if domain != "chat")


def test_the_names_of_the_open_set_have_no_end():
    rng = random.Random(2)
    found = {made_name(rng) for _ in range(3000)}
    assert len(found) > 2500 and not HELD_OUT_NAMES & set(COMMON_NAMES)
    said = {word for domain in NAMED for e in opened(domain, 100) for word in re.findall(r"\b[A-Z][a-z]+", e.prompt)}
    assert len(said - set(NAMES)) > 150


@pytest.mark.parametrize("domain", DOMAINS)
def test_an_open_example_keeps_its_right_answer(domain):
    for example in opened(domain, 400, 1):
        assert grade(example, example.answer), example
        assert not grade(example, "")
        if domain in ("math", "units"):
            for one in re.findall(r"\d[\d +*/-]*(?: = [\d +*/-]*\d)+", example.answer):
                assert len({eval(side) for side in one.split(" = ")}) == 1, (one, example)


def test_an_open_list_is_answered_from_its_own_items():
    sizes = set()
    for example in (e for e in opened("lists", 1500, 2) if e.structure.startswith("lists:sort")):
        result = example.expected.split(", ")
        sizes.add(len(result))
        key = str.lower if example.structure.endswith("words") else int
        assert result == sorted(result, key=key, reverse=example.structure.endswith("down"))
        assert all(item.lower() in example.prompt.lower() for item in result)
        marks = re.search(r"^From \w+ to \w+: (.+)\.$", example.answer, re.MULTILINE)[1].split(", ")
        assert [item for mark in marks for item in mark.split(" ")[1:] if item != "-"] == result
        assert len({mark.split(" ")[0].rstrip("+") for mark in marks}) == len(marks) and len(marks) in (9, 10, 20, 26)
    assert sizes == set(range(3, 10))


def test_an_open_record_says_what_its_prompt_says():
    for example in opened("json", 400, 3):
        for value in re.findall(r": (?:\"([^\"]+)\"|(\d+)),?\n", example.answer):
            if value[1] and '"count": ' + value[1] not in example.answer:
                assert re.search(rf"\b{value[1]}\b", example.prompt), example


@pytest.mark.parametrize("domain", [d for d in DOMAINS if d not in RECKONED])
def test_by_hand_a_right_answer_passes_and_others_fail(domain):
    for example in generate(domain, 1, "reworded"):
        words = example.expected.split("|")
        right = {
            "json": json.dumps({"values": [int(word) if word.isdigit() else word for word in words]}),
            "stories": " ".join(words) + " and on" * 20 + ".",
            "copy": example.expected,
            "edit": example.expected,
        }.get(domain, " ".join(words) + ".")
        if domain != "code":  # fragments are no program; see below
            assert grade(example, right) and not grade(example, right[: len(right) // 3]), example
        assert not grade(example, REFUSAL) and not grade(example, "")


def test_by_hand_code_is_read_as_a_program():
    example = next(e for e in generate("code", 1, "reworded") if "25" in e.prompt)
    program = "def keep_big(numbers: list[int]) -> list[int]:\n    result = []\n    for number in numbers:\n"
    program += "        if number > {n}:\n            result.append(number)\n    return result"
    assert grade(example, program.format(n=25))
    assert not grade(example, program.format(n=35)) and not grade(example, program.format(n=25)[:-12] + "return (")


@pytest.mark.parametrize("domain", sorted(RECKONED))
def test_by_hand_a_final_answer_counts(domain):
    for example in generate(domain, 1, "reworded"):
        assert grade(example, f"Some steps.\nThe answer is {example.expected}."), example
        assert not grade(example, f"Some steps.\nThe answer is 1{example.expected}.")
        assert not grade(example, REFUSAL)


def test_what_is_outside_wants_an_honest_sentence_that_names_a_skill():
    asked = list(generate("chat", 1, "outside"))
    assert len({e.prompt for e in asked}) == 60
    for example in asked:
        assert grade(example, REFUSAL)
        assert not grade(example, "The capital is Canberra.") and not grade(example, "I cannot do this.")
    rng = random.Random(4)
    assert all(reworded.is_refusal(outside.sample(rng).answer) for _ in range(500))


def test_no_right_answer_of_the_corpus_counts_as_a_refusal():
    for domain in DOMAINS:
        for example in opened(domain, 150, 5):
            if not example.structure.startswith(("outside", "refuse", "then_refuse")) and domain != "chat":
                assert not reworded.is_refusal(example.answer), example
