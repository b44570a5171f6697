"""triton_attention against the reference, and one decoded row against the same row of a verified block."""

import pytest
import torch
import triton
import triton.language as tl
from kernel_cases import DTYPES, assert_close, bits, cancelling, changed_rows, randn, scalar

from kernels import ops, reference, triton_attention
from kernels.spans import spans
from kernels.triton_attention import LaunchConfig

SMALL = LaunchConfig(queries=8, keys=16, span=32)  # several query tiles, key tiles and spans within a hundred positions
LENGTHS = [0, 1, 15, 16, 31, 32, 33, 63, 64, 65, 100]  # around borders of key tiles and of spans
FINE = LaunchConfig(
    queries=8, keys=16, span=16
)  # spans of 16 positions up to 256, of 32 up to 512, of 64 up to 1,024, of 128
EMBEDDED = {"heads": 8, "kv_heads": 4, "dim": 64, "capacity": 512}  # the embedded model, in its own configuration
VIEWS = {"ar": False, "diffusion": True}  # is the block read beside the cache?


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(triton_attention, "config_for", lambda group, dim, itemsize: SMALL)


class Case:
    """Random queries and keys; cache rows that no query may see hold NaN."""

    def __init__(self, dtype, rows=32, length=40, heads=2, kv_heads=1, dim=16, capacity=192):
        self.rows, self.length, self.dtype = rows, length, dtype
        self.q = randn(rows, heads, dim, dtype=dtype)
        self.k, self.v = (randn(kv_heads, length + rows, dim, dtype=dtype, seed=s) for s in (1, 2))
        self.shape = (kv_heads, capacity, dim)

    def cache(self, filled):
        """Key and value caches whose first rows are real."""
        caches = [torch.full(self.shape, float("nan"), dtype=self.dtype) for _ in range(2)]
        for cache, rows in zip(caches, (self.k, self.v), strict=True):
            cache[:, :filled] = rows[:, :filled]
        return caches

    def arguments(self, in_block):
        filled = self.length if in_block else self.length + self.rows
        block = [t[:, self.length :].contiguous() for t in (self.k, self.v)] if in_block else (None, None)
        return (self.q, *self.cache(filled), scalar(self.length), *block)


def attention(*arguments):
    return ops.attention(*arguments, backend="triton")


# ---------------------------------------------------------------- against the reference
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("length", [0, 33, 100])
def test_equals_reference(length, view, dtype, launches, small):
    arguments = Case(dtype, length=length).arguments(view)
    assert_close(attention(*arguments), reference.attention(*arguments))
    flags = [(name, settings["HAS_BLOCK"]) for name, settings in launches]
    assert flags == [("_span_kernel", view), ("_merge_kernel", view)]


