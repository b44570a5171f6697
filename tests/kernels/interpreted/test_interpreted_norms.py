"""triton_rmsnorm and triton_qk_norm_rope against the reference, and their rows against themselves."""

import pytest
import torch
from kernel_cases import DTYPES, assert_close, bits, changed_rows, randn, rope_table, scalar

from kernels import ops, reference, triton_rmsnorm

EPS = 1e-6
SHAPES = {"ordinary": (32, 256), "odd": (7, 83), "one": (1, 1), "longest": (33, 5000)}


# ---------------------------------------------------------------- rmsnorm
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_rmsnorm_equals_reference(shape, dtype, launches):
    x, weight = randn(*shape, dtype=dtype, scale=3), 1 + randn(shape[1], dtype=dtype, scale=0.1)
    assert_close(ops.rmsnorm(x, weight, EPS, backend="triton"), reference.rmsnorm(x, weight, EPS))
    assert launches[0][1]["HAS_RESIDUAL"] is False


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_add_rmsnorm_equals_reference(shape, dtype, launches):
    x, residual = randn(*shape, dtype=dtype), randn(*shape, dtype=dtype, seed=1)
    weight, before = 1 + randn(shape[1], dtype=dtype, scale=0.1), x.clone()
    normed, stream = ops.add_rmsnorm(x, residual, weight, EPS, backend="triton")
    expected, expected_stream = reference.add_rmsnorm(x, residual, weight, EPS)
    assert_close(normed, expected)
    assert torch.equal(stream, expected_stream)
    assert torch.equal(x, before)
    assert launches[0][1]["HAS_RESIDUAL"] is True


def in_slices(x, slices=3):
    """[slices, *x.shape] fp32 of about the sum x; what is added is an order of magnitude larger than the sum."""
    parts = torch.stack([x.float()] + [10 * randn(*x.shape, seed=s) for s in range(5, 4 + slices)])
    parts[0] -= parts[1:].sum(0)
    return parts


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_slices_are_added_in_order_and_rounded_before_the_residual(shape, dtype, launches):
    """The bits of the same row added beforehand."""
    parts, residual = in_slices(randn(*shape)), randn(*shape, dtype=dtype, seed=1)
    weight = 1 + randn(shape[1], dtype=dtype, scale=0.1)
    found = ops.add_rmsnorm(parts, residual, weight, EPS, backend="triton")
    wanted = ops.add_rmsnorm(reference.whole(parts, dtype), residual, weight, EPS, backend="triton")
    assert all(torch.equal(bits(a), bits(b)) for a, b in zip(found, wanted, strict=True))
    assert [settings["PARTS"] for _, settings in launches] == [3, 1]
    turned = reference.add_rmsnorm(parts.flip(0), residual, weight, EPS)[1]
    assert shape == (1, 1) or dtype == torch.bfloat16 or not torch.equal(turned, found[1]), "another order shows"


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_mean_over_the_padded_row_is_rejected(dtype):
    x, weight = randn(4, 83, dtype=dtype), torch.ones(83, dtype=dtype)
    with pytest.raises(AssertionError, match="not close"):
        assert_close(
            ops.rmsnorm(x, weight, EPS, backend="triton") * (83 / 128) ** 0.5, reference.rmsnorm(x, weight, EPS)
        )


@pytest.mark.parametrize("dtype", DTYPES)
def test_rmsnorm_rows_do_not_depend_on_their_number_or_place(dtype):
    x, weight = randn(32, 83, dtype=dtype), randn(83, dtype=dtype)
    assert changed_rows(lambda start, count: ops.rmsnorm(x[start : start + count], weight, EPS, backend="triton")) == {}


def test_a_row_block_that_depends_on_the_rows_is_caught(monkeypatch):
    x, weight = randn(32, 83), randn(83)

    def faulty(start, count):
        monkeypatch.setattr(triton_rmsnorm, "block_for", lambda columns: 256 if count == 1 else 128)
        return ops.rmsnorm(x[start : start + count], weight, EPS, backend="triton")

    assert changed_rows(faulty, counts=(1, 7)).keys() <= {(0, 1), (15, 1), (31, 1)} != set()


# ---------------------------------------------------------------- qk norm, rope, write
def heads(rows, n_heads, kv_heads, dim, dtype, room):
    qkv = randn(rows, (n_heads + 2 * kv_heads) * dim, dtype=dtype)
    weights = [1 + randn(dim, dtype=dtype, seed=s, scale=0.1) for s in (1, 2)]
    outs = [torch.full((kv_heads, room, dim), 7.0, dtype=dtype) for _ in range(2)]
    return qkv, weights, outs


