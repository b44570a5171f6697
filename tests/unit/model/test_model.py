"""The trunk against transformers' own Qwen3, the cache rules, and the two verbs."""

from __future__ import annotations

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from orthrus.model.attention import attend_ar, attend_diffusion, causal_bias
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF, rope_table
from orthrus.model.workspace import signed
from orthrus.training.forward import Blocks, causal_document_bias, forward_blocks, forward_rows
from tests.tiny import random_weights, tiny_config, tiny_model

SHAPES = (
    {},
    {"tie_word_embeddings": False, "num_key_value_heads": 4},
    {"num_attention_heads": 6, "num_key_value_heads": 1, "head_dim": 8, "rope_theta": 1e6},
)


def official(model: Orthrus) -> Qwen3ForCausalLM:
    """transformers' Qwen3 with our AR weights."""
    c = model.config
    config = Qwen3Config(
        vocab_size=c.vocab_size,
        hidden_size=c.hidden_size,
        intermediate_size=c.intermediate_size,
        num_hidden_layers=c.num_hidden_layers,
        num_attention_heads=c.num_attention_heads,
        num_key_value_heads=c.num_key_value_heads,
        head_dim=c.head_dim,
        max_position_embeddings=c.max_position_embeddings,
        rms_norm_eps=c.rms_norm_eps,
        rope_parameters={"rope_type": "default", "rope_theta": c.rope_theta},
        tie_word_embeddings=c.tie_word_embeddings,
        attn_implementation="eager",
    )
    theirs = Qwen3ForCausalLM(config).eval()
    ours = {n: p for n, p in model.named_parameters() if DIFF not in n}
    missing, unexpected = theirs.load_state_dict(ours, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}
    return theirs


