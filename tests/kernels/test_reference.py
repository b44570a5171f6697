"""The reference against something else than itself: PyTorch's own functions, published vectors, hand-made cases."""

import math

import pytest
import torch
from kernel_cases import DTYPES, assert_close, randn, rope_table, scalar

from kernels import records, reference


@pytest.mark.parametrize("dtype", DTYPES)
def test_linear(dtype):
    x, weight = randn(7, 48, dtype=dtype), randn(33, 48, dtype=dtype)
    assert_close(reference.linear(x, weight), (x.double() @ weight.double().T).to(dtype))
    assert reference.linear(x, weight, torch.float32).dtype == torch.float32


@pytest.mark.parametrize("length", [0, 5, 20])
def test_attention_of_the_ar_view_is_causal_attention_over_the_whole_sequence(length):
    """sdpa over prefix and block together, of which the block's rows are ours."""
    total = length + 7
    q, k, v = randn(4, total, 16), randn(2, total, 16, seed=1), randn(2, total, 16, seed=2)
    wide = [t.repeat_interleave(2, dim=0) for t in (k, v)]
    expected = torch.nn.functional.scaled_dot_product_attention(q, *wide, is_causal=True)[:, length:]
    cache = [torch.cat([t, torch.full((2, 9, 16), math.nan)], dim=1) for t in (k, v)]
    out = reference.attention(q[:, length:].transpose(0, 1), *cache, scalar(length))
    assert_close(out, expected.transpose(0, 1).reshape(7, 64))


def test_attention_of_the_diffusion_view_sees_all_of_the_block_and_nothing_else():
    q, k, v = randn(7, 4, 16), randn(2, 12, 16, seed=1), randn(2, 12, 16, seed=2)
    wide = [t.repeat_interleave(2, dim=0) for t in (k, v)]
    expected = torch.nn.functional.scaled_dot_product_attention(q.transpose(0, 1), *wide)
    cache = [torch.cat([t[:, :5], torch.full((2, 9, 16), math.nan)], dim=1) for t in (k, v)]
    out = reference.attention(q, *cache, scalar(5), k[:, 5:], v[:, 5:])
    assert_close(out, expected.transpose(0, 1).reshape(7, 64))


@pytest.mark.parametrize("dtype", DTYPES)
def test_rmsnorm_and_the_gated_product_are_those_of_qwen3(dtype):
    from transformers.models.qwen3.modeling_qwen3 import Qwen3RMSNorm

    x, weight, residual = randn(5, 64, dtype=dtype), randn(64, dtype=dtype), randn(5, 64, dtype=dtype, seed=1)
    norm = Qwen3RMSNorm(64, eps=1e-6).to(dtype)
    norm.weight.data = weight
    assert torch.equal(reference.rmsnorm(x, weight, 1e-6), norm(x))
    normed, stream = reference.add_rmsnorm(x, residual, weight, 1e-6)
    assert torch.equal(stream, x + residual) and torch.equal(normed, norm(stream))
    gate_up = randn(96, 64, dtype=dtype, seed=2, scale=0.125)
    gate, up = torch.nn.functional.linear(x, gate_up).chunk(2, dim=-1)
    assert_close(reference.linear_silu_mul(x, gate_up), torch.nn.functional.silu(gate) * up)


def test_qk_norm_rope_is_that_of_qwen3():
    from transformers.models.qwen3.modeling_qwen3 import apply_rotary_pos_emb

    rows, heads, kv_heads, dim, length = 6, 4, 2, 16, 9
    qkv, q_weight, k_weight = randn(rows, (heads + 2 * kv_heads) * dim), randn(dim), randn(dim, seed=1)
    cos, sin = rope_table(32, dim)
    k_out, v_out = torch.zeros(kv_heads, 32, dim), torch.zeros(kv_heads, 32, dim)
    q = reference.qk_norm_rope(qkv, q_weight, k_weight, cos, sin, scalar(length), k_out, v_out, "cache", 1e-6)
    raw = qkv.view(rows, -1, dim)
    normed = [
        reference.rmsnorm(raw[:, :heads], q_weight, 1e-6),
        reference.rmsnorm(raw[:, heads:-kv_heads], k_weight, 1e-6),
    ]
    here = slice(length, length + rows)
    table = [torch.cat([t, t], dim=-1)[None, here] for t in (cos, sin)]
    expected_q, expected_k = apply_rotary_pos_emb(*(t.transpose(0, 1)[None] for t in normed), *table)
    assert_close(q, expected_q[0].transpose(0, 1))
    assert_close(k_out[:, here], expected_k[0])
    assert torch.equal(v_out[:, here], raw[:, -kv_heads:].transpose(0, 1))
    assert (k_out[:, :length] == 0).all() and (k_out[:, here.stop :] == 0).all()


