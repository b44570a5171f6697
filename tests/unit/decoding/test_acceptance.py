"""Greedy settlement: the longest prefix, the next token, EOS, the length limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orthrus.decoding.acceptance import accept_matching, longest_prefix

EOS = 0


def test_correction_bonus_and_eos():
    assert accept_matching([5, 6, 7], [5, 9, 7, 8], {EOS}, 99).tokens == (5, 9)
    assert accept_matching([5, 6, 7], [5, 9, 7, 8], {EOS}, 99).next_kind == "correction"
    full = accept_matching([5, 6, 7], [5, 6, 7, 8], {EOS}, 99)
    assert (full.tokens, full.next_kind, full.kept, full.stop) == ((5, 6, 7, 8), "bonus", 4, None)
    inside = accept_matching([5, EOS, 7], [5, EOS, 7, 8], {EOS}, 99)
    assert (inside.tokens, inside.next_id, inside.next_kind, inside.n_accept) == ((5, EOS), None, "none", 3)
    assert (inside.kept, inside.stop) == (3, "eos")
    written = accept_matching([5, 6], [5, EOS, 8], {EOS}, 99)
    assert (written.tokens, written.next_id, written.stop, written.kept) == ((5, EOS), EOS, "eos", 2)
    assert accept_matching([], [4], {EOS}, 1).stop == "length"
    assert accept_matching([], [EOS], {EOS}, 1).stop == "eos"  # EOS beats length


def test_sizes_must_agree():
    with pytest.raises(ValueError, match="3 proposals need 4 choices, got 3"):
        accept_matching([1, 2, 3], [1, 2, 3], {EOS}, 9)


@given(st.data())
def test_settlement_is_what_token_by_token_decoding_writes(data):
    n = data.draw(st.integers(0, 31))
    tokens = st.integers(0, 3)  # few tokens: long matches and EOS are common
    proposals = data.draw(st.lists(tokens, min_size=n, max_size=n))
    choices = data.draw(st.lists(tokens, min_size=n + 1, max_size=n + 1))
    remaining = data.draw(st.integers(n + 1, n + 5))
    got = accept_matching(proposals, choices, {EOS}, remaining)
    expected, stop = [], None
    for i, choice in enumerate(choices):  # one token at a time, as long as the drafts were right
        expected.append(choice)
        if choice == EOS:
            stop = "eos"
        elif len(expected) >= remaining:
            stop = "length"
        if stop or i == n or proposals[i] != choice:
            break
    assert list(got.tokens) == expected and got.stop == stop
    assert got.n_accept == longest_prefix(proposals, choices)
    assert (got.next_id is None) == (got.next_kind == "none")
    assert (got.next_kind == "bonus") == (got.next_id is not None and got.n_accept == n)
    assert got.kept == 1 + len(got.tokens) - (got.next_id is not None)
