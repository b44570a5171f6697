"""A whole forward pass of either view as one compiled call: embedding, layers, head. Threads may join while it runs.

A layer has four phases: q, k, v and attention by key-value head; the output product by 64 columns; gate, up and SiLU by
64 columns; the down product by 64 columns. The head is one more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import carray

from kernels.numba_attention import attend
from kernels.numba_common import address, entry, inner, pointer
from kernels.numba_linear import product, product_added, row_of, width
from kernels.numba_qk_norm_rope import norm_rotated
from kernels.numba_rmsnorm import norm_rows
from kernels.numba_silu_mul import silu_mul_panels
from kernels.numba_sync import OVER, claim, finish, load, meet, open_phases, pause, store

# Phases of a layer, and the one after the last layer.
ATTENTION, OUTPUT, GATES, DOWNWARD, LOGITS_PHASE = range(5)
# Indices in `Weights.at[layer]`; the two views' qkv and out are adjacent.
QKV, OUT, GATE_UP, DOWN, HEAD, EMBEDDING, MATRICES = 0, 2, 4, 5, 6, 7, 8
# Words of a job. NUMBER is written last; helpers wait for it.
(
    NUMBER,
    TEAM,
    ROWS,
    START,
    VIEW,
    FIRST,
    ASKED,
    KEYS,
    VALUES,
    STORED,
    LOGITS,
    VOCABULARY,
    BRANCHES,
    PATHS,
    SIDE,
    WORDS,
) = range(16)
COLUMNS = 4  # panels of 16 in a unit of work


class Weights(NamedTuple):
    """A model's weights; `pool` holds every matrix in panels (`kernels.numba_linear`), the rest is float32."""

    pool: np.ndarray  # uint32 (bfloat16) or float32, flat
    at: np.ndarray  # [layers, MATRICES] int64: offset of each matrix
    norms: np.ndarray  # [2 * layers + 1, hidden]
    q_norm: np.ndarray  # [layers, 2, dim]
    k_norm: np.ndarray
    cos: np.ndarray  # [positions, dim / 2]
    sin: np.ndarray
    eps: np.ndarray  # [1]


class Buffers(NamedTuple):
    """The buffers of a pass of up to `rows` rows; a first axis of threads if each has its own.

    What is multiplied by weights lies in groups of rows (`numba_groups`): normed, attended, acted.
    """

    x: np.ndarray  # [rows, hidden], the residual stream
    normed: np.ndarray  # [threads, rows, hidden]
    qkv: np.ndarray  # [rows, (heads + 2 * kv_heads) * dim], grouped by key-value head
    q: np.ndarray  # [threads, rows * group, dim]
    scores: np.ndarray  # [threads, QUERIES, positions]
    sums: np.ndarray  # [threads, QUERIES, dim]
    attended: np.ndarray  # [rows, heads * dim]
    gates: np.ndarray  # [threads, rows, 2 * COLUMNS * 16]
    acted: np.ndarray  # [rows, intermediate]


@inner
def _copied(keys, values, cache, dim, source, target):
    """Copy one head's key and value from slot to slot. cache: flat offset of the head's keys and values."""
    a, b = cache + source // 16 * 16 * dim + source % 16, cache + target // 16 * 16 * dim + target % 16
    for i in range(dim):
        keys[b + i * 16] = keys[a + i * 16]
        values[cache + target * dim + i] = values[cache + source * dim + i]


