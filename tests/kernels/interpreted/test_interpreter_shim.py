"""The shim itself: repaired bf16, and sums whose order shows the tile they were cut into."""

import interpreter_shim
import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from kernel_cases import randn


@triton.jit
def _copy_kernel(x_ptr, y_ptr, N: tl.constexpr):
    n = tl.arange(0, N)
    tl.store(y_ptr + n, tl.load(x_ptr + n).to(y_ptr.dtype.element_ty))


@triton.jit
def _sum_kernel(x_ptr, y_ptr, COUNT: tl.constexpr, N: tl.constexpr):
    n = tl.arange(0, N)
    tl.store(y_ptr, tl.sum(tl.load(x_ptr + n, mask=n < COUNT, other=0.0), axis=0))


@triton.jit
def _dot_kernel(x_ptr, w_ptr, y_ptr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, K)
    x = tl.load(x_ptr + m * K + k[None, :], mask=m < 1, other=0.0)
    w = tl.load(w_ptr + k[:, None] * N + n)
    tl.store(y_ptr + m * N + n, tl.dot(x, w, input_precision="ieee"), mask=m < 1)


@triton.jit
def _bf16_add_kernel(x_ptr, y_ptr):
    tl.store(y_ptr, tl.load(x_ptr) + tl.load(x_ptr))


def test_bf16_casts_round_like_torch():
    x = torch.cat([randn(4090), torch.tensor([0.0, -0.0, float("inf"), -float("inf"), 3.4e38, 1e-40])])
    y, back = torch.empty(4096, dtype=torch.bfloat16), torch.empty(4096)
    _copy_kernel[(1,)](x, y, N=4096)
    assert torch.equal(y.view(torch.int16), x.bfloat16().view(torch.int16))
    _copy_kernel[(1,)](y, back, N=4096)
    assert torch.equal(back.view(torch.int32), y.float().view(torch.int32))
    _copy_kernel[(1,)](torch.tensor([float("nan")]), y, N=1)
    assert y[0].isnan()


def test_other_bf16_arithmetic_is_refused():
    with pytest.raises(Exception, match="compute in fp32"):
        _bf16_add_kernel[(1,)](torch.ones(1).bfloat16(), torch.ones(1).bfloat16())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dot_is_right_and_its_order_shows_the_tile(dtype):
    x, w = randn(1, 64, dtype=dtype), randn(64, 128, dtype=dtype)
    tall, short = torch.empty(1, 128), torch.empty(1, 128)
    _dot_kernel[(1,)](x, w, tall, M=32, N=128, K=64)
    _dot_kernel[(1,)](x, w, short, M=16, N=128, K=64)
    torch.testing.assert_close(tall, x.float() @ w.float(), atol=2e-5, rtol=2e-5)
    assert not torch.equal(tall, short), "the same row in another tile must round differently here"
    again = torch.empty(1, 128)
    _dot_kernel[(1,)](x, w, again, M=32, N=128, K=64)
    assert torch.equal(tall, again)


def test_sum_order_shows_the_tile():
    x, sums = randn(200), torch.empty(2)
    _sum_kernel[(1,)](x, sums[:1], COUNT=200, N=256)
    _sum_kernel[(1,)](x, sums[1:], COUNT=200, N=512)
    torch.testing.assert_close(sums, x.sum().expand(2), atol=2e-5, rtol=2e-5)
    assert sums[0] != sums[1]


def test_a_salted_order_visits_everything_once():
    assert sorted(interpreter_shim.salted_order(64, "any", (32, 64))) == list(range(64))
    assert not np.array_equal(interpreter_shim.salted_order(64, 1), interpreter_shim.salted_order(64, 2))
