"""The exact mode, rule by rule: rows alone against rows together, bit for bit; and broken rules that must turn it red.

Each rule has a negative control, because a comparison that cannot fail proves nothing. Rows are drawn so that large
terms cancel (`exact.cancelling`): with ordinary numbers bfloat16's rounding hides nearly every wrong order of sums.
"""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from orthrus import attention
from orthrus.arithmetic import FAST, LANES, ByColumns, Exact, Fast, Packed, Padded
from orthrus.attention import attend_ar_tiled, tile_bias
from orthrus.cache import TILE
from orthrus.exact import (
    ROW_MULTIPLES,
    SIZES,
    STARTS,
    NotExact,
    RowCheck,
    _can_pack,
    _linears,
    bit_equal,
    cancelling,
    check_rows,
    choose,
    differences,
    fast,
    find_exact,
)
from orthrus.probe import threads_set
from tests.faults import Halves, backwards_for_one, halves_for_one, uneven
from tests.tiny import random_weights, tiny_config, tiny_model

DTYPES = (torch.float32, torch.bfloat16)
CPU = torch.device("cpu")
ROWS = 32


def draw(*shape: int, dtype: torch.dtype, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * scale).to(dtype)


def differing(compute, rows: torch.Tensor) -> int:
    """Rows whose bits in a smaller pass (`exact.SIZES`) differ from those in the pass of all."""
    return sum(int((~same).sum()) for same in differences(compute, rows))


# -- linear layers

# (out, in): tiny, ours, then the published models' widths: 1024, 2048, 2560 and 4096, and an MLP's 3072
SHAPES = ((64, 48), (256, 256), (1536, 256), (1024, 1024), (1024, 2048), (512, 2560), (512, 3072), (512, 4096))
HOLDS = (Padded(8), Packed(4))


