"""Trees of drafts hold the likeliest paths, and whatever is in them the text stays the AR view's, bit for bit."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orthrus.config import DecodeConfig
from orthrus.decoding import drafter
from orthrus.decoding.acceptance import accept_matching, accept_tree
from orthrus.decoding.draft_tree import SAID, Branches, branches_of
from orthrus.decoding.engine import decode_ar, run_both
from orthrus.decoding.request import make_request
from orthrus.errors import OrthrusError
from orthrus.events import Draft, Verdict, from_json, to_json, validate
from orthrus.model.compiled_model import CompiledCache
from orthrus.trace import Trace
from orthrus.trace.invariants import check
from tests.tiny import compiled_model, tiny_model

PROMPT = "Two views, one text."
SCORES = st.lists(st.lists(st.integers(-12, 12), min_size=3, max_size=3), min_size=1, max_size=4)


def tree_of(scores: torch.Tensor, most: int) -> Branches:
    return branches_of(scores, scores.argmax(-1).tolist(), most, len)


def tokens_on(branches: Branches, chain: list[int]) -> list[tuple[int, ...]]:
    """The tokens of every path, of the chain's nodes first."""
    ids = [*chain[: branches.chain], *branches.ids]
    paths = [tuple(range(1, n + 1)) for n in range(1, branches.chain + 1)] + list(branches.paths)
    return [tuple(ids[row - 1] for row in path) for path in paths]


@given(scores=SCORES, most=st.integers(1, 40))
def test_a_tree_holds_the_likeliest_paths(scores, most):
    table = torch.tensor(scores, dtype=torch.float32) / 3
    log_q, chain = table.log_softmax(-1), table.argmax(-1).tolist()
    found = tokens_on(tree_of(table, most), chain)
    every = [path for n in range(1, len(scores) + 1) for path in itertools.product(range(3), repeat=n)]
    chances = sorted((sum(log_q[i, t].item() for i, t in enumerate(path)) for path in every), reverse=True)
    ours = sorted((sum(log_q[i, t].item() for i, t in enumerate(path)) for path in found), reverse=True)
    assert len(found) == len(set(found)) == min(most, len(every))
    assert ours == pytest.approx(chances[: len(found)], abs=1e-5)
    assert all(path[:-1] in found for path in found if len(path) > 1)  # a path's beginning is in the tree, too
    assert found[: len(found)][0] == (chain[0],)


@given(scores=SCORES, most=st.integers(1, 40))
def test_rows_are_numbered_from_the_root(scores, most):
    branches = tree_of(torch.tensor(scores, dtype=torch.float32), most)
    first = branches.chain + 1
    assert 1 <= branches.chain <= len(scores)
    assert all(parent < row for row, parent in enumerate(branches.parents, first))
    assert branches.depths == [*range(first), *map(len, branches.paths)]
    assert max(branches.depths) == branches.deepest == branches.chain
    for row, (path, parent) in enumerate(zip(branches.paths, branches.parents, strict=True), first):
        assert path[-1] == row and (path[-2] if len(path) > 1 else 0) == parent


def test_only_so_many_paths_are_kept_as_the_policy_says():
    scores = torch.log(torch.tensor([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1]]))
    seen: list[float] = []
    kept = branches_of(scores, [0, 0], 5, lambda chances: seen.extend(chances) or 2)
    assert seen == pytest.approx([0.6, 0.3, 0.3, 0.24, 0.15]) and kept.chain + len(kept.ids) == 2
    assert branches_of(scores, [0, 0], 5, lambda chances: 0).chain == 1  # never an empty draft


def test_what_followed_the_same_tokens_earlier_has_a_share_of_the_chance():
    """The root's word agrees with the draft; behind it the draft is sure of token 0, and 2 was said, which goes on."""
    scores = torch.log(torch.tensor([[0.5, 0.4, 0.1], [0.9, 0.09, 0.01], [0.9, 0.09, 0.01]]))
    words = {(): 0, (0,): 2, (0, 2): 1}
    seen: list[float] = []
    branches_of(scores, [0, 0, 0], 4, lambda chances: seen.extend(chances) or 4, words.get)
    first = SAID + (1 - SAID) * 0.5
    second = first * (1 - SAID) * 0.9
    assert seen == pytest.approx([first, second, second * 0.9, (1 - SAID) * 0.4], rel=1e-3)
    every = branches_of(scores, [0, 0, 0], 30, len, words.get)
    assert {(0, 2), (0, 2, 1)} <= set(tokens_on(every, [0, 0, 0])) and every.chain == 3


def test_an_earlier_word_may_lead_deeper_than_the_chain_which_is_never_empty():
    scores = torch.log(torch.full((3, 400), 1 / 400))
    kept = branches_of(scores, [7, 7, 7], 3, len, lambda path: (3, 4, 5)[len(path)])
    assert kept == Branches(1, (3, 4, 5), (0, 2, 3)) and kept.deepest == 3
    assert branches_of(scores, [7, 7, 7], 1, len, lambda path: 3) == Branches(1, (3,), (0,))


