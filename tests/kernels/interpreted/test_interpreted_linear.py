"""triton_linear against the reference, and its rows against themselves."""

import pytest
import torch
from kernel_cases import DTYPES, assert_close, bits, changed_rows, randn

from benchmarks.gpu import timing
from benchmarks.harness import SHAPES as SHAPES_OF_MODELS
from kernels import ops, reference, slices, triton_linear
from kernels.triton_linear import LaunchConfig
from orthrus.gpu import memory_plan
from tests.gpu_fakes import FakeDevice
from tests.tiny import tiny_config

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
    monkeypatch.setattr(triton_linear, "config_for", lambda columns, depth: LaunchConfig(slices=3))


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
def test_slices_add_up_to_the_reference(shape, dtype, launches, three_slices):
    x, weight = layer(*shape, dtype)
    parts = ops.linear_parts(x, weight, backend="triton")
    assert parts.shape == (3, shape[0], shape[2]) and parts.dtype == torch.float32
    assert_close(reference.whole(parts, dtype), reference.linear(x, weight))
    assert [name for name, _ in launches] == ["_linear_kernel"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_layer_that_is_not_cut_has_its_product_at_once(dtype):
    x, weight = layer(*SHAPES["odd"], dtype)
    assert torch.equal(bits(ops.linear_parts(x, weight, backend="triton")), bits(linear(x, weight)))


def test_the_embedded_models_down_projection_is_sliced_by_the_rule(launches):
    x, weight = layer(2, 1024, 256, torch.bfloat16)
    parts = ops.linear_parts(x, weight, backend="triton")
    assert_close(reference.whole(parts, torch.bfloat16), reference.linear(x, weight))
    assert len(parts) == 8 and launches[0][1]["SLICE"] == 128 and not launches[0][1]["MASK_K"]


# ---------------------------------------------------------------- gated
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(32, 256, 192), (7, 47, 34), (1, 1, 2), (70, 1000, 130)], ids=SHAPES)
def test_the_gated_product_equals_the_reference(shape, dtype, launches):
    x, gate_up = layer(*shape, dtype)
    y = ops.linear_silu_mul(x, gate_up, backend="triton")
    assert [name for name, _ in launches] == ["_linear_kernel"]
    assert_close(y, reference.linear_silu_mul(x, gate_up))


@pytest.mark.parametrize("dtype", DTYPES)
def test_swapped_halves_are_rejected(dtype):
    x, gate_up = layer(32, 256, 192, dtype)
    with pytest.raises(AssertionError, match="not close"):
        y = ops.linear_silu_mul(x, gate_up.roll(96, dims=0), backend="triton")
        assert_close(y, reference.linear_silu_mul(x, gate_up))


def layers():
    """(model, columns, depth) of every product that may be cut."""
    for name, c in SHAPES_OF_MODELS.items():
        heads = c.num_attention_heads * c.head_dim
        qkv = heads + 2 * c.num_key_value_heads * c.head_dim
        for columns, depth in ((qkv, c.hidden_size), (c.hidden_size, heads), (c.hidden_size, c.intermediate_size)):
            yield name, columns, depth