@inner
def _heads(g, me, view, layer, rows, start, paths, side, w, b, keys, values):
    """Key-value head g: its products, norms and rotation, its place in the cache, attention.

    paths [branches, 1 + deepest]: the depth of each branch row, then its path's rows by depth. Branches are kept from
    slot `side` on, with a copy of the chain.
    """
    dim, hidden = w.q_norm.shape[2], b.x.shape[1]
    kv_heads, stored = keys.shape[1], values.shape[2]
    group = b.q.shape[1] // b.x.shape[0]
    span = (group + 2) * dim
    wide, total, base = width(w.pool), b.qkv.shape[1], g * span
    place = w.at[layer, QKV + view] + base * hidden // 16 * wide
    product(
        w.pool, place, hidden * wide, wide, span // 16,
        address(b.normed, me * b.normed.shape[1] * hidden), hidden, rows, address(b.qkv, base), total, hidden,
    )  # fmt: skip
    cache = (layer * kv_heads + g) * stored * dim
    scale, one, eps = np.float32(1 / np.sqrt(dim)), np.float32(1), w.eps[0]
    q_norm, k_norm, queries, flat = w.q_norm[layer, view], w.k_norm[layer, view], b.q[me], values.reshape(-1)
    chain = rows - len(paths)
    for r in range(rows):
        place_of = start + (r if r < chain else paths[r - chain, 0])
        at, cos, sin = start + r if r < chain else side + r, w.cos[place_of], w.sin[place_of]
        row = r * total + base
        for h in range(group):
            norm_rotated(b.qkv, row + h * dim, q_norm, cos, sin, scale, eps, queries, (r * group + h) * dim, 1)
        slot = cache + at // 16 * 16 * dim + at % 16
        norm_rotated(b.qkv, row + group * dim, k_norm, cos, sin, one, eps, keys, slot, 16)
        for i in range(dim):
            flat[cache + at * dim + i] = b.qkv[r, base + (group + 1) * dim + i]
    attend(
        queries, group, chain, start, view == 0, keys, cache, values, cache, b.scores[me], b.sums[me],
        b.attended.reshape(-1), b.attended.shape[1], g * group * dim, 0, rows,
    )  # fmt: skip
    if len(paths):
        _branches(g, me, chain, group, start, paths, side, b, keys, values, cache, dim)


@inner
def _branches(g, me, chain, group, start, paths, side, b, keys, values, cache, dim):
    """Attention of the branch rows: each finds its path at the path's positions, as if it had been decoded alone."""
    flat_keys, flat_values, rows = keys.reshape(-1), values.reshape(-1), chain + len(paths)
    for r in range(chain):
        _copied(flat_keys, flat_values, cache, dim, start + r, side + r)
    for j in range(len(paths)):
        depth, r = paths[j, 0], chain + j
        for d in range(1, depth + 1):
            if paths[j, d] != d or d >= chain:
                _copied(flat_keys, flat_values, cache, dim, side + paths[j, d], start + d)
        attend(
            b.q[me][r * group : (r + 1) * group], group, 1, start + depth, True, keys, cache, values, cache,
            b.scores[me], b.sums[me], b.attended.reshape(-1), b.attended.shape[1], g * group * dim, r, rows,
        )  # fmt: skip
        for d in range(1, min(depth + 1, chain)):
            if paths[j, d] != d:
                _copied(flat_keys, flat_values, cache, dim, side + d, start + d)