def test_of_equal_scores_the_chain_keeps_the_sampler_s_choice():
    branches = branches_of(torch.zeros(2, 4), [2, 1], 6, len)
    assert set(tokens_on(branches, [2, 1])) >= {(2,)} and len(set(tokens_on(branches, [2, 1]))) == 6


@given(st.data())
def test_acceptance_follows_the_ar_view_s_choices(data):
    """Against the rule itself: from the root on, the child that is the AR view's choice, until there is none."""
    scores = torch.tensor(data.draw(SCORES), dtype=torch.float32)
    chain = scores.argmax(-1).tolist()
    branches = tree_of(scores, data.draw(st.integers(1, 20)))
    chain = chain[: branches.chain]
    rows = branches.chain + 1 + len(branches.ids)
    choices = data.draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows))
    eos = data.draw(st.sampled_from([(), (1,)]))
    children = {(row - 1, token): row for row, token in enumerate(chain, 1)}
    children |= {
        (p, t): row for row, (p, t) in enumerate(zip(branches.parents, branches.ids, strict=True), len(chain) + 1)
    }
    row, walked, expected = 0, [], []
    while (row, choices[row]) in children and not (expected and expected[-1] in eos):
        expected.append(choices[row])
        row = children[row, choices[row]]
        walked.append(row)
    ended = bool(expected) and expected[-1] in eos
    got = accept_tree(chain, branches, choices, eos, 99)
    assert got.tokens == tuple(expected) + (() if ended else (choices[row],))
    assert got.path == tuple(r for r in walked if r > len(chain)) and got.kept == 1 + len(walked)
    leaf = not any(parent == row for parent, _ in children)
    assert got.next_kind == ("none" if ended else "bonus" if leaf else "correction")
    if not branches.ids:
        assert got == accept_matching(chain, choices, eos, 99)


def planted(monkeypatch, lm, config: DecodeConfig) -> Trace:
    """Both lanes, with wide trees in which the text goes on along the chain, along branches, or nowhere.

    The diffusion view's logits are changed so that the right token of a slot is its first, second or third choice.
    """
    text, prompt = list(Trace.of(decode_ar(lm, PROMPT, config)).ar_ids), len(make_request(lm, PROMPT, config).ids)
    right, chance = type(lm.model).forward_diffusion, random.Random(1)

    def forced(model, block, cache, n_draft):
        logits, at = right(model, block, cache, n_draft).clone(), cache.length - prompt + 1
        for row, token in zip(logits, text[at : at + n_draft], strict=False):
            row[token] = row.max() + chance.choice((3.0, 3.0, -0.1, -0.2, -50.0))
        return logits

    monkeypatch.setattr(type(lm.model), "forward_diffusion", forced)
    monkeypatch.setattr(drafter, "likely", len)
    return Trace.of(run_both(lm, PROMPT, replace(config, draft="tree")))


@pytest.mark.parametrize("temperature", (0.0, 0.9))
@pytest.mark.parametrize("make", (tiny_model, compiled_model), ids=lambda make: make.__name__)
def test_trees_write_the_ar_text(monkeypatch, make, temperature):
    trace = planted(monkeypatch, make(max_position_embeddings=256), DecodeConfig(90, temperature=temperature, detail=1))
    assert check(trace) == [] and trace.token_ids == tuple(trace.ar_ids) and trace.lossless.verdict == "identical"
    if make is compiled_model:
        assert trace.lossless.rows_equal == trace.lossless.rows_compared == len(trace.token_ids)
    assert any(verdict.path for verdict in trace.verdicts) and any(draft.branch_ids for draft in trace.drafts)


def sibling_seen(branches: Branches):
    """A row's parent is replaced by another row of the same depth."""
    return [(*path[:-2], path[-2] % branches.chain + 1, path[-1]) if len(path) > 1 else path for path in branches.paths]


def out_of_order(branches: Branches):
    """The ancestors stand at each other's positions."""
    return [(*reversed(path[:-1]), path[-1]) for path in branches.paths]


@pytest.mark.parametrize("fault", (sibling_seen, out_of_order), ids=lambda fault: fault.__name__)
def test_a_tree_that_reads_the_wrong_rows_is_caught(monkeypatch, fault):
    lm = compiled_model(max_position_embeddings=256)
    right = type(lm.model).forward_tree

    def wrong(model, ids, cache, paths):
        chain = len(ids) - len(paths) - 1
        parents = tuple(path[-2] if len(path) > 1 else 0 for path in paths)
        return right(model, ids, cache, fault(Branches(chain, (0,) * len(paths), parents)))

    monkeypatch.setattr(type(lm.model), "forward_tree", wrong)
    lossless = planted(monkeypatch, lm, DecodeConfig(90, detail=-1)).lossless
    assert lossless.rows_equal < lossless.rows_compared


