"""What the passes of a run computed, read and took, by the number of their rows.

A pass over R rows after C positions multiplies every weight of its view with each row (2 FLOPs per weight and row) and
lets each row attend to C + R positions (4 FLOPs per layer, query channel and position). It reads every weight once,
whatever R is, the C + R keys and values, and writes R of them. `orthrus.gpu.cost.work` is the formula; its inputs are
the shape in `run_start` and the positions in the events. The prompt is left out: both lanes read it in the same way.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from orthrus.config import ModelConfig
from orthrus.events import RunStart
from orthrus.gpu.cost import Work, work
from orthrus.trace import Cycle, Trace
from orthrus.trace.metrics import measure

SIZES = {"bfloat16": 2, "float16": 2, "float32": 4}  # bytes of a weight
# ms of a verify pass by its rows on one CPU, which the message catch.machine names, for runs that have no such pass:
# benchmarks/results/row-costs.json
REFERENCE = {1: 0.199, 8: 0.834, 32: 2.936}


class Lane(NamedTuple):
    """One lane's work without the prompt: passes, rows computed, FLOPs, bytes read and written."""

    passes: int
    rows: int
    flops: int
    bytes: int


def shape(start: RunStart) -> ModelConfig | None:
    """The model's shape; None if the run was recorded without all of it or with a type of unknown size."""
    c = start.config
    if c.hidden is None or c.intermediate is None or start.model.dtype not in SIZES:
        return None
    return ModelConfig(
        vocab_size=c.vocab,
        hidden_size=c.hidden,
        intermediate_size=c.intermediate,
        num_hidden_layers=c.layers,
        num_attention_heads=c.heads,
        num_key_value_heads=c.kv_heads,
        head_dim=c.head_dim,
        max_position_embeddings=max(1, c.vocab),  # no formula here reads it
        mask_token_id=c.mask_id,
    )


def plain(trace: Trace) -> Lane | None:
    """Plain decoding of the same text: one row for each token after the first."""
    return _lane(trace, [(1, _prompt(trace) + i) for i in range(len(trace.tokens) - 1)])


def drafted(trace: Trace) -> Lane | None:
    """Orthrus: a draft pass over the block, if one was made, and a verify pass."""
    passes = []
    for cycle in trace.cycles:
        if cycle.verdict is None:
            continue
        before = cycle.verdict.kv.before
        rows = (cycle.draft.pass_rows, cycle.verdict.kv.written + lane_rows(cycle, trace))
        passes += [(n, before) for n in rows if n]
    return _lane(trace, passes)


def lane_rows(cycle: Cycle, trace: Trace) -> int:
    """Rows that a verify pass drafts with, which are not written to the cache."""
    return len(cycle.draft.lanes or ()) * trace.block


def _prompt(trace: Trace) -> int:
    return trace.prefill.kv_len if trace.prefill else 0


def _lane(trace: Trace, passes: list[tuple[int, int]]) -> Lane | None:
    """The sum over passes (rows, positions before them); None if the shape is not known."""
    if trace.start is None or (c := shape(trace.start)) is None:
        return None
    each = [one_pass(c, trace.start.model.dtype, rows, before) for rows, before in passes]
    rows = sum(rows for rows, _ in passes)
    return Lane(len(passes), rows, sum(w.flops for w in each), sum(w.bytes for w in each))


def one_pass(c: ModelConfig, dtype: str, rows: int, before: int) -> Work:
    """FLOPs and bytes of one pass of either view; the head is counted for every row."""
    return work(c, rows, before, SIZES[dtype], rows)


def second_attention(start: RunStart) -> int | None:
    """Bytes of the diffusion view's own weights: per layer its q, k, v and o matrices and the two norms of q and k."""
    if (c := shape(start)) is None:
        return None
    q, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    return SIZES[start.model.dtype] * c.num_hidden_layers * (2 * c.hidden_size * (q + kv) + 2 * c.head_dim)


def measured(trace: Trace) -> dict[int, float]:
    """Rows -> mean ms of this run's passes over so many rows: drafts, verify passes and, as 1, plain passes."""
    found: dict[int, list[float]] = defaultdict(list)
    for cycle in trace.cycles:
        if cycle.verdict is None:
            continue
        if cycle.draft.pass_rows:
            found[cycle.draft.pass_rows].append(cycle.draft.t_draft_ms)
        found[cycle.verdict.kv.written + lane_rows(cycle, trace)].append(cycle.verdict.t_verify_ms)
    means = {rows: sum(ms) / len(ms) for rows, ms in found.items()}
    if (rate := measure(trace).ar_tokens_per_s) is not None:
        means[1] = 1e3 / rate
    return means