@pytest.mark.parametrize(("name", "columns", "depth"), list(layers()))
def test_the_rule_cuts_every_layer_evenly_until_there_are_enough_programs(name, columns, depth):
    config = triton_linear.config_for(columns, depth)
    tiles, step = -(-columns // config.columns), config.step_bytes // 2
    assert depth % (config.slices * step) == 0 and config.slices <= slices.MOST
    assert config.slices == 1 or tiles * config.slices // 2 < slices.PROGRAMS
    done = tiles * config.slices >= slices.PROGRAMS or config.slices == slices.MOST
    assert done or depth % (2 * config.slices * step)


def test_slices_take_no_more_memory_than_is_counted():
    for name, columns, depth in layers():
        sliced = triton_linear.config_for(columns, depth).slices * columns
        assert sliced <= memory_plan.sliced_columns(SHAPES_OF_MODELS[name]), name


def test_fp32_logits_from_bf16_rows():
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


def fp32_out(x, weight):
    """Rounding to bf16 would hide most differences."""
    return linear(x, weight, torch.float32)


def rows_first(x, weight):
    """[M, slices * N] fp32."""
    return ops.linear_parts(x, weight, backend="triton").transpose(0, 1).flatten(1)


def gated(x, weight):
    return ops.linear_silu_mul(x, weight, backend="triton")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("product", [fp32_out, rows_first, gated])
def test_rows_do_not_depend_on_their_number_or_place(dtype, product, three_slices):
    x, weight = layer(32, 321, 70, dtype)
    assert changed_rows(lambda start, count: product(x[start : start + count], weight)) == {}


SETTINGS = [LaunchConfig(rows=16), LaunchConfig(columns=32), LaunchConfig(step_bytes=128)]


@pytest.mark.parametrize("product", [linear, rows_first, gated])
@pytest.mark.parametrize("for_one_row", SETTINGS, ids=str)
def test_settings_that_depend_on_the_rows_are_caught(for_one_row, product, monkeypatch):
    x, weight = layer(32, 321, 70, torch.float32)

    def faulty(start, count):
        config = for_one_row if count == 1 else LaunchConfig()
        monkeypatch.setattr(triton_linear, "config_for", lambda columns, depth: config._replace(slices=2))
        return product(x[start : start + count], weight)

    assert changed_rows(faulty, counts=(1, 7)).keys() == {(0, 1), (15, 1), (31, 1)}


def test_slices_that_depend_on_the_rows_are_caught(monkeypatch):
    x, weight = layer(32, 321, 70, torch.float32)

    def faulty(start, count):
        monkeypatch.setattr(triton_linear, "config_for", lambda *shape: LaunchConfig(slices=3 if count == 1 else 2))
        parts = ops.linear_parts(x[start : start + count], weight, backend="triton")
        return reference.whole(parts, torch.float32)

    assert changed_rows(faulty, counts=(1, 7)).keys() == {(0, 1), (15, 1), (31, 1)}


@pytest.mark.parametrize("product", [fp32_out, rows_first, gated])
def test_rows_of_a_prompts_piece_are_those_of_a_block(product, three_slices):
    """Several row tiles side by side: each row has the bits it has in a block of its own."""
    x, weight = layer(96, 160, 70, torch.float32)
    whole = product(x, weight)
    for start in (0, 32, 64):
        assert torch.equal(bits(product(x[start : start + 32], weight)), bits(whole[start : start + 32]))


def test_every_number_of_slices_is_timed_that_cuts_a_layer_evenly(monkeypatch):
    monkeypatch.setattr(timing, "seconds", lambda run, least: run() or 1e-3)
    config = tiny_config(hidden_size=256, intermediate_size=1024, num_attention_heads=4, block_size=3)
    monkeypatch.setattr(timing, "ALTERNATIVES", ({"step_bytes": 128},))
    rows = timing.products(config, FakeDevice("triton"), torch.device("cpu"), size=0)
    assert {row["layer"]: list(row["microseconds"]) for row in rows} == {
        "qkv": ["1", "2"],
        "o": [],
        "down": ["1", "2", "4", "8"],
    }
    assert rows[2]["by_the_rule"] == 8 and rows[2]["microseconds"]["4"] == 500.0, "two weights in a millisecond"
    assert rows[2]["configurations"] == {"step_bytes 128": 500.0}


def test_a_transposed_weight_is_refused():
    with pytest.raises(ValueError, match=r"weight \[8, 16\] has strides \(1, 8\)"):
        linear(torch.zeros(2, 16), torch.zeros(16, 8).T)


def test_a_misaligned_row_is_copied_to_an_aligned_place():
    from kernels.triton_common import aligned

    x = torch.arange(64.0)
    assert aligned(x).data_ptr() == x.data_ptr()
    assert aligned(x[1:]).data_ptr() % 16 == 0 and torch.equal(aligned(x[1:]), x[1:])
    assert aligned(x.view(8, 8).T).is_contiguous()