def test_qk_norm_rope_drops_rows_past_the_cache():
    k_out, v_out = torch.zeros(1, 8, 4), torch.zeros(1, 8, 4)
    for length in (6, 8, 30):
        q = reference.qk_norm_rope(
            randn(4, 12), torch.ones(4), torch.ones(4), *rope_table(8, 4), scalar(length), k_out, v_out, "cache", 1e-6
        )
        assert q.shape == (4, 1, 4) and q.isfinite().all()
    assert (k_out[:, :6] == 0).all() and (k_out[:, 6:] != 0).any()


def test_argmax_prefers_the_lowest_index():
    logits = torch.tensor([[0.0, 3.0, 3.0], [2.0, 2.0, 2.0], [-math.inf] * 3, [0.0, -1.0, 4.0]])
    assert reference.argmax(logits).tolist() == [1, 0, 0, 2]
    assert reference.argmax(logits).dtype == torch.int32


def test_kl_is_that_of_pytorch_and_its_slope_is_its_gradient():
    student, teacher, index = randn(6, 40).requires_grad_(), randn(4, 40, seed=1), torch.tensor([0, 3, 3, 1, 0, 2])
    log_s, log_t = student.log_softmax(-1), teacher.log_softmax(-1)[index]
    wanted = torch.nn.functional.kl_div(log_s, log_t, reduction="none", log_target=True).sum(-1)
    wanted.sum().backward()
    found, lse = reference.kl(student.detach(), teacher, index)
    assert_close(found, wanted.detach())
    assert_close(reference.kl_slope(student.detach(), teacher, index, lse), student.grad)
    never = torch.full((1, 40), -math.inf).index_fill(1, torch.tensor([0, 1]), 0.0)  # a teacher of two tokens
    assert_close(reference.kl(torch.zeros(1, 40), never, torch.tensor([0]))[0], torch.tensor([math.log(20)]))


# ---------------------------------------------------------------- noise
def test_philox_is_the_published_one():
    """Known answer of Random123 for key 0, counter 0; then the carries of a key of 64 bits against plain integers."""
    zero = torch.zeros(1, dtype=torch.int64)
    assert int(reference.philox_word(0, zero, zero)) == 0x6627E8D5
    seed, counters = 0x1234_5678_9ABC_DEF0, (0xFFFF_FFFF, 77)
    assert int(reference.philox_word(seed, *(zero + c for c in counters))) == plain_philox(seed, *counters)


