"""What followed the same tokens earlier: a copy, or a count that goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthrus.config import DecodeConfig
from orthrus.decoding.engine import decode
from orthrus.decoding.lookup import LONGEST, MATCH, PromptLookup
from orthrus.trace import Trace

DIGITS = {ord(digit): digit for digit in "0123456789"}  # a token is a character
WORDS = st.text("abc .,\n", min_size=MATCH, max_size=12)


def continued(text: str, most: int = 31) -> str:
    return "".join(map(chr, PromptLookup(list(map(ord, text)), digits=DIGITS).find(most).ids))


def behind(ids: list[int], most: int) -> list[int]:
    """What followed the latest earlier occurrence of the last MATCH tokens, going on periodically at the end."""
    tail = ids[-MATCH:]
    starts = [i for i in range(len(ids) - MATCH) if ids[i : i + MATCH] == tail]
    if len(ids) < MATCH or not starts:
        return []
    period = ids[starts[-1] + MATCH :]
    return (period * most)[:most]


@given(ids=st.lists(st.integers(0, 2), max_size=40), cut=st.integers(0, 40), most=st.integers(1, 12))
def test_a_lookup_finds_what_followed_the_same_tokens(ids, cut, most):
    lookup = PromptLookup(ids[:cut])
    for token in ids[cut:]:
        lookup.extend((token,))
    assert lookup.find(most).ids == behind(ids, most)


@given(
    words=WORDS, start=st.integers(0, 120), step=st.integers(-3, 12), cut=st.integers(1, 40), most=st.integers(1, 63)
)
def test_a_count_goes_on_from_wherever_the_text_has_come(words, start, step, cut, most):
    """Two items and a part of a third one, which may be a part of its number."""
    numbers = [start + i * step for i in range(80) if start + i * step >= 0]
    items = [f"{number}{words}" for number in numbers]
    seen = "".join(items[:2]) + "".join(items[2:3])[:cut]
    whole = "".join(items)
    if len(numbers) < 80:  # it would come to a negative number
        assert whole.startswith(seen + continued(seen, most))
    else:
        assert continued(seen, most) == whole[len(seen) :][:most]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. has 10 lions\n2. has 10 lions\n", "3. has 10 lions\n4. has 10 li"),
        ("track 007, track 008, track 009, ", "track 010, track 011, track 012"),
        ("9 cats, 10 dogs; 8 cats, 9 dogs; 7 c", "ats, 8 dogs; 6 cats, 7 dogs; 5 "),
    ],
    ids=["a number that stays", "leading zeros", "down"],
)
def test_each_number_grows_as_it_grew_before(text, expected):
    assert continued(text, len(expected)) == expected


def test_a_count_ends_before_a_negative_number():
    assert continued("left: 4 of us, left: 3 of us, left: 2", 80) == (" of us, left: 1 of us, left: 0 of us, left: ")


def test_numbers_that_differ_are_no_match_by_themselves():
    assert continued("12 ab 345 a") == ""


@given(text=st.text("017 ab", max_size=200), most=st.integers(1, 63))
def test_any_text_is_continued_with_tokens_of_its_own_and_digits(text, most):
    found = continued(text, most)
    assert len(found) <= most and set(found) <= set(text) | set("0123456789")


def test_a_number_without_end_is_several():
    ones = "1" * 40 * LONGEST
    assert continued(f"{ones} and then {ones} and then", 200) == f" {ones}"[:200]


@pytest.mark.parametrize("prompt", ["Write the word table 20 times, numbered.", "Count by 5s from 15 to 185."])
def test_most_of_a_numbered_list_and_of_a_count_takes_no_draft_pass(mini, prompt):
    trace = Trace.of(decode(mini, prompt, DecodeConfig(128, draft="lookup", detail=-1)))
    cycles = zip(trace.drafts, trace.verdicts, strict=True)
    found = sum(verdict.n_accept for draft, verdict in cycles if draft.shape == "lookup")
    assert found > len(trace.token_ids) / 2