def test_a_row_that_is_not_moved_is_caught(monkeypatch):
    monkeypatch.setattr(CompiledCache, "keep", lambda cache, rows: cache.appended(len(rows)))
    lossless = planted(monkeypatch, compiled_model(max_position_embeddings=256), DecodeConfig(90, detail=-1)).lossless
    assert lossless.rows_equal < lossless.rows_compared


@settings(max_examples=8)
@given(data=st.data())
def test_each_row_of_a_tree_has_the_bits_it_has_alone(data):
    """A pass over a random tree against each path decoded one token at a time."""
    model = compiled_model(max_position_embeddings=256).model
    chain = data.draw(st.integers(1, 12))
    parents: list[int] = []
    for row in range(chain + 1, chain + 1 + data.draw(st.integers(1, 20))):
        parents.append(data.draw(st.integers(0, row - 1)))
    branches = Branches(chain, (0,) * len(parents), tuple(parents))
    ids = torch.tensor(
        data.draw(st.lists(st.integers(0, 300), min_size=len(branches.depths), max_size=len(branches.depths)))
    )
    prompt = torch.arange(1, 1 + data.draw(st.integers(1, 40)))

    def begun():
        cache = model.new_cache(128)
        model.forward_ar(prompt, cache, last_only=True)
        return cache

    cache = begun()
    together = model.forward_tree(ids, cache, branches.paths)
    for path in branches.paths:
        alone = begun()
        for row in (0, *path):
            logits = model.forward_ar(ids[row : row + 1], alone)
        assert torch.equal(logits[0], together[path[-1]])
    longest = max(branches.paths, key=len)
    kept = next(n for n, row in enumerate(longest) if row > chain)
    cache.crop(len(prompt) + 1 + kept)
    cache.keep(longest[kept:])
    alone = begun()
    model.forward_ar(ids[[0, *longest]], alone)
    following = torch.tensor([7])
    assert torch.equal(model.forward_ar(following, cache), model.forward_ar(following, alone))


def test_a_tree_wider_than_a_pass_is_refused():
    model = compiled_model().model
    with pytest.raises(ValueError, match="64"):
        model.forward_tree(torch.zeros(65, dtype=torch.int64), model.new_cache(16), [(1,)] * 60)


@pytest.mark.parametrize("draft", ("tree", "lookup", "one-pass"))
def test_rejection_judges_chains_alone(draft):
    with pytest.raises(OrthrusError) as refused:
        DecodeConfig(draft=draft, temperature=0.8, coupling="rejection")
    assert refused.value.code == "chain-only" and draft in str(refused.value)
    assert DecodeConfig(draft="auto", temperature=0.8, coupling="rejection").draft == "auto"


def test_a_wrong_walk_breaks_an_invariant(monkeypatch):
    trace = planted(monkeypatch, compiled_model(max_position_embeddings=256), DecodeConfig(90, detail=-1))
    events = list(trace.events)
    at = next(
        i for i, event in enumerate(events) if isinstance(event, Verdict) and event.path and event.next_id is not None
    )
    verdict, draft = events[at], trace.cycle(events[at].cycle).draft
    other = tuple(row + 1 if row + 1 < draft.block + len(draft.branch_ids) else row - 1 for row in verdict.path)
    short = replace(verdict, path=verdict.path[:-1], n_commit=verdict.n_commit - 1)
    for wrong in (replace(verdict, path=other), short, replace(verdict, next_id=verdict.next_id + 1)):
        assert check(Trace.of([*events[:at], wrong])), wrong
    lost = replace(verdict, kv=replace(verdict.kv, written=draft.block, cropped=draft.block - verdict.kv.kept))
    assert any(problem.startswith("(iii)") for problem in check(Trace.of([*events[:at], lost])))
    assert check(Trace.of(events[: at + 1])) == []


def test_a_tree_s_events_survive_json(monkeypatch):
    trace = planted(monkeypatch, compiled_model(max_position_embeddings=256), DecodeConfig(40, detail=1))
    assert Trace.of(from_json(json.loads(json.dumps(to_json(event)))) for event in trace.events) == trace


@pytest.mark.parametrize(
    "change",
    ({"shape": "chain"}, {"branch_parents": None}, {"branch_ids": (1, 2)}, {"branch_parents": (9,)}),
    ids=str,
)
def test_a_draft_whose_branches_make_no_sense_is_refused(change):
    draft = {"cycle": 0, "pos0": 3, "anchor_id": 1, "block": 3, "n_draft": 2, "draft_ids": (4, 5), "t_start_ms": 0.0}
    right = draft | {"v": 1, "run": "r", "seq": 1, "t": 0.0, "detail": -1, "t_draft_ms": 1.0}
    right |= {"shape": "tree", "branch_ids": (6,), "branch_parents": (0,)}
    validate(Draft(**right))
    with pytest.raises(ValueError):
        validate(Draft(**right | change))
