"""Each kernel on the device: equal to the reference, and 32 of 32 rows equal to the row computed alone, in bits."""

import pytest
import torch
from kernel_cases import DTYPES, bits, cancelling, changed_rows, randn, rope_table, scalar

from kernels import ops, records, reference

pytestmark = pytest.mark.gpu

EPS = 1e-6
# (N, K) of the embedded model, Qwen3-1.7B and 8B: one slice and several, one step and many
LAYERS = [
    (512, 256),
    (256, 1024),
    (2048, 256),
    (4096, 2048),
    (12288, 2048),
    (2048, 6144),
    (4096, 12288),
    (151936, 2048),
]
HEADS = {"embedded": (8, 4, 32), "1.7B": (16, 8, 128), "8B": (32, 8, 128)}
LENGTHS = [0, 1, 31, 63, 64, 100, 127, 128, 1000, 2040, 4090]

# As on the CPU for the elementwise kernels. Products of thousands of terms: 1e-4 in fp32; in bf16 the weights of the
# softmax are rounded as well, and the reference rounds its fp32 result once: two steps of 2**-8.
TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 2e-2}


def assert_close(actual, expected):
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    tolerance = TOLERANCE[actual.dtype]
    torch.testing.assert_close(actual.float(), expected.float(), atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("columns", "depth"), LAYERS)
def test_linear(columns, depth, dtype, device):
    x = randn(32, depth, dtype=dtype, device=device)
    weight = randn(columns, depth, dtype=dtype, device=device, seed=1, scale=depth**-0.5)

    y = ops.linear(x, weight, backend="triton")
    assert_close(y, reference.linear(x, weight))
    with pytest.raises(AssertionError):
        assert_close(y.roll(1, dims=0), reference.linear(x, weight))

    def unrounded(start, count):
        return ops.linear(x[start : start + count], weight, torch.float32, backend="triton")

    assert changed_rows(unrounded) == {}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("columns", "depth"), [(256, 1024), (4096, 2048), (2048, 6144), (4096, 12288)])
