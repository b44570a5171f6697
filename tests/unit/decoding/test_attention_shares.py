"""Shares of attention: against a softmax written here, of both views, with grouped heads; a planted fault turns red."""

import math

import pytest
import torch

from orthrus.decoding import attention_shares as shares
from orthrus.decoding.attention_shares import BUCKETS, bucketed, seen, weights
from orthrus.model.modules import AR, DIFF
from tests.refusals import refused
from tests.tiny import tiny_model

BEFORE = [7, 40, 41, 42, 99, 100, 101]
BLOCK = [50, 51, 52, 53, 54, 55]
PROMPT = 4


@pytest.fixture(scope="module")
def lm():
    """4 heads over 2 key-value heads, 2 layers."""
    return tiny_model(3)


def filled(lm):
    cache = lm.model.new_cache(64)
    lm.model.forward_ar(torch.tensor(BEFORE), cache)
    return cache


def by_hand(lm, ids, view):
    """Every layer's weights [heads][row][key] by loops over heads, rows and keys."""
    c, cache = lm.config, filled(lm)
    start, x = cache.length, lm.model.model.embed_tokens.weight[torch.tensor(ids)].clone()
    found = []
    for i, layer in enumerate(lm.model.model.layers):
        attention, normed = layer.self_attn, layer.input_layernorm(x)
        q, k, v = (getattr(attention, f"{p}_proj{view}")(normed).view(len(ids), -1, c.head_dim) for p in "qkv")
        q, k = (getattr(attention, f"{name}_norm{view}")(t) for name, t in (("q", q), ("k", k)))
        q, k = turned(q, start, c), turned(k, start, c)
        out, heads = torch.zeros(len(ids), c.num_attention_heads * c.head_dim), []
        for head in range(c.num_attention_heads):
            group = head // (c.num_attention_heads // c.num_key_value_heads)
            rows = []
            for row in range(len(ids)):
                keys = [cache.keys[i][group, n] for n in range(start)]
                values = [cache.values[i][group, n] for n in range(start)]
                last = len(ids) if view == DIFF else row + 1
                keys += [k[n, group] for n in range(last)]
                values += [v[n, group] for n in range(last)]
                scores = [float(q[row, head] @ key) / math.sqrt(c.head_dim) for key in keys]
                total = sum(math.exp(score) for score in scores)
                probabilities = [math.exp(score) / total for score in scores]
                mixed = sum(p * value for p, value in zip(probabilities, values, strict=True))
                out[row, head * c.head_dim : (head + 1) * c.head_dim] = mixed
                rows.append(probabilities + [0.0] * (start + len(ids) - len(probabilities)))
            heads.append(rows)
        found.append(torch.tensor(heads))
        x = x + getattr(attention, f"o_proj{view}")(out)
        x = x + layer.mlp(layer.post_attention_layernorm(x))
    return found


def turned(x, start, c):
    """Rotary positions: pairs (i, i + half) turned by position * theta^(-2i / head_dim)."""
    half, out = c.head_dim // 2, x.clone()
    for row in range(len(x)):
        for i in range(half):
            angle = (start + row) * c.rope_theta ** (-2 * i / c.head_dim)
            a, b = x[row, :, i], x[row, :, i + half]
            out[row, :, i] = a * math.cos(angle) - b * math.sin(angle)
            out[row, :, i + half] = b * math.cos(angle) + a * math.sin(angle)
    return out


def counted(weight, row):
    """The shares of one row by a loop over its keys."""
    found = dict.fromkeys(BUCKETS, 0.0)
    for key in range(weight.shape[2]):
        slot = key - len(BEFORE)
        if slot < 0:
            name = "first" if key == 0 else "prompt" if key < PROMPT else "text"
        else:
            name = "anchor" if slot == 0 else "left" if slot < row else "own" if slot == row else "right"
        found[name] += float(weight[:, row, key].mean())
    return list(found.values())


def check_view(lm, ids, view):
    wanted = by_hand(lm, ids, view)
    found = [each for each, _ in weights(lm.model, torch.tensor(ids), filled(lm), view)]
    assert len(found) == len(wanted) == 2
    for ours, theirs in zip(found, wanted, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)
        told = bucketed(ours, len(BEFORE), PROMPT)
        for row in range(len(ids)):
            assert told[row].tolist() == pytest.approx(counted(theirs, row), abs=1e-5)


