"""The language domains of the corpus: right answers pass, spoilt ones fail, splits do not mix."""

from __future__ import annotations

import difflib
import itertools
import json
import random
import re
from collections import Counter

import pytest

from orthrus.corpus import copy_domain, domain_module, generate, grade, sequences, stories_domain, story_words
from orthrus.corpus.base import SPLITS, split_of

LANGUAGE = ("json", "code", "copy", "edit", "stories", "explain", "chat")
EXACT = ("json", "code", "copy", "edit")


def samples(domain: str, count: int = 300, seed: str = "test") -> list:
    module = domain_module(domain)
    return [module.sample(random.Random(f"{seed}/{index}")) for index in range(count)]


@pytest.mark.parametrize("domain", LANGUAGE)
def test_same_seed_same_examples(domain):
    assert samples(domain, 50) == samples(domain, 50)
    assert samples(domain, 50) != samples(domain, 50, seed="other")


@pytest.mark.parametrize("domain", LANGUAGE)
def test_an_example_is_a_dialogue_of_its_domain(domain):
    for example in samples(domain):
        roles = [role for role, _ in example.messages]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert all(content == content.strip() and content for _, content in example.messages)
        assert example.domain == domain


@pytest.mark.parametrize("domain", LANGUAGE)
def test_own_answer_passes_and_spoilt_ones_fail(domain):
    for example in samples(domain):
        assert grade(example, example.answer), example
        assert not grade(example, "")
        assert not grade(example, "I do not know.")
        assert not grade(example, example.answer[: len(example.answer) // 3]), example


@pytest.mark.parametrize("domain", EXACT)
def test_the_answer_to_another_prompt_fails(domain):
    examples = samples(domain)
    for one, two in itertools.pairwise(examples):
        assert grade(one, two.answer) == (domain_module(domain).grade(two, one.answer))
        if one.answer != two.answer and domain != "code":
            assert not grade(one, two.answer)


@pytest.mark.parametrize("domain", [*EXACT, "explain"])
def test_a_prompt_has_one_answer(domain):
    answers: dict[str, str] = {}
    for example in samples(domain, 3000):
        assert answers.setdefault(example.prompt, example.answer) == example.answer, example.prompt


@pytest.mark.parametrize("domain", LANGUAGE)
def test_splits_are_disjoint_and_hold_out_structures(domain):
    held_out = domain_module(domain).HELD_OUT
    prompts: dict[str, set[str]] = {split: set() for split in SPLITS}
    structures = set()
    for example in samples(domain, 5000 if held_out else 1000):
        prompts[split_of(example, held_out)].add(example.prompt)
        structures.add(example.structure)
    assert all(not prompts[a] & prompts[b] for a, b in itertools.combinations(SPLITS, 2))
    assert prompts["train"] and prompts["valid"] and prompts["test"]
    assert bool(prompts["structures"]) == bool(held_out)
    assert held_out <= structures, held_out - structures  # every name held out is one that is drawn
    assert all(e.structure not in held_out for e in itertools.islice(generate(domain, 1), 200))


@pytest.mark.parametrize("domain", LANGUAGE)
def test_presets_are_prompts_of_the_page(domain):
    presets = domain_module(domain).PRESETS
    assert 2 <= len(presets) <= 3
    assert all(preset == preset.strip() and len(preset) < 160 for preset in presets)


def test_json_answers_parse_and_are_indented():
    for example in samples("json"):
        data = json.loads(example.answer)
        assert json.dumps(data, indent=2, ensure_ascii=False) == example.answer
        assert not grade(example, example.answer.replace('": ', '": 9', 1))


def test_code_grade_sees_constants_and_comments_but_not_layout():
    example = next(e for e in samples("code") if e.structure == "scalar:add")
    assert grade(example, example.answer.replace("\n\n\n", "\n\n"))
    assert not grade(example, example.answer.replace("return number +", "return number + 1 +"))
    assert not grade(example, example.answer.rsplit("#", 1)[0] + "# 0")


def test_copied_and_edited_text_must_be_exact():
    for domain in ("copy", "edit"):
        for example in samples(domain, 100):
            assert not grade(example, f"Sure! {example.answer}")
            assert not grade(example, example.answer[:-1])


def test_repeated_and_counted_answers_are_as_long_as_asked():
    for example in samples("copy", 2000):
        kind, _, size = example.structure.partition(":")
        if kind == "times":
            lines = example.answer.split("\n")
            assert len(lines) == int(size) and set(lines) == {lines[0]} and lines[0] in example.prompt
        elif kind == "word":
            found = re.findall(r"\w+", example.answer)
            assert len(found) == int(size) and set(found) == {found[0]} and found[0] in example.prompt
        elif kind in ("count", "count_down"):
            found = [int(number) for number in re.findall(r"\d+", example.answer)]
            assert {abs(b - a) for a, b in itertools.pairwise(found)} == {int(size)}
            assert f" {found[0]} to {found[-1]}" in example.prompt or (
                kind == "count" and found[:2] == [1, 2] and _asked_number(example.prompt) == found[-1]
            )


def _asked_number(prompt: str) -> int:
    """The only number of a prompt, in digits or as a word, which may be misspelt."""
    if digits := re.findall(r"\d+", prompt):
        return int(digits[0]) if len(digits) == 1 else 0
    last = re.findall(r"[\w-]+", prompt.partition(" to ")[2])[0]
    near = difflib.get_close_matches(last, sequences.NUMBER_WORDS, 1)
    return sequences.NUMBER_WORDS.index(near[0]) + 1 if near else 0


def test_numbered_repetitions_end_at_the_number_asked_for():
    words = {word: i for i, word in enumerate(sequences.NUMBER_WORDS, 1)}
    for example in samples("copy", 2000):
        if example.structure.endswith("_numbered") or example.structure.startswith("lines:"):
            found = re.findall(r"^(\d+)\. (.+)$", example.answer, re.MULTILINE)
            said = found[0][1]
            asked = re.findall(r"[\w-]+", example.prompt.lower().replace(said.lower(), ""))
            assert [int(n) for n, _ in found] == list(range(1, len(found) + 1)) and {w for _, w in found} == {said}
            assert said in example.prompt and len(found) in [words.get(w) or (w.isdigit() and int(w)) for w in asked]


def test_the_length_of_a_count_does_not_tell_where_it_ends():
    """Lengths spread evenly: no place is where more than a few counts end."""
    counts = [e.answer for e in samples("copy", 4000) if e.structure.startswith("count")]
    ends = Counter(len(re.findall(r"\d|\D+", answer)) // 8 for answer in counts)  # a digit is a token
    assert max(ends.values()) < 0.145 * ends.total() and len(ends) > 14


def test_a_drill_is_short_right_and_not_about_one_thing():
    found = [copy_domain.drill(random.Random(f"drill/{i}")) for i in range(600)]
    assert all(grade(e, e.answer) and 0 < len(e.answer) < 400 for e in found)
    assert len({e.structure for e in found}) > 20 and len({e.prompt for e in found}) > 590
    assert sum(len(e.answer) < 60 for e in found) > 400


def test_stories_are_on_their_subject_and_never_the_same():
    found = samples("stories", 500)
    assert len({example.answer for example in found}) == len(found)
    for example in found:
        assert 40 <= len(example.answer.split()) <= 140
        assert "{" not in example.answer and "[" not in example.answer and "<" not in example.answer
        hero = example.expected.split("|")[0]
        assert not grade(example, example.answer.replace(hero, "zzz").replace(hero.capitalize(), "zzz"))


def test_one_prompt_has_many_stories_that_part_early():
    told = [
        stories_domain._story(random.Random(f"one/{i}"), "dragon", "lamp", "", "in a cave", "happy", "finds")
        for i in range(300)
    ]
    assert len(set(told)) == 300
    assert len({" ".join(story.split()[:4]) for story in told}) > 40
    assert len({" ".join(story.split()[-6:]) for story in told}) > 100


def test_no_story_pattern_has_a_long_stretch_without_a_choice():
    for name in ("OPEN", "FIND", "LOSE", "WISH", "MEET", "TRY_FINDS", "TRY_LOSES", "TRY_WANTS"):
        for pattern in getattr(story_words, name):
            assert "[" in pattern or "<" in pattern, pattern


def test_chat_dialogues_end_with_the_asked_turn():
    lengths = [len(example.messages) // 2 for example in samples("chat")]
    assert max(lengths) >= 3 and lengths.count(1) > 50
