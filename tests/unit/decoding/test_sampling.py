"""Sampling: filters, keyed noise, and both couplings against the exact probabilities, with rules that must fail."""

from __future__ import annotations

import math
import random
from collections import Counter
from functools import partial
from itertools import product

import pytest
import torch

from orthrus.config import DecodeConfig
from orthrus.decoding import acceptance
from orthrus.decoding.acceptance import acceptance_probability, by_choice, by_rejection, rejection_sample, residual
from orthrus.decoding.engine import decode, decode_ar
from orthrus.decoding.sampling import ACCEPTANCE, NEXT, Noise, Sampled, draw, filtered, uniforms
from orthrus.model.row_invariance import bit_equal
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests.tiny import scripted, tiny_model

# -- the statistics


def pooled(counts: Counter, expected: dict) -> tuple[Counter, dict]:
    """Outcomes expected fewer than five times become one: the test's approximation needs it."""
    draws = sum(counts.values())
    name = {key: key if p * draws >= 5 else "rare" for key, p in expected.items()}
    merged: Counter = Counter()
    chances: dict = {}
    for key, p in expected.items():
        chances[name[key]] = chances.get(name[key], 0.0) + p
        merged[name[key]] += counts[key]
    return merged, chances


def g_statistic(counts: Counter, expected: dict, draws: int) -> float:
    """2 sum o ln(o / e): chi-squared with (outcomes - 1) degrees of freedom where the expectation is right."""
    return 2 * sum(o * math.log(o / (draws * expected[key])) for key, o in counts.items() if o)


def critical(freedom: int) -> float:
    """The chi-squared value exceeded once in 10,000 times (Wilson and Hilferty's approximation)."""
    spread = 2 / (9 * freedom)
    return freedom * (1 - spread + 3.719 * math.sqrt(spread)) ** 3


def fits(counts: Counter, expected: dict) -> bool:
    assert set(counts) <= set(expected), "a word that cannot be"
    counts, expected = pooled(counts, expected)
    return g_statistic(counts, expected, sum(counts.values())) < critical(len(expected) - 1)


def test_the_critical_value_is_right():
    assert critical(4) == pytest.approx(23.51, rel=0.03) and critical(10) == pytest.approx(35.56, rel=0.03)


# -- a language of five words, whose next word depends on the last one alone

VOCAB, SLOTS = 5, 3


class Toy:
    """An AR view (a table) and a diffusion view that knows the anchor alone, as logits; temperature and top-k apply."""

    def __init__(self, seed: int, **rule):
        g = torch.Generator().manual_seed(seed)
        self.table = torch.randn(VOCAB, VOCAB, generator=g)
        self.drafts = torch.randn(VOCAB, SLOTS, VOCAB, generator=g) * 0.5 + self.table[:, None] * 0.7
        self.sampler = Sampled(**({"temperature": 0.9, "top_k": None, "top_p": None, "seed": 3} | rule), vocab=VOCAB)

    def write(self, judge, anchor: int, position: int, length: int) -> tuple[list[int], int]:
        """`length` words after the anchor, in cycles; and how many of them were accepted proposals."""
        words, accepted = [], 0
        while len(words) < length:
            last, at = ([anchor, *words])[-1], position + len(words)
            proposals = self.sampler.sample(self.drafts[last], at).tolist()
            logits = self.table[[last, *proposals]]
            verification = judge(self.sampler, (), logits, self.drafts[last], proposals, at, 99)
            words += verification.settled.tokens
            accepted += verification.settled.n_accept
        return words[:length], accepted

    def probabilities(self) -> torch.Tensor:
        return self.sampler.scores(self.table).double().softmax(-1)


def triples_of(toy: Toy, anchor: int) -> dict:
    """The exact probability of every text of three words."""
    p = toy.probabilities()
    return {
        (a, b, c): float(p[anchor, a] * p[a, b] * p[b, c])
        for a, b, c in product(range(VOCAB), repeat=3)
        if p[anchor, a] * p[a, b] * p[b, c] > 0
    }


def marginal(triples: dict, places: tuple[int, ...]) -> dict:
    sums: Counter = Counter()
    for key, value in triples.items():
        sums[tuple(key[i] for i in places)] += value
    return dict(sums)


def faults(toy: Toy, judge, draws: int = 2000) -> list[tuple[int, ...]]:
    """The places, alone and in pairs, whose words are not distributed as the AR view says."""
    anchor = 2
    triples = triples_of(toy, anchor)
    # Texts overlap in their positions: what a draft drew further on was never looked at, and may be drawn again.
    texts = [tuple(toy.write(judge, anchor, 3 * i, 3)[0]) for i in range(draws)]
    places = ((0,), (1,), (2,), (0, 1), (1, 2), (0, 2))
    return [
        where
        for where in places
        if not fits(Counter(tuple(text[i] for i in where) for text in texts), marginal(triples, where))
    ]