@pytest.mark.parametrize("changes", SHAPES)
def test_ar_view_equals_transformers_qwen3(changes):
    model = random_weights(Orthrus(tiny_config(**changes)))
    ids = torch.randint(0, 320, (40,), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = official(model)(ids[None]).logits[0]
    cache = model.new_cache(64)
    got = torch.cat(
        [model.forward_ar(ids[:25], cache), model.forward_ar(ids[25:26], cache), model.forward_ar(ids[26:], cache)]
    )
    torch.testing.assert_close(got, expected, atol=2e-4, rtol=1e-4)  # fp32, sums in another order
    assert cache.length == 40


def test_a_wrong_rotation_is_caught():
    model = random_weights(Orthrus(tiny_config()))
    ids = torch.arange(40)
    with torch.no_grad():
        expected = official(model)(ids[None]).logits[0]
    model.fuse()
    model.rope = signed(*rope_table(tiny_config(rope_theta=9_000.0), 256))
    got = model.forward_ar(ids, model.new_cache(64))
    with pytest.raises(AssertionError):
        torch.testing.assert_close(got, expected, atol=2e-4, rtol=1e-4)


def test_diffusion_pass_only_reads_the_cache(tiny):
    model = tiny.model
    cache = model.new_cache(64)
    model.forward_ar(torch.arange(10), cache)
    keys, values = [k.clone() for k in cache.keys], [v.clone() for v in cache.values]
    block = torch.full((8,), tiny.config.mask_token_id)
    logits = model.forward_diffusion(block, cache, 7)
    assert logits.shape == (7, 320) and cache.length == 10
    assert all(torch.equal(a, b) for a, b in zip(keys + values, [*cache.keys, *cache.values], strict=True))


def test_stale_rows_behind_the_length_are_never_read(tiny):
    model = tiny.model
    clean, dirty = model.new_cache(64), model.new_cache(64)
    for cache in (clean, dirty):
        model.forward_ar(torch.arange(10), cache)
    for stale in (*dirty.keys, *dirty.values):
        stale[:, 10:] = float("nan")
    block = torch.full((8,), tiny.config.mask_token_id)
    assert torch.equal(model.forward_diffusion(block, clean, 7), model.forward_diffusion(block, dirty, 7))
    assert torch.equal(model.forward_ar(torch.arange(5), clean), model.forward_ar(torch.arange(5), dirty))


def test_diffusion_view_sees_its_block_in_both_directions(tiny):
    model = tiny.model
    cache = model.new_cache(64)
    model.forward_ar(torch.arange(10), cache)
    block = torch.full((8,), tiny.config.mask_token_id)
    plain = model.forward_diffusion(block, cache, 7)
    block[6] = 42
    assert not torch.allclose(plain[0], model.forward_diffusion(block, cache, 7)[0])
    # ... the AR view does not
    first = model.forward_ar(torch.tensor([1, 2, 3]), cache)
    cache.crop(10)
    assert torch.allclose(first[0], model.forward_ar(torch.tensor([1, 9, 9]), cache)[0], atol=1e-5)


def test_attention_equals_the_written_formula():
    g = torch.Generator().manual_seed(0)
    q, own_k, own_v = (torch.randn(5, heads, 16, generator=g) for heads in (4, 2, 2))
    keys, values = torch.randn(2, 32, 16, generator=g), torch.randn(2, 32, 16, generator=g)
    start = 11
    diffusion = attend_diffusion(q, own_k, own_v, keys, values, start).view(5, 4, 16)
    keys[:, start : start + 5], values[:, start : start + 5] = own_k.transpose(0, 1), own_v.transpose(0, 1)
    bias = torch.nn.functional.pad(causal_bias(5, 2, torch.device("cpu")), (start, 0))
    causal = attend_ar(q, keys, values, start, bias).view(5, 4, 16)
    for row in range(5):
        for head in range(4):
            for got, end in ((diffusion, start + 5), (causal, start + row + 1)):
                k, v = keys[head // 2, :end], values[head // 2, :end]
                weights = (k @ q[row, head] / 4.0).softmax(0)
                torch.testing.assert_close(got[row, head], weights @ v, atol=1e-5, rtol=1e-5)


def test_training_forward_equals_decoding_forward(tiny):
    """Packed rows with two documents, and anchored blocks, give what the cached passes give."""
    model, c = tiny.model, tiny.config
    first, second = torch.arange(20, 50), torch.arange(60, 80)
    ids = torch.cat([first, second])[None]
    document = torch.tensor([[0] * 30 + [1] * 20])
    position = torch.cat([torch.arange(30), torch.arange(20)])[None]
    cos, sin = rope_table(c, 64)
    with torch.no_grad():
        bias = causal_document_bias(document)
        hidden, prefix = forward_rows(model, ids, bias, cos[position][:, None], sin[position][:, None])
        logits = torch.nn.functional.linear(hidden, model.head_weight)[0]
        cache = model.new_cache(64)
        torch.testing.assert_close(logits[30:], model.forward_ar(second, cache), atol=1e-4, rtol=1e-4)
        anchor = 30 + 7
        block = torch.full((1, 8), c.mask_token_id)
        block[0, 0] = ids[0, anchor]
        where = 7 + torch.arange(8)[None]
        seen = (document[0] == 1) & (torch.arange(50) < anchor)
        prefix_bias = torch.zeros(1, 1, 1, 50).masked_fill_(~seen, float("-inf"))
        blocks = Blocks(block, where, prefix_bias, torch.empty(0), torch.empty(0))
        student = forward_blocks(model, blocks, prefix, cos[where][:, None], sin[where][:, None])[0, 0]
        cache.crop(7)
        expected = model.forward_diffusion(block[0], cache, 8)
        got = torch.nn.functional.linear(student, model.head_weight)
        torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_cache_refuses_what_does_not_fit(tiny):
    cache = tiny.model.new_cache(8)
    with pytest.raises(ValueError, match="9 rows exceed the cache's capacity of 8"):
        tiny.model.forward_ar(torch.arange(9), cache)
    tiny.model.forward_ar(torch.arange(4), cache)
    with pytest.raises(ValueError, match="cannot crop to 5"):
        cache.crop(5)
    with pytest.raises(ValueError, match="context of 256"):
        tiny.model.forward_ar(torch.arange(4).repeat(70), tiny.model.new_cache(400))


def test_fusing_holds_nothing_twice():
    lm = tiny_model()
    layer = lm.model.model.layers[0].self_attn
    fused = lm.model.fused_layers()[0].ar.qkv
    assert layer.q_proj.weight.data_ptr() == fused.data_ptr()