def test_products_in_slices_and_what_adds_them(columns, depth, dtype, device):
    """The embedded model's down projection, qkv and down of Qwen3-1.7B, down of 8B: all of them cut by the table."""
    x = randn(32, depth, dtype=dtype, device=device)
    weight = randn(columns, depth, dtype=dtype, device=device, seed=1, scale=depth**-0.5)
    stream, norm = (randn(n, columns, dtype=dtype, device=device, seed=2) for n in (32, 1))

    def slices(start, count):
        parts = ops.linear_parts(x[start : start + count], weight, backend="triton")
        assert parts.dim() == 3
        return parts.transpose(0, 1).flatten(1)

    def added(start, count):
        parts = ops.linear_parts(x[start : start + count], weight, backend="triton")
        rest = (stream[start : start + count], norm[0], EPS)
        return torch.cat(ops.add_rmsnorm(parts, *rest, backend="triton"), dim=1)

    assert changed_rows(slices) == {} and changed_rows(added) == {}
    wanted = reference.add_rmsnorm(reference.linear(x, weight), stream, norm[0], EPS)
    assert_close(added(0, 32), torch.cat(wanted, dim=1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("ffn", "depth"), [(1024, 256), (6144, 2048), (12288, 4096)])
def test_the_gated_product(ffn, depth, dtype, device):
    x = randn(32, depth, dtype=dtype, device=device)
    gate_up = randn(2 * ffn, depth, dtype=dtype, device=device, seed=1, scale=depth**-0.5)

    def call(start, count):
        return ops.linear_silu_mul(x[start : start + count], gate_up, backend="triton")

    assert_close(call(0, 32), reference.linear_silu_mul(x, gate_up))
    with pytest.raises(AssertionError):
        assert_close(call(0, 32), reference.linear_silu_mul(x, gate_up.roll(ffn, dims=0)))
    assert changed_rows(call) == {}


class Keys:
    """Random queries and keys; cache rows that no query may see hold NaN."""

    def __init__(self, heads, length, dtype, device, rows=32):
        n_heads, kv_heads, dim = HEADS[heads]
        make = {"dtype": dtype, "device": device}
        self.rows, self.length, self.device = rows, length, device
        self.q = randn(rows, n_heads, dim, **make)
        self.k, self.v = (randn(kv_heads, length + rows, dim, seed=s, **make) for s in (1, 2))

    def cache(self, filled):
        rest = torch.full_like(self.k[:, :1], float("nan")).expand(-1, 4300 - filled, -1)
        return [torch.cat([t[:, :filled], rest], dim=1) for t in (self.k, self.v)]

    def at(self, offset=0):
        return scalar(self.length + offset, device=self.device)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("heads", HEADS)
def test_attention_of_the_ar_view(heads, length, dtype, device):
    keys = Keys(heads, length, dtype, device)

    def call(start, count):
        caches = keys.cache(length + start + count)
        return ops.attention(keys.q[start : start + count], *caches, keys.at(start), backend="triton")

    whole = call(0, 32)
    assert_close(whole, reference.attention(keys.q, *keys.cache(length + 32), keys.at()))
    alone = torch.cat([call(i, 1) for i in range(32)])
    assert (bits(alone) == bits(whole)).all(dim=1).sum() == 32
    assert changed_rows(call, counts=(2, 7, 31)) == {}


@pytest.mark.parametrize("length", [63, 127, 4090])
@pytest.mark.parametrize("heads", HEADS)
def test_rows_whose_roundings_show(heads, length, device):
    """Every key weighs the same and the values cancel: each rounding on the way is as large as the result."""
    keys = Keys(heads, length, torch.bfloat16, device)
    keys.v = cancelling(keys.v.shape, length, torch.bfloat16, device)
    q = torch.zeros_like(keys.q)

    def call(start, count):
        return ops.attention(
            q[start : start + count], *keys.cache(length + start + count), keys.at(start), backend="triton"
        )

    assert changed_rows(call) == {}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("heads", HEADS)
def test_attention_of_the_diffusion_view(heads, length, dtype, device):
    keys = Keys(heads, length, dtype, device)
    block = [t[:, length:].contiguous() for t in (keys.k, keys.v)]
    rest = (*keys.cache(length), keys.at(), *block)

    def call(start, count):
        return ops.attention(keys.q[start : start + count], *rest, backend="triton")

    assert_close(call(0, 32), reference.attention(keys.q, *rest))
    assert changed_rows(call) == {}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("columns", [256, 2048, 4096])
def test_norms(columns, dtype, device):
    make = {"dtype": dtype, "device": device}
    x, residual, weight = randn(32, columns, **make), randn(32, columns, seed=1, **make), randn(columns, **make)

    def call(start, count):
        rows = slice(start, start + count)
        normed, stream = ops.add_rmsnorm(x[rows], residual[rows], weight, EPS, backend="triton")
        plain = ops.rmsnorm(x[rows], weight, EPS, backend="triton")
        return torch.cat([normed, stream, plain], dim=1)

    expected = [*reference.add_rmsnorm(x, residual, weight, EPS), reference.rmsnorm(x, weight, EPS)]
    assert_close(call(0, 32), torch.cat(expected, dim=1))
    assert changed_rows(call) == {}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("into", ["cache", "block"])
@pytest.mark.parametrize("heads", HEADS)
def test_qk_norm_rope(heads, into, dtype, device):
    n_heads, kv_heads, dim = HEADS[heads]
    make, length = {"dtype": dtype, "device": device}, 77
    qkv = randn(32, (n_heads + 2 * kv_heads) * dim, **make)
    weights, table = [randn(dim, seed=s, **make) for s in (1, 2)], rope_table(200, dim, device)

    def call(start, count, module=ops, **backend):
        outs = [torch.zeros(kv_heads, 200, dim, **make) for _ in range(2)]
        at = scalar(length + start, device=device)
        q = module.qk_norm_rope(qkv[start : start + count], *weights, *table, at, *outs, into, EPS, **backend)
        first = length + start if into == "cache" else 0
        return torch.cat([q, *(t[:, first : first + count].transpose(0, 1) for t in outs)], dim=1)

    assert_close(call(0, 32, backend="triton"), call(0, 32, reference))
    assert changed_rows(lambda start, count: call(start, count, backend="triton")) == {}


@pytest.mark.parametrize("vocab", [2048, 151936])
def test_argmax_and_its_ties(vocab, device):
    logits = randn(32, vocab, dtype=torch.bfloat16, device=device)  # bf16: the largest is there more than once
    assert torch.equal(ops.argmax(logits, backend="triton"), reference.argmax(logits))


@pytest.mark.parametrize("vocab", [2048, 151936])
def test_gumbel_argmax(vocab, device):
    logits = randn(32, vocab, device=device)
    seed, warm = scalar(7, torch.int64, device), scalar(0.8, torch.float32, device)

    def call(start, count):
        at = scalar(50 + start, device=device)
        return ops.gumbel_argmax(logits[start : start + count], at, seed, warm, backend="triton")

    noise = reference.gumbel_noise(7, 50 + torch.arange(32, device=device)[:, None], torch.arange(vocab, device=device))
    best = (logits / 0.8 + noise).topk(2).values
    clear = best[:, 0] - best[:, 1] > 1e-4  # closer than that, an approximate logarithm may turn the order
    assert clear.sum() >= 30
    expected = reference.gumbel_argmax(logits, scalar(50, device=device), seed, warm)
    assert torch.equal(call(0, 32)[clear], expected[clear])
    assert changed_rows(call) == {}


@pytest.mark.parametrize("vocab", [2048, 151936])
@pytest.mark.parametrize("dtype", DTYPES)
def test_kl_and_its_slope(vocab, dtype, device):
    student, teacher = randn(31, vocab, dtype=dtype, device=device), randn(9, vocab, dtype=dtype, device=device, seed=1)
    index = torch.arange(31, device=device) % 9
    found, lse = ops.kl(student, teacher, index, backend="triton")
    expected, wanted = reference.kl(student, teacher, index)
    assert_close(found, expected)
    assert_close(lse, wanted)
    slope = ops.kl_slope(student, teacher, index, lse, backend="triton")
    plain = reference.kl_slope(student, teacher, index, wanted)
    assert slope.dtype == dtype
    assert (slope - plain).float().norm() < TOLERANCE[dtype] * plain.float().norm()
    other = ops.kl_slope(student, teacher, index.roll(1), lse, backend="triton")
    assert (other - plain).float().norm() > TOLERANCE[dtype] * plain.float().norm()


@pytest.mark.parametrize("slots", [1, 5, 32])
def test_accept(slots, device):
    eos = torch.tensor([90, 91], dtype=torch.int32, device=device)
    for seed in range(40):
        generator = torch.Generator().manual_seed(seed)
        choice = torch.randint(60, 92, (slots,), generator=generator).int()
        block = torch.cat([scalar(5), choice[:-1]])
        block[int(torch.randint(1, slots + 1, (), generator=generator)) :] += 1
        state = records.make_state(seed, 1 + seed % 3, 5, 20 + seed, 60)
        results = []
        for run in (lambda *a: ops.accept(*a, backend="triton"), reference.accept):
            own, text = state.to(device).clone(), torch.zeros(80).int().to(device)
            ring = records.make_ring(4, slots, device)
            run(block.to(device), choice.to(device), own, eos, text, ring)
            results.append((own, text, ring))
        assert all(torch.equal(a, b) for a, b in zip(*results, strict=True)), seed
