"""What the events say of logits, against the definitions written out in plain Python; ties are drawn on purpose."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from orthrus.decoding.logit_stats import RANK_LIMIT, draft_fields, verdict_fields
from orthrus.decoding.sampling import Greedy

CLOSE = 2e-3  # three decimals, and float32 sums


@st.composite
def passes(draw):
    """(draft logits [n, vocab], verify logits [n + 1, vocab], proposals [n]), many of whose entries are equal."""
    n, vocab = draw(st.integers(0, 5)), draw(st.integers(3, 14))
    values = st.integers(-4, 4).map(lambda level: level * 0.75)
    rows = draw(st.lists(st.lists(values, min_size=vocab, max_size=vocab), min_size=2 * n + 1, max_size=2 * n + 1))
    logits = torch.tensor(rows, dtype=torch.float32)
    proposals = draw(st.lists(st.integers(0, vocab - 1), min_size=n, max_size=n))
    return logits[:n], logits[n:], torch.tensor(proposals, dtype=torch.int64)


def probabilities(row: list[float]) -> list[float]:
    total = sum(map(math.exp, row))
    return [math.exp(value) / total for value in row]


def rank(row: list[float], wanted: int) -> int:
    return sorted(range(len(row)), key=lambda i: (-row[i], i)).index(wanted)


def fields(drafted, verified, proposals, detail, n_alt=4):
    choices = verified.argmax(-1)
    drawn, q = draft_fields(drafted, proposals, detail, n_alt, Greedy()) if len(proposals) else ({}, None)
    return drawn, verdict_fields(verified, choices, proposals, q, detail, n_alt, Greedy()), choices


@given(passes())
def test_ranks_gaps_and_overlaps_are_what_their_definitions_say(case):
    drafted, verified, proposals = case
    _, told, choices = fields(*case, detail=1)
    p_rows, q_rows = verified.tolist(), drafted.tolist()
    assert told["rank_p_of_draft"] == [rank(row, i) for row, i in zip(p_rows, proposals.tolist(), strict=False)]
    assert told["rank_q_of_ar"] == [rank(row, i) for row, i in zip(q_rows, choices.tolist(), strict=False)]
    assert told["p_gap"] == pytest.approx([a - b for a, b, *_ in (sorted(r)[::-1] for r in p_rows)], abs=CLOSE)
    shared = [sum(map(min, probabilities(p), probabilities(q))) for p, q in zip(p_rows, q_rows, strict=False)]
    assert told["overlap"] == pytest.approx(shared, abs=CLOSE)


@given(passes())
def test_chosen_log_probabilities_entropies_and_alternatives(case):
    _, verified, proposals = case
    drawn, told, choices = fields(*case, detail=1)
    rows = [probabilities(row) for row in verified.tolist()]
    own = [math.log(p[i]) for p, i in zip(rows, choices.tolist(), strict=True)]
    assert told["p_lp_ar"] == pytest.approx(own, abs=CLOSE)
    assert told["p_H"] == pytest.approx([-sum(x * math.log(x) for x in p) for p in rows], abs=CLOSE)
    for p, ids, values in zip(rows, told["p_top_ids"], told["p_top_lp"], strict=True):
        count = min(4, len(p))
        assert len(set(ids)) == count and values == sorted(values, reverse=True)
        assert values == pytest.approx([math.log(p[i]) for i in ids], abs=CLOSE)
        assert values == pytest.approx([math.log(x) for x in sorted(p)[::-1][:count]], abs=CLOSE)
    assert len(drawn.get("q_lp", [])) == len(proposals)


@given(passes())
def test_a_lower_detail_says_less_and_nothing_else(case):
    (all_drawn, all_told, _), (drawn, told, _) = (fields(*case, detail=detail) for detail in (1, 0))
    for whole, part in ((all_drawn, drawn), (all_told, told)):
        assert {name: pytest.approx(values, abs=CLOSE) for name, values in part.items()} == {k: whole[k] for k in part}
    assert fields(*case, detail=-1)[:2] == ({}, {})


def test_what_is_far_down_has_no_rank():
    verified = torch.arange(1500.0).flip(0).repeat(2, 1) / 500
    found = []
    for wanted in (0, 7, RANK_LIMIT, RANK_LIMIT + 1, 1499):
        _, told, _ = fields(verified[:1], verified, torch.tensor([wanted]), detail=1)
        found += told["rank_p_of_draft"]
    assert found == [0, 7, RANK_LIMIT, -1, -1]