SHAPES = {
    "ordinary": {"heads": 4, "kv_heads": 2},
    "odd": {"rows": 7, "length": 37, "heads": 6, "kv_heads": 2},  # three query heads share a key head
    "one": {"rows": 1, "length": 0, "heads": 1, "kv_heads": 1, "capacity": 1},
    "longest": {"rows": 32, "length": 160, "capacity": 192},  # the block ends where the cache ends
    "many_queries": {"rows": 70, "length": 50},
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_other_shapes_equal_reference(shape, view, dtype, small):
    arguments = Case(dtype, **shape).arguments(view)
    assert_close(attention(*arguments), reference.attention(*arguments))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_the_embedded_models_own_configuration(view, dtype):
    """8 query heads, 4 key heads, head_dim 64, across the border of a 128-position span."""
    arguments = Case(dtype, length=240, **EMBEDDED).arguments(view)
    assert_close(attention(*arguments), reference.attention(*arguments))


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("length", [255, 500, 1020, 1300])
def test_longer_spans_further_on(length, view, monkeypatch):
    """Also more spans than are merged at a time."""
    monkeypatch.setattr(triton_attention, "config_for", lambda group, dim, itemsize: FINE)
    arguments = Case(torch.float32, rows=9, length=length, capacity=1400).arguments(view)
    assert_close(attention(*arguments), reference.attention(*arguments))


@triton.jit
def _cuts_kernel(start_ptr, count_ptr, SPAN: tl.constexpr, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(start_ptr + i, triton_attention._span_start(i, SPAN))
    tl.store(count_ptr + i, triton_attention._spans(i, SPAN))


@pytest.mark.parametrize("span", [1, 3, 128])
def test_spans_are_cut_on_the_device_where_the_host_counts_them(span):
    start, count = (torch.zeros(4096, dtype=torch.int32) for _ in range(2))
    _cuts_kernel[(1,)](start, count, SPAN=span, N=4096)
    lengths = (start[1:] - start[:-1]).div(span).tolist()
    assert start[0] == 0 and lengths[:41] == [1] * 16 + [2] * 8 + [4] * 8 + [8] * 9 and set(lengths[41:]) == {8}
    begun = [sum(1 for s in start.tolist() if s < positions) for positions in range(0, 4096, 37)]
    assert begun == count[::37].tolist() == [spans(positions, span) for positions in range(0, 4096, 37)]


def test_rows_past_the_end_of_the_cache_see_all_of_it(small):
    case = Case(torch.float32, length=188, capacity=192)
    arguments = (case.q, *(t[:, :192].contiguous() for t in (case.k, case.v)), scalar(188))
    assert_close(attention(*arguments), reference.attention(*arguments))


def test_any_strides_over_heads_and_rows(small):
    q, k_cache, v_cache, *rest = Case(torch.float32, heads=4, kv_heads=2).arguments(True)
    rows_first = [t.transpose(0, 1).contiguous().transpose(0, 1) for t in (k_cache, v_cache)]
    assert rows_first[0].stride() != k_cache.stride()
    assert torch.equal(bits(attention(q, *rows_first, *rest)), bits(attention(q, k_cache, v_cache, *rest)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_key_too_many_is_rejected(dtype, small):
    q, k_cache, v_cache, _, *rest = Case(dtype).arguments(False)
    late = attention(q[:31], k_cache, v_cache, scalar(41), *rest)
    with pytest.raises(AssertionError, match="not close"):
        assert_close(late, reference.attention(q[:31], k_cache, v_cache, scalar(40), *rest))


def test_a_head_dimension_the_kernel_cannot_tile_is_refused():
    with pytest.raises(ValueError, match="head_dim is 24"):
        attention(torch.zeros(1, 1, 24), torch.zeros(1, 8, 24), torch.zeros(1, 8, 24), scalar(0))


# ---------------------------------------------------------------- bits
def verify_rows(case):
    """call(start, count): these rows as their own AR pass, the earlier rows committed, the later rows not written."""

    def call(start, count):
        caches = case.cache(case.length + start + count)
        return attention(case.q[start : start + count], *caches, scalar(case.length + start))

    return call


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_do_not_depend_on_their_number_or_place(dtype, small):
    assert changed_rows(verify_rows(Case(dtype, length=33, heads=4, kv_heads=2))) == {}


@pytest.mark.parametrize("length", LENGTHS)
def test_row_i_of_a_verified_block_is_the_row_decoded_at_length_plus_i(length, small):
    assert changed_rows(verify_rows(Case(torch.float32, length=length)), counts=(1, 7)) == {}


@pytest.mark.parametrize("length", [250, 505, 1015, 1270])
def test_decoded_rows_across_borders_of_longer_spans(length, monkeypatch):
    monkeypatch.setattr(triton_attention, "config_for", lambda group, dim, itemsize: FINE)
    case = Case(torch.float32, length=length, capacity=1400)
    assert changed_rows(verify_rows(case), counts=(1, 7)) == {}


def cancelling_case():
    """Every key weighs the same and the values cancel: in bf16, too, each rounding on the way shows in the result."""
    case = Case(torch.bfloat16, length=45)
    case.q = torch.zeros_like(case.q)
    case.v = cancelling(case.v.shape, case.length, torch.bfloat16)
    return case


def test_rows_whose_roundings_show(small):
    assert changed_rows(verify_rows(cancelling_case()), counts=(1, 7)) == {}


def test_every_single_row_decoded_alone(small):
    case = Case(torch.bfloat16, length=41)
    whole = verify_rows(case)(0, 32)
    alone = torch.cat([verify_rows(case)(i, 1) for i in range(32)])
    assert torch.equal(bits(alone), bits(whole))


def test_decoded_rows_in_the_embedded_models_own_configuration():
    assert changed_rows(verify_rows(Case(torch.bfloat16, length=240, **EMBEDDED)), counts=(1, 31)) == {}


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_diffusion_row_does_not_depend_on_the_queries_beside_it(dtype, small):
    case = Case(dtype, length=33)
    q, *rest = case.arguments(True)
    assert changed_rows(lambda start, count: attention(q[start : start + count], *rest), counts=(1, 7, 31)) == {}


def test_the_block_read_beside_the_cache_gives_the_bits_of_the_block_read_from_it(small):
    """The last query of the AR view sees the whole block, as every query of the diffusion view does."""
    case = Case(torch.bfloat16, length=45)
    beside, inside = attention(*case.arguments(True)), attention(*case.arguments(False))
    assert torch.equal(bits(beside[-1:]), bits(inside[-1:]))


def test_stale_rows_do_not_leak(small):
    """The cache beyond the committed rows holds NaN in every test here; other stale values give the same bits too."""
    case = Case(torch.bfloat16, length=45)
    q, k_cache, v_cache, *rest = case.arguments(True)
    stale = [torch.where(t.isnan(), torch.full_like(t, 3e4), t) for t in (k_cache, v_cache)]
    assert not any(t.isnan().any() for t in stale)
    expected = attention(q, k_cache, v_cache, *rest)
    assert not expected.isnan().any()
    assert torch.equal(bits(attention(q, *stale, *rest)), bits(expected))


@pytest.mark.parametrize(
    "for_one_row", [SMALL._replace(keys=32), SMALL._replace(span=16), SMALL._replace(queries=16)], ids=str
)
@pytest.mark.parametrize("case", [lambda: Case(torch.float32, length=45), cancelling_case], ids=["fp32", "bf16"])
def test_settings_that_depend_on_the_rows_are_caught(case, for_one_row, monkeypatch):
    honest = verify_rows(case())

    def faulty(start, count):
        config = for_one_row if count == 1 else SMALL
        monkeypatch.setattr(triton_attention, "config_for", lambda group, dim, itemsize: config)
        return honest(start, count)

    assert changed_rows(faulty, counts=(1, 7)).keys() == {(0, 1), (15, 1), (31, 1)}
