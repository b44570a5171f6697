"""The CPU's kernels against the reference, and their rule: a row's bits depend on the row and the weights alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels import ops
from kernels.numba_common import exp32, inner
from kernels.numba_groups import apart, group_of, grouped
from kernels.numba_silu_mul import silu_mul
from orthrus.model.row_invariance import bit_equal

# Sums of up to 3,000 products in another order than PyTorch's: float32 keeps 24 bits, of which 12 may go.
CLOSE = {"rtol": 2e-4, "atol": 2e-4}
DTYPES = (torch.float32, torch.bfloat16)


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool(bit_equal(a.float(), b.float()).all())


def agree(ours: torch.Tensor, reference: torch.Tensor, **bounds: float) -> None:
    torch.testing.assert_close(ours.float(), reference.float(), **(CLOSE | bounds))


@inner
def exp_of(x):
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = exp32(x[i])
    return out


# ---------------------------------------------------------------- linear
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("out", "size"), ((64, 64), (128, 256), (17, 48), (1, 16), (300, 3072), (16, 1)))
@pytest.mark.parametrize("rows", (1, 2, 3, 5, 8, 13, 32, 41))
def test_linear(dtype, out, size, rows):
    x, weight = draw(rows, size), draw(out, size, seed=1, dtype=dtype)
    ours = ops.linear(x.to(dtype), weight, torch.float32, backend="numba")
    reference = torch.nn.functional.linear(x.to(dtype).float(), weight.float())
    agree(ours, reference)
    with pytest.raises(AssertionError):  # what the bounds let through must not be the neighbour's row
        agree(ours, reference.roll(1, 1) if out > 1 else reference + 1)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_row_of_a_product_is_the_same_in_every_pass(dtype):
    x, weight = draw(37, 1024).to(dtype), draw(80, 1024, seed=1, dtype=dtype)
    together = ops.linear(x, weight, torch.float32, backend="numba")
    for first, rows in ((0, 1), (5, 2), (9, 3), (30, 7), (4, 8), (1, 31)):
        part = ops.linear(x[first : first + rows], weight, torch.float32, backend="numba")
        assert same(part, together[first : first + rows])
    reordered = torch.arange(1024).flip(0)  # the comparison sees another order of sums
    other = ops.linear(x[:, reordered].contiguous(), weight[:, reordered].contiguous(), torch.float32, backend="numba")
    assert not same(other, together)


@given(st.integers(1, 70), st.integers(1, 5))
def test_rows_in_groups_are_the_same_rows(rows, size):
    x = np.arange(rows * size, dtype=np.float32).reshape(rows, size)
    flat = grouped(x)
    assert np.array_equal(apart(flat, rows), x)
    for row in range(rows):
        first, count = group_of(row, rows)
        assert first <= row < first + count <= rows
        assert np.array_equal(flat[first * size + row - first :][: size * count : count], x[row])


def test_a_product_is_the_chain_of_fused_multiply_adds_it_says():
    """float64 holds a product of float32 numbers exactly, so its sum rounded to float32 is the fused operation."""
    x, weight = draw(1, 200)[0], draw(5, 200, seed=1)
    chain = np.zeros(5, np.float32)
    for i in range(200):
        # math.fma needs Python 3.13; a double sum may itself round, which 53 bits make rare: none of these do
        chain = (np.float64(x[i]) * weight[:, i].double().numpy() + chain.astype(np.float64)).astype(np.float32)
    assert same(ops.linear(x[None], weight, backend="numba"), torch.from_numpy(chain)[None])


# ---------------------------------------------------------------- elementwise and norms
def test_exp_is_within_two_units_in_the_last_place():
    x = np.concatenate([np.linspace(-86.9, 88, 200_001), np.linspace(-1e-3, 1e-3, 2001)]).astype(np.float32)
    right = np.exp(x.astype(np.float64))
    units = np.abs(exp_of(x) - right) / np.spacing(right.astype(np.float32))
    assert units.max() <= 2
    assert exp_of(np.array([-1e9, -np.inf], np.float32)).max() < 2e-38


@given(st.lists(st.floats(-80, 80, width=32), min_size=1, max_size=70))
def test_exp_does_not_depend_on_its_place(values):
    x = np.array(values, np.float32)
    assert all(exp_of(x[i : i + 1])[0] == exp_of(x)[i] for i in range(len(x)))


@pytest.mark.parametrize(("rows", "size"), ((1, 64), (7, 256), (32, 1024)))
def test_rmsnorm(rows, size):
    x, weight = draw(rows, size), draw(size, seed=1)
    agree(ops.rmsnorm(x, weight, 1e-6, backend="numba"), ops.rmsnorm(x, weight, 1e-6))
    assert same(ops.rmsnorm(x[:1], weight, 1e-6, backend="numba"), ops.rmsnorm(x, weight, 1e-6, backend="numba")[:1])


@pytest.mark.parametrize(("rows", "size"), ((1, 16), (5, 100), (32, 3072)))
def test_silu_mul(rows, size):
    gate_up = draw(rows, 2 * size) * 10
    ours, (gate, up) = silu_mul(gate_up), gate_up.chunk(2, dim=-1)
    agree(ours, torch.nn.functional.silu(gate) * up)
    assert same(silu_mul(gate_up[-1:]), ours[-1:])


@pytest.mark.parametrize("into", ("cache", "block"))
@pytest.mark.parametrize(("heads", "kv_heads", "dim"), ((4, 2, 16), (8, 8, 32), (4, 1, 128)))
def test_qk_norm_rope(heads, kv_heads, dim, into):
    rows, length = 6, torch.tensor([11], dtype=torch.int32)
    qkv, weights = draw(rows, (heads + 2 * kv_heads) * dim), (draw(dim, seed=1), draw(dim, seed=2))
    angles = torch.outer(torch.arange(40.0), 1e4 ** -(torch.arange(0, dim, 2) / dim))
    found = []
    for backend in ("numba", "reference"):
        outs = [torch.zeros(kv_heads, 40, dim) for _ in "kv"]
        q = ops.qk_norm_rope(qkv, *weights, angles.cos(), angles.sin(), length, *outs, into, 1e-6, backend=backend)
        found.append((q, *outs))
    for ours, reference in zip(*found, strict=True):
        agree(ours, reference)


# ---------------------------------------------------------------- attention
@pytest.mark.parametrize(("heads", "kv_heads", "dim"), ((4, 2, 16), (8, 4, 32), (16, 8, 128), (2, 2, 64)))
@pytest.mark.parametrize(("start", "rows"), ((0, 1), (0, 9), (37, 1), (250, 32)))
@pytest.mark.parametrize("view", ("ar", "diffusion"))
def test_attention(heads, kv_heads, dim, start, rows, view):
    q, cache = draw(rows, heads, dim), [draw(kv_heads, 300, dim, seed=s) for s in (1, 2)]
    length = torch.tensor([start], dtype=torch.int32)
    block = [draw(kv_heads, rows, dim, seed=s) for s in (3, 4)] if view == "diffusion" else [None, None]
    found = [ops.attention(q, *cache, length, *block, backend=backend) for backend in ("numba", "reference")]
    agree(*found)
    with pytest.raises(AssertionError):
        agree(found[0], found[1].roll(1, 1))


@pytest.mark.parametrize("start", (0, 15, 230))
def test_a_row_of_attention_is_the_same_in_every_pass(start):
    q, keys, values = draw(40, 4, 32), draw(2, 300, 32, seed=1), draw(2, 300, 32, seed=2)

    def attend(first: int, rows: int) -> torch.Tensor:
        length = torch.tensor([start + first], dtype=torch.int32)
        return ops.attention(q[first : first + rows], keys, values, length, backend="numba")

    together = attend(0, 40)
    for first, rows in ((0, 1), (7, 1), (3, 13), (39, 1), (16, 24)):
        assert same(attend(first, rows), together[first : first + rows])


def test_what_lies_behind_a_row_weighs_nothing():
    q, keys, values = draw(3, 2, 16), draw(1, 64, 16, seed=1), draw(1, 64, 16, seed=2)
    length = torch.tensor([20], dtype=torch.int32)
    before = ops.attention(q, keys, values, length, backend="numba")
    keys[:, 23:], values[:, 23:] = 1e30, -1e30
    assert same(ops.attention(q, keys, values, length, backend="numba"), before)
    values[:, 22:] = 7.0  # the last row sees position 22
    assert not same(ops.attention(q, keys, values, length, backend="numba"), before)


# ---------------------------------------------------------------- argmax and the front door
@pytest.mark.parametrize("vocab", (1, 7, 8, 320, 2051))
def test_argmax_takes_the_lowest_of_equals(vocab):
    logits = draw(9, vocab).round(decimals=1)
    logits[3] = 2.0
    ours = ops.argmax(logits, backend="numba")
    assert ours.tolist() == ops.argmax(logits).tolist() and ours[3] == 0
    logits[4, vocab // 2], logits[5, -1], logits[6, 0] = torch.nan, torch.inf, -torch.inf
    assert ops.argmax(logits, backend="numba")[4:7].tolist() == [-1, -1, -1]


def test_an_explicit_choice_holds_or_raises():
    with pytest.raises(ValueError, match="numba"):
        ops.argmax(torch.zeros(1, 4, device="meta"), backend="numba")
    with pytest.raises(ValueError, match="numba"):
        ops.linear_parts(torch.zeros(1, 4), torch.zeros(4, 4), backend="numba")


# ---------------------------------------------------------------- what is read off the logits
@pytest.mark.parametrize(("rows", "vocab"), [(1, 2), (3, 17), (32, 2048)])
def test_gaps(rows, vocab):
    logits = torch.randn(rows, vocab + 3)[:, :vocab]
    logits[0, :2] = logits[0].max()  # two equal ones
    ours, reference = (ops.gaps(logits, backend=b) for b in ("numba", "reference"))
    assert torch.equal(ours, reference) and ours[0] == 0


@pytest.mark.parametrize(("rows", "vocab"), ((1, 3), (5, 320), (32, 2051)))
@pytest.mark.parametrize("count", (0, 2, 8))
def test_distribution(rows, vocab, count):
    logits = draw(rows, vocab) * 8
    ours, reference = (ops.distribution(logits, count, backend=b) for b in ("numba", "reference"))
    for a, b, name in zip(ours, reference, ("log_p", "p", "entropy", "values", "ids"), strict=True):
        if count or name in ("log_p", "p"):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=2e-5, msg=name)
    assert ours[3].shape == (rows, min(count, vocab))
    torch.testing.assert_close(ours[1].sum(-1), torch.ones(rows))


def test_the_likeliest_come_in_order_of_their_ids_among_equals():
    logits = torch.zeros(2, 40)
    logits[1, [9, 30]] = 1.0
    assert ops.distribution(logits, 4)[4].tolist() == [[0, 1, 2, 3], [9, 30, 0, 1]]