@torch.inference_mode()
@pytest.mark.parametrize("view", [AR, DIFF])
def test_weights_and_shares_are_those_of_a_plain_softmax(lm, view):
    check_view(lm, BLOCK, view)


@torch.inference_mode()
def test_a_future_row_that_is_seen_is_noticed(lm, monkeypatch):
    def faulty(start, rows, view):
        mask = seen(start, rows, view)
        mask[1, start + 2] = True
        return mask

    monkeypatch.setattr(shares, "seen", faulty)
    with pytest.raises(AssertionError):
        check_view(lm, BLOCK, AR)


@torch.inference_mode()
@pytest.mark.parametrize("view", [AR, DIFF])
def test_the_reference_is_the_model_s_own_pass(lm, view):
    ids = torch.tensor(BLOCK)
    *_, (_, state) = weights(lm.model, ids, filled(lm), view)
    ours = lm.model.logits(lm.model.model.norm(state))
    cache = filled(lm)
    theirs = lm.model.forward_ar(ids, cache) if view == AR else lm.model.forward_diffusion(ids, cache, len(ids))
    assert torch.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_each_row_s_shares_sum_to_one_and_nothing_is_seen_on_the_right_by_the_ar_view(seed):
    lm, random = tiny_model(seed), torch.Generator().manual_seed(seed)
    draw = lambda n: torch.randint(6, 300, (n,), generator=random).tolist()  # noqa: E731
    n, width = 1 + 9 * seed, 1 + seed
    found = shares.attention_shares(lm, draw(n), max(1, n // 2), draw(width))
    assert found["buckets"] == list(BUCKETS) and found["cached"] == n
    for name, rows in (("draft", lm.config.block_size), ("verify", width)):
        told = torch.tensor(found[name], dtype=torch.float64)
        assert told.shape == (2, rows, len(BUCKETS)) and bool((told >= 0).all())
        assert torch.allclose(told.sum(-1), torch.ones(2, rows, dtype=torch.float64), atol=5e-5), "rounded"
        right = told[..., BUCKETS.index("right")]
        assert bool((right == 0).all()) == (name == "verify")
        assert name == "verify" or bool((right[:, :-1] > 0).all()), "the diffusion view looks both ways"


def test_a_cycle_without_a_draft_pass_has_no_shares_of_one(lm):
    found = shares.attention_shares(lm, BEFORE, PROMPT, BLOCK, 0)
    assert found["draft"] is None and len(found["verify"][0]) == len(BLOCK)
    assert len(shares.attention_shares(lm, BEFORE, PROMPT, BLOCK, 3)["draft"][0]) == 3


def test_what_is_beyond_a_limit_is_refused(lm, monkeypatch):
    block = lm.config.block_size
    for code, *values in (
        ("prompt-empty", [], 1, BLOCK),
        ("prompt-empty", BEFORE, PROMPT, []),
        ("prompt-too-long", [7] * lm.config.max_position_embeddings, 1, BLOCK),
        ("prompt-too-long", [7] * (lm.config.max_position_embeddings - 2), 1, BLOCK),
        ("proposal-too-long", BEFORE, PROMPT, [7] * (block + 1)),
        ("out-of-range", BEFORE, 0, BLOCK),
        ("out-of-range", BEFORE, len(BEFORE) + 1, BLOCK),
        ("out-of-range", [*BEFORE, lm.config.vocab_size], PROMPT, BLOCK),
        ("out-of-range", BEFORE, PROMPT, [-1]),
        ("out-of-range", BEFORE, PROMPT, BLOCK, block + 1),
        ("wrong-type", "text", PROMPT, BLOCK),
        ("wrong-type", BEFORE, PROMPT, [1.5]),
        ("wrong-type", BEFORE, True, BLOCK),
    ):
        with refused(code):
            shares.attention_shares(lm, *values)
    monkeypatch.setattr(shares, "MOST_TOKENS", 3)
    with refused("prompt-too-long"):
        shares.attention_shares(lm, BEFORE, PROMPT, BLOCK)


@torch.inference_mode()
@pytest.mark.parametrize("kv_heads", [1, 4])
def test_other_groupings_of_heads(kv_heads):
    lm = tiny_model(5, num_key_value_heads=kv_heads)
    for view in (AR, DIFF):
        check_view(lm, BLOCK, view)
