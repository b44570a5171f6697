"""What is held while a run is under way: the weights, its cache by formula, and a block that the text does not enter.

Counted by torch's own allocator, so that what an operator needs for itself counts, too.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from orthrus.model.kv_cache import SharedCache
from tests.tiny import scripted, tiny_model
from tests.unit.model.test_memory import PROMPT, lane_after

KEPT = 16 << 10  # bytes beside the buffers that stay: norms' scales, the last logits
PASSING = 64 << 10  # bytes that passes make and drop, whatever the length of the text
MATRICES = 3  # of [heads, rows, positions], float32: above a pass's mask and its copy of one layer's keys and values


class Held(NamedTuple):
    """Bytes: `steady` at the end, `peak` at most, of what was allocated while `result` was made."""

    result: Any
    steady: int
    peak: int


def held(make: Callable[[], Any]) -> Held:
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found:
        result = make()
    events = [event for event in found.profiler.kineto_results.events() if event.name() == "[memory]"]
    now = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        peak = max(peak, now)
    return Held(result, now, peak)


def test_the_count_sees_what_is_kept_and_what_was_only_passing():
    def waste() -> list[torch.Tensor]:
        kept = [torch.zeros(1000) for _ in range(10)]
        torch.zeros(5000)
        return kept

    _, steady, peak = held(waste)
    assert 40_000 <= steady < 48_000 and 60_000 <= peak < 68_000


def test_the_weights_are_held_once():
    lm, steady, _ = held(lambda: tiny_model(max_position_embeddings=512))
    weights = sum(weight.nbytes for weight in {id(w): w for w in lm.model.parameters()}.values())
    angles = sum(table.nbytes for table in lm.model.rope)
    assert weights + angles <= steady <= weights + angles + KEPT


@pytest.fixture(scope="module")
def runs() -> list[Held]:
    """A short and a long run of one model, in eights; the weights are there before and do not count."""
    lm = scripted(PROMPT, [7], max_position_embeddings=320)
    lane_after(lm, 24)  # what the first run keeps for all
    return [held(lambda tokens=tokens: lane_after(lm, tokens)) for tokens in (24, 248)]


def test_a_run_ends_with_its_cache_and_its_buffers(runs):
    short, long = (run.result.cache for run in runs)
    assert long.length == short.length + 224 and long.nbytes == 2 * short.nbytes
    for run in runs:
        cache = run.result.cache
        assert cache.nbytes + cache.scratch_bytes <= run.steady <= cache.nbytes + cache.scratch_bytes + KEPT
    beyond = [run.steady - run.result.cache.nbytes for run in runs]
    assert beyond[0] == beyond[1], "nothing but the cache knows how long the text is"


def test_while_it_runs_only_what_one_layer_needs_grows_with_the_text(runs):
    for run in runs:
        cache, config = run.result.cache, run.result.request.lm.config
        row = config.num_attention_heads * config.block_size * torch.float32.itemsize
        assert run.peak <= cache.nbytes + cache.scratch_bytes + PASSING + MATRICES * row * cache.length
    grown = runs[1].peak - runs[1].result.cache.nbytes - (runs[0].peak - runs[0].result.cache.nbytes)
    assert grown <= MATRICES * row * 224


def test_a_second_copy_of_the_cache_would_be_seen(runs):
    cache, config = runs[1].result.cache, runs[1].result.request.lm.config
    copied = held(lambda: SharedCache(config, cache.capacity, torch.float32, "cpu"))
    row = config.num_attention_heads * config.block_size * torch.float32.itemsize
    assert copied.peak >= cache.nbytes > PASSING + MATRICES * row * cache.length - KEPT