@pytest.mark.parametrize("judge", (by_choice, by_rejection), ids=("gumbel", "rejection"))
@pytest.mark.parametrize("rule", ({}, {"temperature": 1.2, "top_k": 3}), ids=("plain", "top_k"))
def test_both_couplings_write_what_the_ar_view_would(judge, rule):
    assert faults(Toy(0, **rule), judge) == []


def always_accept(p, q):
    return torch.ones_like(p)


def accept_by_p(p, q):
    return p


def keep_p(p, q):
    return p, 1.0


@pytest.mark.parametrize(
    ("name", "wrong"),
    (("acceptance_probability", always_accept), ("acceptance_probability", accept_by_p), ("residual", keep_p)),
)
def test_a_biased_rule_is_caught(monkeypatch, name, wrong):
    monkeypatch.setattr(acceptance, name, wrong)
    assert faults(Toy(0), by_rejection, 1200)


def test_coins_that_are_not_independent_are_caught(monkeypatch):
    """The same number for the acceptance and for the draw after a refusal."""
    monkeypatch.setattr("orthrus.decoding.acceptance.NEXT", ACCEPTANCE)
    assert faults(Toy(0), by_rejection, 2000)


def test_gumbel_accepts_nearly_as_much_as_rejection():
    toy = Toy(1)
    rules = (by_choice, by_rejection)
    accepted = {judge: sum(toy.write(judge, 1, 16 * i, 3)[1] for i in range(400)) for judge in rules}
    assert 0 < accepted[by_choice] < accepted[by_rejection] * 1.1


# -- rejection_sample: the edges


def uniform_rows(rows: int) -> torch.Tensor:
    return torch.full((rows, VOCAB), 1 / VOCAB)


def one_hot(*ids: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(ids), VOCAB).float()


def test_equal_distributions_accept_everything():
    got = rejection_sample(uniform_rows(3), uniform_rows(2), [4, 0], [0.999999, 0.999999], [0.5, 0.5, 0.999999])
    assert (got.n_accept, got.next_id, got.u, got.residual) == (2, 4, (0.999999, 0.999999), None)
    assert got.accept_p.tolist() == [1.0, 1.0]


def test_a_proposal_the_ar_view_excludes_is_refused_and_never_drawn():
    got = rejection_sample(one_hot(1, 1), one_hot(3), [3], [1e-9], [0.999999, 0.5])
    assert (got.n_accept, got.next_id, got.residual_mass, got.u) == (0, 1, 1.0, (1e-9,))
    assert got.p_f.tolist() == [0.0] and got.accept_p.tolist() == [0.0]


def test_one_token_support_on_both_sides():
    got = rejection_sample(one_hot(2, 2), one_hot(2), [2], [0.999999], [0.1, 0.1])
    assert (got.n_accept, got.next_id) == (1, 2)


def test_probabilities_of_zero():
    p, q = torch.tensor([0.0, 0.5, 0.0, 0.2]).double(), torch.tensor([0.0, 0.0, 0.5, 0.4]).double()
    assert acceptance_probability(p, q).tolist() == [0.0, 1.0, 0.0, 0.5]
    rest, mass = residual(p, q)
    assert rest.tolist() == [0.0, 1.0, 0.0, 0.0] and mass == 0.5


def test_a_residual_without_mass_is_p_itself():
    rest, mass = residual(torch.tensor([0.25, 0.75]).double(), torch.tensor([0.25, 0.75]).double())
    assert rest.tolist() == [0.25, 0.75] and mass == 0.0


def test_without_proposals_the_next_token_is_drawn_from_p():
    got = rejection_sample(one_hot(3), uniform_rows(0), [], [], [0.7])
    assert (got.n_accept, got.next_id, got.u) == (0, 3, ())
    with pytest.raises(ValueError, match="2 proposals need 3 rows of p and 2 of q, got 2 and 2"):
        rejection_sample(uniform_rows(2), uniform_rows(2), [1, 1], [0.5] * 2, [0.5] * 3)


def test_draw_hits_only_what_has_weight():
    weights = torch.tensor([0.0, 2.0, 0.0, 6.0, 0.0])
    assert [draw(weights, u) for u in (1e-12, 0.2499, 0.2501, 1 - 1e-16)] == [1, 1, 3, 3]
    with pytest.raises(ValueError, match="all zero"):
        draw(torch.zeros(4), 0.5)


# -- filters and noise


