"""Both lanes of one request: equal tokens, equal rows in the exact mode, and a comparison that sees what differs."""

from __future__ import annotations

import pytest
import torch

from orthrus.config import DecodeConfig
from orthrus.decoding.compare import NEAR_TIE
from orthrus.decoding.engine import run_both
from orthrus.decoding.logit_stats import RowLog
from orthrus.decoding.sampling import Greedy
from orthrus.events import Lossless
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests.faults import SplitSums, under
from tests.tiny import compiled_model, tiny_model

DTYPES = (torch.float32, torch.bfloat16)
pytestmark = pytest.mark.machine


def compiled(dtype: torch.dtype = torch.float32, **changes):
    return compiled_model(dtype=dtype, max_position_embeddings=512, block_size=32, **changes)


def uneven(**changes):
    """A model whose rows depend on the size of the pass."""
    return under(tiny_model(max_position_embeddings=512, block_size=32, **changes), SplitSums())


def both(lm, prompt="What is 3 x 4?", **config) -> Trace:
    trace = Trace.of(run_both(lm, prompt, DecodeConfig(**({"max_new_tokens": 40, "detail": -1} | config))))
    assert check(trace) == []
    return trace


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("rule", ({}, {"temperature": 1.0}, {"temperature": 0.7, "top_k": 20, "top_p": 0.9}), ids=str)
def test_the_compiled_engine_equals_ar_in_every_bit_of_every_row(dtype, rule):
    lm = compiled(dtype)
    for seed in range(3):
        trace = both(lm, f"Prompt number {seed}." + " And so on." * (9 * seed), seed=seed, **rule)
        found = trace.lossless
        assert found.verdict == "identical" and found.rows_equal == found.rows_compared == len(trace.tokens)
    assert trace.start.model.mode == "exact"


def test_the_engine_stands_in_the_run_start():
    model = both(uneven(), max_new_tokens=2).start.model
    assert (model.mode, model.attn_impl) == ("fast", "plain PyTorch")


def test_rows_differ_and_their_tokens_are_still_compared():
    found = both(uneven()).lossless
    assert found.rows_equal < found.rows_compared and found.n_compared >= found.identical


def test_rejection_makes_no_statement_about_tokens():
    trace = both(compiled(), temperature=1.0, coupling="rejection")
    assert trace.lossless is None and trace.done is not None and trace.ar_ids


class Nudged:
    """An AR lane whose logits are nudged after some rows: what a kernel that differs would do."""

    def __init__(self, model, at: int, by: float):
        self.model, self.at, self.by, self.rows = model, at, by, 0
        self.forward = model.forward_ar

    def __call__(self, ids, cache, last_only=False):
        logits = self.forward(ids, cache, last_only)
        if len(ids) == 1:
            self.rows += 1
            if self.rows == self.at:
                logits = logits.clone()
                second = logits.topk(2).indices[0, 1]
                gap = logits.max() - logits[0, second]
                logits[0, second] += gap + self.by
        return logits


@pytest.mark.parametrize(("by", "verdict"), ((0.01, "near_tie"), (5.0, "mismatch")))
def test_a_lane_that_differs_is_seen(monkeypatch, by, verdict):
    lm = compiled()
    # near_tie needs a small gap in the block pass too: scale the logits down
    lm.model._weights.norms[-1] *= 0.02 if verdict == "near_tie" else 1.0
    monkeypatch.setattr(lm.model, "forward_ar", Nudged(lm.model, 5, by))
    events = list(run_both(lm, "abc", DecodeConfig(20, detail=-1, block_size=4)))
    found = next(event for event in events if isinstance(event, Lossless))
    assert found.verdict == verdict and found.first_div is not None and found.rows_equal < found.rows_compared
    assert (max(found.gap_block, found.gap_single) < NEAR_TIE) is (verdict == "near_tie")
    assert len(found.block_top3) == len(found.single_top3) == 3
    assert found.block_top3[0].id != found.single_top3[0].id


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_fingerprint_sees_one_bit(dtype):
    rows = torch.randn(4, 1000, generator=torch.Generator().manual_seed(0)).to(dtype)
    log = RowLog()
    log.add(10, rows, Greedy())
    kind = {4: torch.int32, 2: torch.int16}[rows.element_size()]
    for column in (0, 500, 999):
        changed = rows.clone()
        changed.view(kind)[2, column] ^= 1
        other = RowLog()
        other.add(10, changed, Greedy())
        same = [log.fingerprints[p] == other.fingerprints[p] for p in (10, 11, 12, 13)]
        assert same == [True, True, False, True]
