"""Inputs, tolerances, a fault and the row test, shared by the kernels' lanes. Needs no Triton to be imported."""

import torch

DTYPES = [torch.float32, torch.bfloat16]
ROW_COUNTS = (1, 2, 7, 31, 32)

# fp32: both sides add the same few hundred terms of size ~1 in another order; 3e-6 is the worst seen.
# bf16: both sides round once or twice to 8 bits, so they may differ by one step, 2**-8 of the value (0.4 %).
TOLERANCE = {torch.float32: 2e-5, torch.bfloat16: 1e-2}


def randn(*shape, dtype=torch.float32, device="cpu", seed=0, scale=1.0):
    """Normal numbers that are the same on every device."""
    generator = torch.Generator().manual_seed(seed + sum(shape))
    return (torch.randn(*shape, generator=generator) * scale).to(dtype).to(device)


def scalar(value, dtype=torch.int32, device="cpu"):
    return torch.tensor([value], dtype=dtype, device=device)


def cancelling(shape, length, dtype, device="cpu"):
    """Values [heads, rows, D] whose large terms, in the first `length` rows, cancel but for roundings in between.

    Rounding a result to bf16 hides all but a few in thousands of the differences that another order of sums makes.
    Here they are as large as the result: every fourth row holds 2**20, the second after it -2**20, the rest is ~1.
    """
    values = randn(*shape, dtype=dtype, device=device, seed=3)
    pairs = length // 4
    values[:, 0 : 4 * pairs : 4] = 2.0**20
    values[:, 2 : 4 * pairs : 4] = -(2.0**20)
    return values


def assert_close(actual, expected):
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    tolerance = TOLERANCE[actual.dtype]
    torch.testing.assert_close(actual.float(), expected.float(), atol=tolerance, rtol=tolerance)


def bits(tensor):
    """The tensor's bits as integers: NaN equals NaN, and -0.0 is not 0.0."""
    return tensor.contiguous().view(
        {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[tensor.element_size()]
    )


def changed_rows(call, total=32, counts=ROW_COUNTS):
    """Rows whose bits change when computed in smaller groups: {(start, count): [row, ...]}, empty for an exact kernel.

    call(start, count) computes rows start .. start + count - 1 and returns them, rows first.
    """
    whole = call(0, total)
    changed = {}
    for count in counts:
        for start in sorted({0, (total - count) // 2, total - count}):
            part = call(start, count)
            rows = [i for i in range(count) if not torch.equal(bits(part[i]), bits(whole[start + i]))]
            if rows:
                changed[start, count] = rows
    return changed


def rope_table(positions, dim, device="cpu", theta=1e6):
    """cos, sin [positions, dim / 2] fp32."""
    inverse = theta ** (-torch.arange(0, dim, 2).float() / dim)
    angle = torch.arange(positions)[:, None] * inverse
    return angle.cos().to(device), angle.sin().to(device)


def depending_on_rows(monkeypatch):
    """From here on products cut their sums by the number of rows: the fault that bit-equality must show."""
    from kernels import triton_linear

    for name in ("linear", "linear_parts", "linear_silu_mul"):
        monkeypatch.setattr(triton_linear, name, _faulty(getattr(triton_linear, name), triton_linear, monkeypatch))


def _faulty(honest, module, monkeypatch):
    def faulty(x, *rest):
        config = module.LaunchConfig(step_bytes=128 if x.shape[0] == 1 else 256)
        monkeypatch.setattr(module, "config_for", lambda columns, depth: config)
        return honest(x, *rest)

    return faulty