@inner
def _columns(source, rows, at, unit, w, b):
    """x += source @ w.T, for the columns of one unit."""
    hidden, k, wide = b.x.shape[1], source.shape[1], width(w.pool)
    product_added(
        w.pool, at + unit * COLUMNS * k * wide, k * wide, wide, min(COLUMNS, hidden // 16 - unit * COLUMNS),
        address(source, 0), k, rows, address(b.x, unit * COLUMNS * 16), hidden, k,
    )  # fmt: skip


@inner
def _gates(unit, me, layer, rows, w, b):
    """acted = silu(gate) * up, for the columns of one unit."""
    hidden, size, wide = b.x.shape[1], b.acted.shape[1], width(w.pool)
    panels, mine = min(COLUMNS, size // 16 - unit * COLUMNS), b.gates[me]
    product(
        w.pool, w.at[layer, GATE_UP] + unit * 2 * COLUMNS * hidden * wide, hidden * wide, wide, 2 * panels,
        address(b.normed, me * b.normed.shape[1] * hidden), hidden, rows, address(mine, 0), mine.shape[1], hidden,
    )  # fmt: skip
    silu_mul_panels(mine, rows, panels, b.acted.reshape(-1), size, unit * COLUMNS * 16)


@inner
def _logits(unit, me, job, w, b):
    """The head, for the requested rows and two units of columns."""
    hidden, size, wide = b.x.shape[1], job[VOCABULARY], width(w.pool)
    panels = min(2 * COLUMNS, size // 16 - unit * 2 * COLUMNS)
    product(
        w.pool, w.at[0, HEAD] + unit * 2 * COLUMNS * hidden * wide, hidden * wide, wide, panels,
        address(b.normed, me * b.normed.shape[1] * hidden), hidden, job[ASKED],
        job[LOGITS] + unit * 2 * COLUMNS * 64, size, hidden,
    )  # fmt: skip


@inner
def _units(phase, job, w, b):
    """Units of work per phase: the same in every pass of a model, whatever the job.

    A late helper may read the next job's words under this pass's number. It then finds that every unit is claimed; if
    the count depended on the job, it could claim one.
    """
    if phase == LOGITS_PHASE:
        return (job[VOCABULARY] // 16 + 2 * COLUMNS - 1) // (2 * COLUMNS)
    if phase == ATTENTION:
        return b.qkv.shape[1] // ((b.q.shape[1] // b.x.shape[0] + 2) * w.q_norm.shape[2])
    size = b.acted.shape[1] if phase == GATES else b.x.shape[1]
    return (size // 16 + COLUMNS - 1) // COLUMNS


@inner
def _share(me, number, job, sync, w, b):
    """One thread's share of pass `number`: all units it can claim."""
    layers, rows, view, start = w.at.shape[0], job[ROWS], job[VIEW], job[START]
    paths = carray(pointer(job[PATHS]), (job[BRANCHES], 1 + rows), np.int64)
    kv_heads, dim, stored = _units(ATTENTION, job, w, b), w.q_norm.shape[2], job[STORED]
    keys = carray(pointer(job[KEYS]), (layers, kv_heads, stored * dim), np.float32)
    values = carray(pointer(job[VALUES]), (layers, kv_heads, stored, dim), np.float32)
    for i in range(4 * layers + 1):
        layer = i // 4
        phase = i % 4 if layer < layers else LOGITS_PHASE
        norm = -1 if phase in (OUTPUT, DOWNWARD) else 2 * layer + phase // 2 if layer < layers else 2 * layers
        units = _units(phase, job, w, b)
        unit = claim(address(sync, 0), i, number, units)
        while unit >= 0:
            if norm >= 0:  # each thread writes its own, once
                first, count = (job[FIRST], job[ASKED]) if phase == LOGITS_PHASE else (0, rows)
                norm_rows(b.x, first, count, w.norms[norm], b.normed[me].reshape(-1), w.eps[0])
                norm = -1
            if phase == ATTENTION:
                _heads(unit, me, view, layer, rows, start, paths, job[SIDE], w, b, keys, values)
            elif phase == OUTPUT:
                _columns(b.attended, rows, w.at[layer, OUT + view], unit, w, b)
            elif phase == GATES:
                _gates(unit, me, layer, rows, w, b)
            elif phase == DOWNWARD:
                _columns(b.acted, rows, w.at[layer, DOWN], unit, w, b)
            else:
                _logits(unit, me, job, w, b)
            finish(address(sync, 0), i)
            unit = claim(address(sync, 0), i, number, units)
        if unit == OVER:
            return
        meet(address(sync, 0), i, number, units)


@entry
def take_part(me, patience, ids, job, sync, w, b):
    """Thread 0 leads a pass over `ids` [rows] int64; the other words of the job are written already.

    Any other thread is a helper: it joins each pass that begins, and returns after `patience` pauses without one, or
    if dismissed. It is one function, because each entry is compiled with all its callees, which takes seconds.
    """
    if me == 0:
        number = job[NUMBER] + 1
        open_phases(address(sync, 0), 4 * w.at.shape[0] + 1, number)
        for r in range(len(ids)):
            row_of(w.pool, w.at[0, EMBEDDING], ids[r], b.x[r])
        store(address(job, NUMBER), number)
    seen, waited = 0, 0
    while me == 0 or (waited < patience and job[TEAM] > me):
        number = load(address(job, NUMBER))
        if number == seen:
            pause()
            waited += 1
        else:
            _share(me, number, job, sync, w, b)
            seen, waited = number, 0
            if me == 0:
                return
