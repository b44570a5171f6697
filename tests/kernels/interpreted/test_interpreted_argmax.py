"""triton_argmax against the reference: ties, tiles, noise."""

import pytest
import torch
from kernel_cases import DTYPES, changed_rows, randn, scalar

from kernels import ops, reference, triton_argmax

SHAPES = {"ordinary": (32, 2048), "odd": (7, 333), "one": (1, 1), "longest": (3, 5000)}
SEED = scalar(0x1234_5678_9ABC, torch.int64)


def warm(temperature):
    return scalar(temperature, torch.float32)


def gumbel(logits, length=50, seed=SEED, temperature=0.8, backend="triton"):
    return ops.gumbel_argmax(logits, scalar(length), seed, warm(temperature), backend=backend)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_argmax_equals_reference(shape, dtype, launches):
    logits = randn(*shape, dtype=dtype)  # in bf16 the largest of 2,048 is often there twice
    assert torch.equal(ops.argmax(logits, backend="triton"), reference.argmax(logits))
    assert [name for name, _ in launches] == ["_tile_best_kernel", "_row_best_kernel"]
    assert launches[0][1]["SAMPLE"] is False
    assert launches[0][1]["TILES"] == -(-shape[1] // triton_argmax.TILE)


@pytest.mark.parametrize("places", [(0, 1), (7, 2047), (2047, 2048), (100, 4999), (4096, 4097)])
def test_the_lowest_index_wins_ties_within_and_across_tiles(places):
    logits = torch.zeros(2, 5000)
    logits[0, list(places)] = 1.0
    assert ops.argmax(logits, backend="triton").tolist() == [places[0], 0]


def test_a_row_of_minus_infinity_is_token_0():
    assert ops.argmax(torch.full((1, 2100), -float("inf")), backend="triton").tolist() == [0]


def test_the_highest_index_for_single_rows_is_caught():
    logits = randn(32, 40).round()

    def faulty(start, count):
        rows = logits[start : start + count]
        return 39 - ops.argmax(rows.flip(1), backend="triton") if count == 1 else ops.argmax(rows, backend="triton")

    assert changed_rows(lambda start, count: ops.argmax(logits[start : start + count], backend="triton")) == {}
    assert changed_rows(faulty, counts=(1, 7)).keys() <= {(0, 1), (15, 1), (31, 1)} != set()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_gumbel_argmax_equals_reference(shape, dtype, launches):
    logits = randn(*shape, dtype=dtype)
    sampled, expected = gumbel(logits), gumbel(logits, backend="reference")
    noise = reference.gumbel_noise(int(SEED), 50 + torch.arange(shape[0])[:, None], torch.arange(shape[1]))
    best = (logits.float() / 0.8 + noise).topk(min(2, shape[1])).values
    # noise agrees to about 1e-6 (fp32 log against fp64), so a row may differ only where its two best are closer
    clear = best[:, 0] - best[:, -1] > 1e-4 if shape[1] > 1 else torch.ones(shape[0], dtype=torch.bool)
    assert clear.sum() >= shape[0] - 1
    assert torch.equal(sampled[clear], expected[clear])
    assert launches[0][1]["SAMPLE"] is True


def test_the_noise_itself_equals_reference():
    """Logits of 0 but for one token: sweeping it from -20 to 20 finds where the noise of the others lies."""
    logits = torch.zeros(64, 300)
    logits[:, 7] = torch.linspace(-4, 14, 64)
    assert torch.equal(gumbel(logits, temperature=1.0), gumbel(logits, temperature=1.0, backend="reference"))


def test_a_filtered_token_is_never_drawn():
    logits = randn(32, 300)
    logits[:, 10:] = -float("inf")
    assert (gumbel(logits, temperature=5.0) < 10).all()


@pytest.mark.parametrize("change", [{"length": 51}, {"seed": SEED + 1}, {"seed": SEED + 2**33}, {"temperature": 8.0}])
def test_other_noise_is_rejected(change):
    logits = randn(32, 300)
    assert not torch.equal(gumbel(logits, **change), gumbel(logits, backend="reference"))


def test_noise_belongs_to_the_position():
    logits = randn(32, 300)
    assert changed_rows(lambda start, count: gumbel(logits[start : start + count], length=50 + start)) == {}


def test_noise_that_belongs_to_the_row_is_caught():
    logits = randn(32, 300)
    changed = changed_rows(lambda start, count: gumbel(logits[start : start + count], length=50), counts=(1, 7))
    assert (31, 1) in changed and (25, 7) in changed