def product(out: int, size: int, dtype: torch.dtype):
    rows, weight = cancelling(ROWS, size, dtype)
    return rows, weight.repeat(-(-out // len(weight)), 1)[:out].contiguous()


@pytest.mark.parametrize("count", (1, 2))
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("out", "size"), SHAPES)
@pytest.mark.parametrize("linear", HOLDS, ids=lambda way: way.words)
def test_linear_rows_do_not_know_each_other(linear, dtype, out, size, count):
    if isinstance(linear, Packed) and not _can_pack(tiny_model().model.to(dtype)):
        pytest.skip("this build of torch has no packed products")
    rows, weight = product(out, size, dtype)
    with threads_set(count):
        assert differing(lambda part, _: linear(part, weight), rows) == 0


@pytest.mark.parametrize("shape", ((256, 256), (64, 48)), ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_single_row_summed_backwards_is_caught(dtype, shape):
    rows, weight = product(*shape, dtype)
    assert differing(lambda part, _: backwards_for_one(part, weight), rows) > 0


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_sums_split_for_one_row_are_caught(dtype):
    rows, weight = product(256, 256, dtype)
    assert differing(lambda part, _: halves_for_one(part, weight), rows) > 0


def test_packed_products_are_right():
    if not _can_pack(tiny_model().model):
        pytest.skip("this build of torch has no packed products")
    weight, rows = draw(96, 64, dtype=torch.float32, seed=1), draw(5, 64, dtype=torch.float32)
    torch.testing.assert_close(Packed()(rows, weight), rows @ weight.T, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("shape", ((96, 64), (64, 96)), ids=str)
def test_a_product_by_columns_is_right(shape):
    weight, row = draw(*shape, dtype=torch.float32, seed=1), draw(1, shape[1], dtype=torch.float32)
    single = ByColumns()
    for _ in range(2):  # the second time from the copy
        torch.testing.assert_close(single(row, weight), row @ weight.T, atol=1e-4, rtol=1e-5)


def test_the_fast_mode_goes_by_columns_for_one_row_alone():
    weight, rows = draw(96, 64, dtype=torch.float32, seed=1), draw(5, 64, dtype=torch.float32)
    told = []
    way = Fast(*(lambda x, w, name=name: told.append((name, len(x))) or x @ w.T for name in ("many", "one")))
    for count in (1, 2, 5):
        way.linear(rows[:count], weight)
    assert told == [("one", 1), ("many", 2), ("many", 5)]


def test_only_a_small_float32_model_is_held_by_columns(monkeypatch):
    model = stack(torch.float32)
    if not _can_pack(model):
        pytest.skip("this build of torch has no packed products")
    assert isinstance(fast(model).one, ByColumns)
    half = stack(torch.bfloat16)
    assert not isinstance(fast(half).one, ByColumns)
    assert not _can_pack(half) or isinstance(fast(half).one, Packed)
    monkeypatch.setattr("orthrus.exact.TURN_LIMIT", 1000)
    assert isinstance(fast(model).one, Packed)


# -- attention

HEADS = ((8, 4, 32), (4, 1, 16), (16, 8, 128))


class Tiled:
    """Exact attention of 32 queries over a filled cache; `row_multiple` and the tiles' borders can be set wrong.

    Scores hold terms that cancel; so do the values of neighbouring positions, which share a key.
    """

    def __init__(self, dtype, heads, start: int, row_multiple: int = 8):
        self.heads, self.kv_heads, size = heads
        self.start, self.row_multiple = start, row_multiple
        queries, keys = cancelling(ROWS * self.heads, size, dtype)
        self.queries = queries.view(ROWS, self.heads, size)
        keys = keys.repeat(-(-8 * TILE // len(keys)), 1)[: 8 * TILE]
        self.keys = keys.expand(self.kv_heads, -1, -1).contiguous()
        self.values = draw(*self.keys.shape, dtype=dtype, seed=2)
        self.keys[:, 1::4] = self.keys[:, 0::4]
        self.values[:, 0::4] *= 2.0**10
        self.values[:, 1::4] = -self.values[:, 0::4]

    def __call__(self, part, place):
        return self.cut_at(part, place, 0)

    def cut_at(self, part, place, shift: int):
        """The same attention with every border `shift` positions earlier: masked rows are put before the cache."""
        group = self.heads // self.kv_heads
        bias = tile_bias(len(part), self.start + place + shift, group, self.row_multiple, CPU)
        bias[:, :shift] = -math.inf
        keys, values = (F.pad(t, (0, 0, shift, TILE - shift)) for t in (self.keys, self.values))
        return attend_ar_tiled(part, keys, values, bias)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("heads", HEADS, ids=str)
@pytest.mark.parametrize("start", (0, 37, 230, 700))
def test_attention_rows_do_not_know_each_other(dtype, heads, start):
    """Padded to a multiple that the self-check tries; which of them is enough is the processor's affair."""
    assert any(independent(Tiled(dtype, heads, start, multiple)) for multiple in ROW_MULTIPLES)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_attention_holds_with_two_threads(dtype):
    with threads_set(2):
        assert any(independent(Tiled(dtype, (16, 8, 128), 700, multiple)) for multiple in ROW_MULTIPLES)


def independent(tiled: Tiled) -> bool:
    return differing(tiled, tiled.queries) == 0


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_positions_summed_in_another_order_for_one_row_are_caught(dtype):
    tiled = Tiled(dtype, (8, 4, 32), 300)
    tiled.values[:, 0::4] *= 2.0**10
    tiled.values[:, 1::4] = -tiled.values[:, 0::4]
    order = torch.cat([at + torch.randperm(TILE) for at in range(0, 8 * TILE, TILE)])

    def faulty(part, place):
        if len(part) > 1:
            return tiled(part, place)
        bias = tile_bias(1, tiled.start + place, tiled.heads // tiled.kv_heads, 8, CPU)
        inside = order[: bias.shape[1]]
        return attend_ar_tiled(part, tiled.keys[:, order], tiled.values[:, order], bias[:, inside])

    assert differing(faulty, tiled.queries) > 0


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_tile_border_that_moves_with_the_length_is_caught(dtype):
    tiled = Tiled(dtype, (8, 4, 32), 300)
    assert differing(lambda part, place: tiled.cut_at(part, place, (len(part) * 16) % TILE), tiled.queries) > 0


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_tiles_summed_in_another_order_are_caught(dtype, monkeypatch):
    """Two tiles commute, three do not: here the first two cancel, and adding them last loses the others' bits."""
    tiled = Tiled(dtype, (8, 4, 32), 700)
    tiled.queries.zero_()  # equal weights
    tiled.values[:, :TILE] = draw(TILE, 32, dtype=dtype, seed=4, scale=2.0**20)
    tiled.values[:, TILE : 2 * TILE] = -tiled.values[:, :TILE]
    tiled.values[:, 2 * TILE :] = draw(6 * TILE, 32, dtype=dtype, seed=5)
    ascending = attention.ascending_sum
    together = tiled(tiled.queries, 0)
    monkeypatch.setattr(attention, "ascending_sum", lambda parts: ascending(parts[::-1]))
    assert not bit_equal(tiled(tiled.queries, 0), together).all()


def test_stale_rows_weigh_nothing():
    tiled = Tiled(torch.float32, (8, 4, 32), 100)
    before = tiled(tiled.queries, 0)
    tiled.keys[:, 100 + ROWS :], tiled.values[:, 100 + ROWS :] = 1e4, -1e4
    assert bit_equal(tiled(tiled.queries, 0), before).all()


# -- elementwise


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(("width", "count"), ((100, 1), (192, 1), (1000, 2), (3072, 2), (9728, 2)))
def test_silu_rows_do_not_know_each_other(dtype, width, count):
    with threads_set(count):
        rows = draw(ROWS, 2 * width, dtype=dtype, scale=4.0)
        assert differing(lambda part, _: Exact(Padded(8), 8).silu_mul(part.contiguous()), rows) == 0
    torch.testing.assert_close(Exact(Padded(8), 8).silu_mul(rows), FAST.silu_mul(rows))


def test_silu_across_a_rows_end_is_caught_in_float32():
    """A contiguous buffer is one long loop, whose tail, a few rows' ends, scalar code may round otherwise."""
    rows = draw(ROWS, 100, dtype=torch.float32, scale=4.0)

    def faulty(part, _):
        out = F.silu(part).flatten()
        out[len(out) // LANES * LANES :] *= 1 + 2.0**-22
        return out.view_as(part)

    assert differing(faulty, rows) > 0


def test_bfloat16_rounding_hides_a_rows_end_in_silu():
    """Why the rule has no negative control in bfloat16: scalar and vector code agree on every number there is."""
    numbers = torch.arange(2**16, dtype=torch.int32).to(torch.int16).view(torch.bfloat16)
    numbers = numbers[numbers.isfinite()]
    alone = torch.cat([F.silu(part) for part in numbers.clone().split(3)])  # three at a time: no vector is full
    assert bit_equal(alone[:, None], F.silu(numbers)[:, None]).all()


# -- whole passes


def stack(dtype: torch.dtype, **changes):
    """A model of three layers whose weights are large enough that rows depend on the whole context."""
    sizes = {"hidden_size": 128, "intermediate_size": 192, "num_hidden_layers": 3, "max_position_embeddings": 512}
    return random_weights(tiny_model(**(sizes | {"block_size": 32} | changes)).model).to(dtype).fuse()


def rows_of_pieces(model, ids, start: int, sizes) -> torch.Tensor:
    """Logits of ids[start:], computed in passes of the given sizes behind a prefill of ids[:start]."""
    cache = model.new_cache(len(ids))
    if start:
        model.forward_ar(ids[:start], cache, last_only=True)
    return torch.cat([model.forward_ar(part, cache) for part in ids[start:].split(sizes)])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("start", (0, 1, 230, 400))
def test_verify_rows_equal_one_row_decoding(dtype, start):
    model, check = choose(stack(dtype), "exact")
    assert check.holds
    ids = torch.randint(320, (start + ROWS,), generator=torch.Generator().manual_seed(5))
    together = rows_of_pieces(model, ids, start, [ROWS])
    for sizes in ([1] * ROWS, [31, 1], [3] * 10 + [2], [8] * 4):
        assert bit_equal(rows_of_pieces(model, ids, start, sizes), together).all(), sizes


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_prefill_cut_anywhere_gives_the_same_bits(dtype):
    model, _ = choose(stack(dtype), "exact")
    ids = torch.randint(320, (300,), generator=torch.Generator().manual_seed(6))
    whole = rows_of_pieces(model, ids, 0, [300])
    assert bit_equal(rows_of_pieces(model, ids, 0, [7, 64, 100, 129]), whole).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_exact_mode_is_the_same_function(dtype):
    model = stack(dtype)
    exact, _ = choose(model, "exact")
    ids = torch.randint(320, (200,), generator=torch.Generator().manual_seed(6))
    fast = rows_of_pieces(model, ids, 0, [200]).float()
    tolerance = {torch.float32: 1e-4, torch.bfloat16: 0.15}[dtype]  # three layers of bfloat16 roundings, logits near 5
    assert (rows_of_pieces(exact, ids, 0, [200]).float() - fast).abs().max() < tolerance * fast.abs().max()


def test_rows_that_depend_on_their_number_are_caught_in_float32():
    model = stack(torch.float32).with_arithmetic(uneven())
    ids = torch.randint(320, (132,), generator=torch.Generator().manual_seed(5))
    together = rows_of_pieces(model, ids, 100, [ROWS])
    assert not bit_equal(rows_of_pieces(model, ids, 100, [1] * ROWS), together).all()


# -- the self-check


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("count", (1, 2))
def test_the_self_check_finds_a_way_that_holds(dtype, count):
    with threads_set(count):
        arithmetic, check = find_exact(stack(dtype))
        assert check.holds and check.equal == check.compared > 200 and check.threads == count
        assert check.how == arithmetic.words


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("count", (1, 2))
def test_the_self_check_holds_at_a_real_width(dtype, count):
    """A layer as wide as the 0.6B model's, attention and MLP in its shapes."""
    heads = {"num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128}
    with threads_set(count):
        _, check = find_exact(stack(dtype, hidden_size=1024, intermediate_size=3072, num_hidden_layers=1, **heads))
    assert check.holds and check.threads == count, check.words


def test_the_self_check_asks_every_kind_of_pass():
    assert set(SIZES) >= {1, 2, 3, 8, 31, 32} and len(STARTS) > 2 and STARTS[-1] < TILE < STARTS[-1] + ROWS


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_self_check_catches_rows_that_depend_on_their_number(dtype):
    """In bfloat16, too: the cancelling probes see it."""
    check = check_rows(stack(dtype, hidden_size=64), uneven())
    assert not check.holds and check.equal < check.compared


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_exact_holds_or_raises_and_auto_steps_back(monkeypatch, dtype):
    model = stack(dtype)
    monkeypatch.setattr("orthrus.exact._linears", lambda model: iter([Halves(8)]))
    with pytest.raises(NotExact, match="not bit-equal on this machine"):
        choose(model, "exact")
    chosen, check = choose(model, "auto")
    assert chosen.arithmetic.mode == "fast" and not check.holds


def test_auto_weighs_the_price(monkeypatch):
    model = stack(torch.float32)
    for price, mode in ((1.1, "exact"), (1.2, "fast")):
        monkeypatch.setattr("orthrus.exact.step_price", lambda *_, price=price: price)
        chosen, check = choose(model, "auto")
        assert chosen.arithmetic.mode == mode and check.holds
    with pytest.raises(ValueError, match="mode 'quick' is not one of auto, fast, exact"):
        choose(model, "quick")


def test_a_large_model_is_not_packed_twice(monkeypatch):
    monkeypatch.setattr("orthrus.exact.PACK_LIMIT", 1000)
    assert all(isinstance(way, Padded) for way in _linears(stack(torch.float32)))


def test_what_the_check_says():
    assert RowCheck("float32", 1, "packed weights", 357, 357).holds
    assert not RowCheck("float32", 1, "packed weights", 0, 0).holds
    words = RowCheck("bfloat16", 2, "plain rows", 10, 9).words
    assert words == "9 of 10 rows bit-equal in passes of 1 to 32 rows (bfloat16, 2 threads, plain rows)"


def test_the_mode_is_told():
    lm = tiny_model()
    assert (lm.mode, lm.promise) == ("fast", "equal tokens as measured")
    exact = lm.in_mode("exact")
    assert (exact.mode, exact.promise) == ("exact", "equal in every bit") and lm.mode == "fast"
    with threads_set(torch.get_num_threads() + 1):  # another number of threads was not checked
        assert exact.promise == "equal tokens as measured"
    assert exact.in_mode("fast").promise == "equal tokens as measured"
    assert exact.model.model.embed_tokens.weight is lm.model.model.embed_tokens.weight


def test_training_and_tests_start_from_the_fast_mode():
    assert isinstance(tiny_model().model.arithmetic, Fast)
    assert tiny_config().block_size == 8
