"""triton_linear against the reference, and its rows against themselves."""

import pytest
import torch
from kernel_cases import DTYPES, assert_close, changed_rows, randn

from kernels import ops, reference, triton_linear
from kernels.triton_linear import Config

SHAPES = {  # rows, K, N
    "ordinary": (32, 256, 192),
    "odd": (7, 47, 33),
    "one": (1, 1, 1),
    "longest": (70, 1000, 65),  # three row tiles, K past a whole number of steps
}


def layer(rows, depth, columns, dtype):
    return randn(rows, depth, dtype=dtype), randn(columns, depth, dtype=dtype, seed=1, scale=depth**-0.5)


def linear(x, weight, out_dtype=None):
    return ops.linear(x, weight, out_dtype, backend="triton")


@pytest.fixture
def three_slices(monkeypatch):
    monkeypatch.setattr(triton_linear, "config_for", lambda columns, depth: Config(slices=3))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_equals_reference(shape, dtype, launches):
    x, weight = layer(*shape, dtype)
    assert_close(linear(x, weight), reference.linear(x, weight))
    step = 256 // x.element_size()
    assert [name for name, _ in launches] == ["_linear_kernel"]
    assert launches[0][1]["MASK_K"] == (shape[1] % step != 0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_sliced_equals_reference(shape, dtype, launches, three_slices):
    x, weight = layer(*shape, dtype)
    assert_close(linear(x, weight), reference.linear(x, weight))
    assert [name for name, _ in launches] == ["_linear_kernel", "_add_slices_kernel"]


def test_the_embedded_models_down_projection_is_sliced_by_the_table(launches):
    x, weight = layer(2, 1024, 256, torch.bfloat16)
    assert_close(linear(x, weight), reference.linear(x, weight))
    assert launches[0][1]["SLICE"] == 128 and not launches[0][1]["MASK_K"]
    assert launches[1][1]["SLICES"] == 8


@pytest.mark.parametrize("shape", triton_linear.SLICES)
@pytest.mark.parametrize("itemsize", [2, 4])
def test_the_table_cuts_every_layer_evenly(shape, itemsize):
    columns, depth = shape
    config = triton_linear.config_for(columns, depth)
    assert config.slices > 1 and depth % (config.slices * config.step_bytes // itemsize) == 0


@pytest.mark.parametrize("sliced", [False, True])
def test_fp32_logits_from_bf16_rows(sliced, request):
    if sliced:
        request.getfixturevalue("three_slices")
    x, weight = layer(5, 160, 70, torch.bfloat16)
    y = linear(x, weight, torch.float32)
    assert_close(y, reference.linear(x, weight, torch.float32))
    assert not torch.equal(y, y.bfloat16().float())


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_forgotten_column_of_x_is_rejected(dtype):
    x, weight = layer(32, 256, 192, dtype)
    wrong = x.clone()
    wrong[:, 17] = 0
    with pytest.raises(AssertionError, match="not close"):
        assert_close(linear(wrong, weight), reference.linear(x, weight))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sliced", [False, True])
def test_rows_do_not_depend_on_their_number_or_place(dtype, sliced, request):
    if sliced:
        request.getfixturevalue("three_slices")
    x, weight = layer(32, 321, 70, dtype)
    # fp32 out: rounding to bf16 would hide most differences
    assert changed_rows(lambda start, count: linear(x[start : start + count], weight, torch.float32)) == {}


@pytest.mark.parametrize(
    "for_one_row", [Config(rows=16), Config(columns=32), Config(step_bytes=128), Config(slices=2)], ids=str
)
def test_settings_that_depend_on_the_rows_are_caught(for_one_row, monkeypatch):
    x, weight = layer(32, 321, 70, torch.float32)

    def faulty(start, count):
        config = for_one_row if count == 1 else Config()
        monkeypatch.setattr(triton_linear, "config_for", lambda columns, depth: config)
        return linear(x[start : start + count], weight)

    assert changed_rows(faulty, counts=(1, 7)).keys() == {(0, 1), (15, 1), (31, 1)}


def test_a_transposed_weight_is_refused():
    with pytest.raises(ValueError, match=r"weight \[8, 16\] has strides \(1, 8\)"):
        linear(torch.zeros(2, 16), torch.zeros(16, 8).T)


def test_a_misaligned_row_is_copied_to_an_aligned_place():
    from kernels.triton_common import aligned

    x = torch.arange(64.0)
    assert aligned(x).data_ptr() == x.data_ptr()
    assert aligned(x[1:]).data_ptr() % 16 == 0 and torch.equal(aligned(x[1:]), x[1:])
    assert aligned(x.view(8, 8).T).is_contiguous()