ROPE_SHAPES = {  # rows, heads, kv_heads, dim
    "ordinary": (32, 8, 4, 64),
    "odd": (7, 6, 2, 16),
    "one": (1, 1, 1, 2),
    "longest": (70, 2, 1, 128),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("into", ["cache", "block"])
@pytest.mark.parametrize("shape", ROPE_SHAPES.values(), ids=ROPE_SHAPES)
def test_qk_norm_rope_equals_reference(shape, into, dtype, launches):
    rows, room, length = shape[0], 100 if into == "cache" else shape[0], 19
    qkv, weights, outs = heads(*shape, dtype, room)
    expected_outs = [t.clone() for t in outs]
    arguments = (*rope_table(120, shape[3]), scalar(length))
    q = ops.qk_norm_rope(qkv, *weights, *arguments, *outs, into, EPS, backend="triton")
    assert_close(q, reference.qk_norm_rope(qkv, *weights, *arguments, *expected_outs, into, EPS))
    assert_close(outs[0], expected_outs[0])
    assert torch.equal(outs[1], expected_outs[1])
    first = length if into == "cache" else 0
    assert (outs[0][:, :first] == 7).all() and (outs[0][:, first + rows :] == 7).all()
    assert launches[0][1]["INTO_CACHE"] == (into == "cache")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("into", ["cache", "block"])
@pytest.mark.parametrize("shape", ROPE_SHAPES.values(), ids=ROPE_SHAPES)
def test_a_projection_in_slices_is_added_up_first(shape, into, dtype, launches):
    qkv, weights, outs = heads(*shape, torch.float32, room=100 if into == "cache" else shape[0])
    parts, weights, outs = in_slices(qkv), [w.to(dtype) for w in weights], [t.to(dtype) for t in outs]
    found = []
    for given in (parts, reference.whole(parts, dtype)):
        own = [t.clone() for t in outs]
        arguments = (*rope_table(120, shape[3]), scalar(19), *own, into, EPS)
        found.append([ops.qk_norm_rope(given, *weights, *arguments, backend="triton"), *own])
    assert all(torch.equal(bits(a), bits(b)) for a, b in zip(*found, strict=True))
    assert [settings["PARTS"] for _, settings in launches] == [3, 1]


def test_rows_past_the_end_of_the_cache_are_dropped():
    qkv, weights, outs = heads(8, 4, 2, 16, torch.float32, room=40)
    guard = torch.full((2, 60, 16), 7.0)  # the cache is a window of this: writing past it would show
    outs = [guard[:, :40], guard.clone()[:, :40]]
    expected_outs = [t.clone() for t in outs]
    arguments = (*rope_table(40, 16), scalar(35))
    q = ops.qk_norm_rope(qkv, *weights, *arguments, *outs, "cache", EPS, backend="triton")
    assert_close(q, reference.qk_norm_rope(qkv, *weights, *arguments, *expected_outs, "cache", EPS))
    assert_close(outs[0], expected_outs[0])
    assert (guard[:, 40:] == 7).all()


def test_a_rotation_one_position_late_is_rejected():
    qkv, weights, outs = heads(8, 4, 2, 16, torch.bfloat16, room=40)
    table = rope_table(50, 16)
    late = ops.qk_norm_rope(qkv, *weights, *table, scalar(20), *outs, "cache", EPS, backend="triton")
    with pytest.raises(AssertionError, match="not close"):
        assert_close(late, reference.qk_norm_rope(qkv, *weights, *table, scalar(19), *outs, "cache", EPS))


def place_rows(qkv, weights, dtype, wrong_position=False):
    """call(start, count) -> [count, everything qk_norm_rope made of these rows], written at their absolute place."""

    def call(start, count):
        outs = [torch.zeros(2, 100, 16, dtype=dtype) for _ in range(2)]
        length = 19 + (start if count > 1 or not wrong_position else 0)
        q = ops.qk_norm_rope(
            qkv[start : start + count],
            *weights,
            *rope_table(100, 16),
            scalar(length),
            *outs,
            "cache",
            EPS,
            backend="triton",
        )
        written = [t[:, length : length + count].transpose(0, 1) for t in outs]
        return torch.cat([q, *written], dim=1)

    return call


@pytest.mark.parametrize("dtype", DTYPES)
def test_qk_norm_rope_rows_do_not_depend_on_their_number_or_place(dtype):
    qkv, weights, _ = heads(32, 4, 2, 16, dtype, room=1)
    assert changed_rows(place_rows(qkv, weights, dtype)) == {}


def test_a_position_counted_from_the_block_is_caught():
    qkv, weights, _ = heads(32, 4, 2, 16, torch.float32, room=1)
    changed = changed_rows(place_rows(qkv, weights, torch.float32, wrong_position=True), counts=(1, 7))
    assert changed.keys() == {(15, 1), (31, 1)}


def test_cache_and_block_get_the_same_bits():
    qkv, weights, cache = heads(8, 4, 2, 16, torch.bfloat16, room=40)
    block = [torch.zeros(2, 8, 16, dtype=torch.bfloat16) for _ in range(2)]
    for outs, into in ((cache, "cache"), (block, "block")):
        ops.qk_norm_rope(qkv, *weights, *rope_table(60, 16), scalar(19), *outs, into, EPS, backend="triton")
    for rows, own in zip(cache, block, strict=True):
        assert torch.equal(bits(rows[:, 19:27]), bits(own))