def reference_filter(row, temperature, top_k, top_p):
    """Written out for one row without ties."""
    order = sorted(range(len(row)), key=lambda i: -row[i])[: top_k or len(row)]
    weights = [math.exp(row[i] / temperature) for i in order]
    kept, mass = [], 0.0
    for i, weight in zip(order, weights, strict=True):
        kept.append(i)
        mass += weight / sum(weights)
        if top_p not in (None, 1.0) and mass >= top_p:
            break
    return set(kept)


@pytest.mark.parametrize("top_k", (None, 1, 3, 50))
@pytest.mark.parametrize("top_p", (None, 0.05, 0.5, 0.9, 1.0))
def test_filters_keep_what_they_say(top_k, top_p):
    rows = torch.randn(6, 40, generator=torch.Generator().manual_seed(1)) * 2
    for temperature in (0.3, 1.0, 2.0):
        got = filtered(rows, temperature, top_k, top_p)
        for row, scores in zip(rows.tolist(), got, strict=True):
            kept = set(scores.isfinite().nonzero().flatten().tolist())
            assert kept == reference_filter(row, temperature, top_k, top_p)
        assert torch.equal(got[got.isfinite()], (rows / temperature)[got.isfinite()])


def test_ties_stay_together():
    row = torch.tensor([[1.0, 3.0, 3.0, 3.0, 0.0]])
    assert filtered(row, 1.0, top_k=2).isfinite().tolist() == [[False, True, True, True, False]]
    assert filtered(row, 1.0, top_p=0.1).isfinite().tolist() == [[False, True, True, True, False]]


def test_a_row_is_filtered_the_same_alone_and_among_others():
    rows = torch.randn(32, 2048, generator=torch.Generator().manual_seed(2)) * 3
    for rule in ({}, {"top_k": 50}, {"top_p": 0.9}, {"top_k": 300, "top_p": 0.8}):
        together = filtered(rows, 0.7, **rule)
        alone = torch.cat([filtered(row[None], 0.7, **rule) for row in rows])
        assert bit_equal(together, alone).all()


def test_noise_belongs_to_its_position():
    noise = Noise(7, 300, torch.device("cpu"))
    block = noise.rows(10, 30)
    assert block.shape == (30, 300)
    fresh = Noise(7, 300, torch.device("cpu"))
    assert all(torch.equal(fresh.rows(10 + i, 1)[0], block[i]) for i in reversed(range(30)))
    assert not torch.equal(block[0], block[1])
    assert not torch.equal(Noise(8, 300, torch.device("cpu")).rows(10, 1)[0], block[0])


def test_noise_far_apart_forgets_nothing_it_needs():
    noise = Noise(7, 20, torch.device("cpu"))
    first = noise.rows(0, 8).clone()
    noise.rows(5000, 8)
    assert torch.equal(noise.rows(0, 8), first) and len(noise._tiles) < 50


def test_noise_is_gumbel_distributed():
    values = Noise(1, 4000, torch.device("cpu")).rows(0, 16).double().flatten()
    assert values.mean().item() == pytest.approx(0.5772, abs=0.02)  # 64,000 draws: standard error 0.005
    assert values.var().item() == pytest.approx(math.pi**2 / 6, abs=0.06)


def test_uniforms_are_reproducible_and_uniform():
    many, other = uniforms(5, 0, 20_000, (ACCEPTANCE, NEXT))
    assert many[100:104] == uniforms(5, 100, 4, (ACCEPTANCE,))[0] and all(0 < u < 1 for u in many)
    tenths = Counter((int(u * 10),) for u in many)
    assert fits(tenths, {(i,): 0.1 for i in range(10)})
    assert other[:8] != many[:8] != uniforms(6, 0, 8, (ACCEPTANCE,))[0]


# -- whole runs


def run(lm, prompt, config) -> Trace:
    trace = Trace.of(decode(lm, prompt, config))
    assert check(trace) == []
    return trace


RULES = ({"temperature": 1.0}, {"temperature": 0.6, "top_k": 12}, {"temperature": 1.4, "top_p": 0.85})


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_gumbel_writes_the_ar_text_of_the_same_seed(tiny, rule):
    """A hundred prompts a rule; each with its own seed."""
    letters = random.Random(4)
    accepted = texts = 0
    seen = set()
    for seed in range(100):
        prompt = "".join(letters.choice("abcdefgh ") for _ in range(12)) + "."
        config = DecodeConfig(max_new_tokens=10, detail=-1, seed=seed, **rule)
        trace = run(tiny, prompt, config)
        assert trace.token_ids == tuple(Trace.of(decode_ar(tiny, prompt, config)).ar_ids)
        accepted += trace.sums.accepted
        texts += 1
        seen.add(trace.token_ids)
    assert texts == 100 and len(seen) > 60 and accepted > 5