def plain_philox(seed, c0, c1):
    c2, c3, key = 0, 0, [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        first, second = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = second >> 32 ^ c1 ^ key[0], second & 0xFFFFFFFF, first >> 32 ^ c3 ^ key[1], first & 0xFFFFFFFF
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c0


def test_gumbel_argmax_draws_from_the_softmax():
    """40,000 positions of the same logits: frequencies within four standard errors."""
    logits, n, temperature = torch.tensor([0.0, 1.0, 2.0, -1.0, -math.inf]), 40_000, 0.7
    draws = reference.gumbel_argmax(
        logits.expand(n, 5), scalar(0), scalar(3, torch.int64), scalar(temperature, torch.float32)
    )
    p = (logits / temperature).softmax(0)
    error = (torch.bincount(draws, minlength=5) / n - p).abs()
    assert (error <= 4 * (p * (1 - p) / n).sqrt()).all(), error


def test_noise_belongs_to_seed_position_and_token():
    logits, warm = randn(32, 50), scalar(1.0, torch.float32)

    def draw(rows, length, seed):
        return reference.gumbel_argmax(rows, scalar(length), scalar(seed, torch.int64), warm)

    whole = draw(logits, 100, 7)
    assert torch.equal(draw(logits[9:20], 109, 7), whole[9:20])
    assert not torch.equal(draw(logits, 101, 7), whole) and not torch.equal(draw(logits, 100, 8), whole)


def test_noise_is_finite_and_tells_the_winners_apart():
    noise = reference.gumbel_noise(1, torch.zeros(1, 1, dtype=torch.int64), torch.arange(200_000)).flatten()
    assert noise.isfinite().all()
    assert len(noise.topk(1000).values.unique()) >= 995


# ---------------------------------------------------------------- accept
def judge(block, choice, state, eos=(-1,), text_size=64):
    text, ring = torch.full((text_size,), -7, dtype=torch.int32), records.make_ring(4, len(block))
    int32 = [torch.tensor(t, dtype=torch.int32) for t in (block, choice, eos)]
    reference.accept(*int32[:2], state, int32[2], text, ring)
    return [t for t in text.tolist() if t != -7], records.read_record(ring, 0)


def test_a_mismatch_brings_the_correction():
    state = records.make_state(length=10, generated=1, anchor=5, max_tokens=50, capacity=90)
    text, record = judge([5, 11, 12, 99, 14], [11, 12, 13, 14, 15], state)
    assert text == [11, 12, 13]
    assert record == (1, 10, 4, 2, 3, 13, None, (5, 11, 12, 99, 14), (11, 12, 13, 14, 15))
    assert state.tolist() == [13, 4, 1, 0, 13, 50, 90, 0]


def test_a_full_block_brings_the_bonus():
    state = records.make_state(10, 1, 5, 50, 90)
    text, record = judge([5, 11, 12], [11, 12, 13], state)
    assert text == [11, 12, 13] and (record.n_accept, record.n_commit, record.next_id) == (2, 3, 13)
    assert state[records.LENGTH] == 13


def test_an_accepted_eos_ends_the_text_and_nothing_follows():
    state = records.make_state(10, 1, 5, 50, 90)
    text, record = judge([5, 11, 2, 13, 14], [11, 2, 13, 14, 15], state, eos=(2, 3))
    assert text == [11, 2]
    assert (record.n_accept, record.n_commit, record.next_id, record.stop) == (4, 2, None, "eos")
    assert state[records.LENGTH] == 13, "the anchor and both accepted tokens are in the cache"


def test_an_eos_the_ar_view_chooses_itself_is_appended():
    state = records.make_state(10, 1, 5, 50, 90)
    text, record = judge([5, 11, 99, 13], [11, 3, 13, 14], state, eos=(2, 3))
    assert text == [11, 3] and (record.next_id, record.stop) == (3, "eos")
    assert state[records.LENGTH] == 12, "the EOS itself was never computed"


def test_an_eos_beats_the_length():
    text, record = judge([5, 11, 99], [11, 2, 13], records.make_state(10, 1, 5, 3, 90), eos=(2,))
    assert text == [11, 2] and record.stop == "eos"


def test_the_limits_shorten_the_draft():
    right = ([5, 11, 12, 13, 14], [11, 12, 13, 14, 15])
    state = records.make_state(10, 1, 5, 4, 90)
    text, record = judge(*right, state)
    assert text == [11, 12, 13] and (record.n_draft, record.stop) == (2, "length")
    state = records.make_state(10, 1, 5, 50, 12)
    text, record = judge(*right, state)
    assert text == [11, 12] and (record.n_draft, record.stop) == (1, "capacity") and state[records.LENGTH] == 12


def test_plain_decoding_is_a_block_of_one():
    state = records.make_state(10, 1, 5, 50, 90)
    text, record = judge([5], [11], state)
    assert text == [11] and (record.n_draft, record.n_accept, record.next_id) == (0, 0, 11)
    assert state[: records.STOP].tolist() == [11, 2, 1]


def test_a_stopped_state_changes_nothing():
    state = records.make_state(10, 1, 5, 50, 90)
    state[records.STOP] = records.STOP_EOS
    before = state.clone()
    text, record = judge([5, 11], [11, 12], state)
    assert text == [] and record is None and torch.equal(state, before)


def test_a_state_without_room_is_refused():
    with pytest.raises(ValueError, match="max_tokens is 3"):
        records.make_state(10, 3, 5, 3, 90)
    with pytest.raises(ValueError, match="capacity is 10"):
        records.make_state(10, 1, 5, 3, 10)


def test_a_half_written_record_is_not_read():
    ring = records.make_ring(4, 3)
    ring[1, records.SEQUENCE] = 2
    assert records.read_record(ring, 1).sequence == 2
    assert records.read_record(ring, 5) is None, "the slot still holds an older cycle"