def test_a_seed_decides_the_text(tiny):
    def text(**rule):
        return run(tiny, "to be", DecodeConfig(max_new_tokens=12, detail=-1, temperature=1.0, **rule)).token_ids

    assert text(seed=5) == text(seed=5) != text(seed=6)
    other = {"coupling": "rejection"}
    assert text(seed=5, **other) == text(seed=5, **other) != text(seed=6, **other)


def test_block_size_does_not_change_a_gumbel_text(tiny):
    texts = {
        run(tiny, "to be", DecodeConfig(20, block_size=size, detail=-1, temperature=0.9, seed=2)).token_ids
        for size in (1, 2, 5, 8)
    }
    assert len(texts) == 1


@pytest.mark.parametrize("coupling", ("gumbel", "rejection"))
def test_detail_changes_no_id(tiny, coupling):
    rule = {"temperature": 1.1, "top_p": 0.9, "coupling": coupling, "instrument_share": 9.0}
    runs = [run(tiny, "or not to be", DecodeConfig(16, detail=detail, **rule)) for detail in (-1, 0, 1)]
    assert len({trace.token_ids for trace in runs}) == 1
    verdicts = runs[2].verdicts
    if coupling == "gumbel":
        assert all(v.u is None and v.p_f is None for v in verdicts)
    assert all(d.q_f is not None for d in runs[1].drafts)


def test_rejection_tells_its_coins(tiny):
    config = DecodeConfig(40, detail=1, temperature=1.0, coupling="rejection", instrument_share=9.0)
    trace = run(tiny, "what is it", config)
    kinds = Counter()
    for draft, v in zip(trace.drafts, trace.verdicts, strict=True):
        kinds[v.next_kind] += 1
        assert len(v.u) == min(v.n_accept + 1, draft.n_draft) and len(v.p_f) == len(v.accept_p) == draft.n_draft
        assert all(u < chance + 2e-6 for u, chance in zip(v.u, v.accept_p[: v.n_accept], strict=False))
        refused = v.n_accept < draft.n_draft
        assert (v.residual_top_ids is not None) is refused
        if refused:
            assert v.u[-1] > v.accept_p[v.n_accept] - 2e-6
            assert v.residual_mass > 0 and sum(v.residual_top_p) <= 1 + 1e-5
    assert kinds["resample"] > 3 and trace.start.params.coupling == "rejection"


def test_rejection_takes_a_full_block_where_it_can():
    """Filtered to one token both views are certain: scripted proposals that are right are all accepted."""
    lm = scripted("abc", schedule=[7])
    config = DecodeConfig(24, detail=1, temperature=1.0, top_k=1, coupling="rejection", instrument_share=9.0)
    trace = run(lm, "abc", config)
    assert [v.next_kind for v in trace.verdicts][:2] == ["bonus", "bonus"]
    assert trace.token_ids == tuple(lm.model.continuation[:24])


@pytest.mark.parametrize(
    ("change", "words"),
    (
        ({"temperature": -1.0}, "temperature is -1.0"),
        ({"temperature": 0.001}, "temperature is 0.001"),
        ({"temperature": math.nan}, "temperature is nan"),
        ({"top_k": 0}, "top k is 0"),
        ({"top_p": 0.0}, "top p is 0.0"),
        ({"top_p": 1.5}, "top p is 1.5"),
        ({"seed": -1}, "seed is -1"),
        ({"coupling": "magic"}, "coupling 'magic' is not one of gumbel, rejection"),
    ),
)
def test_config_refuses(change, words):
    with pytest.raises(ValueError, match=words):
        DecodeConfig(**change)


def test_a_tiny_model_samples_its_exact_probabilities():
    """End to end: the second token under rejection, over seeds, against the AR view's own probabilities."""
    lm = tiny_model(num_hidden_layers=1, block_size=4)
    rule = {"temperature": 1.0, "top_k": 3}
    prompt, pairs = "hm", Counter()
    ids = Trace.of(decode(lm, prompt, DecodeConfig(1, detail=-1))).start.prompt.ids
    exact = {}
    score = partial(filtered, **rule)
    cache = lm.model.new_cache(len(ids) + 1)
    first = score(lm.model.forward_ar(torch.tensor(ids), cache, last_only=True)).double().softmax(-1)[0]
    for a in first.nonzero().flatten().tolist():
        cache.crop(len(ids))
        second = score(lm.model.forward_ar(torch.tensor([a]), cache)).double().softmax(-1)[0]
        exact |= {(a, b): float(first[a] * second[b]) for b in second.nonzero().flatten().tolist()}
    for seed in range(400):
        config = DecodeConfig(3, detail=-1, seed=seed, coupling="rejection", **rule)
        pairs[run(lm, prompt, config).token_ids[:2]] += 1
    assert fits(pairs, exact)
