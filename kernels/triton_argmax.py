"""index[m] = lowest v among the largest of x[m, v]; with Gumbel noise added to x / temperature, a sample of softmax.

One program finds the best of TILE tokens of a row, a second kernel the best of the row's tiles. Both prefer the
lower index, so the result does not depend on the tiling. The noise is a function of (seed, position, token).
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

from kernels.triton_common import aligned, begin, check_offsets, dependent

TILE = 2048  # 75 tiles for Qwen3's 151,936 tokens, one for the embedded model's 2,048


@triton.jit
def _gumbel(seed, position, token):
    """-log(-log(1 - w)), w uniform: see reference.gumbel_noise. Below 0.01 a series keeps -log(1 - w) exact to fp32."""
    zero = token * 0
    word, _, _, _ = tl.philox(seed, token, zero + position, zero, zero)
    w = tl.minimum((word.to(tl.float32) + 0.5) * 2.3283064365386963e-10, 0.99999994)
    series = w * (1.0 + w * (0.5 + w * (0.33333334 + w * 0.25)))
    return -tl.log(tl.where(w < 0.01, series, -tl.log(1.0 - w)))


@triton.jit(do_not_specialize_on_alignment=["length_ptr", "seed_ptr", "temperature_ptr"])
def _tile_best_kernel(
    x_ptr, length_ptr, seed_ptr, temperature_ptr, best_ptr, index_ptr,
    V: tl.constexpr, TILES: tl.constexpr, TILE: tl.constexpr, SAMPLE: tl.constexpr, PDL: tl.constexpr,
):  # fmt: skip
    row, tile = tl.program_id(0), tl.program_id(1)
    token = tile * TILE + tl.arange(0, TILE)
    begin(PDL)
    x = tl.load(x_ptr + row * V + token, mask=token < V, other=float("-inf")).to(tl.float32)
    if SAMPLE:
        position = tl.load(length_ptr) + row
        x = x / tl.load(temperature_ptr) + _gumbel(tl.load(seed_ptr), position, token)
    best, index = tl.max(x, axis=0, return_indices=True, return_indices_tie_break_left=True)
    tl.store(best_ptr + row * TILES + tile, best)
    tl.store(index_ptr + row * TILES + tile, tile * TILE + index)


@triton.jit
def _row_best_kernel(best_ptr, index_ptr, out_ptr, TILES: tl.constexpr, BLOCK: tl.constexpr, PDL: tl.constexpr):
    row = tl.program_id(0)
    begin(PDL)
    tile = tl.arange(0, BLOCK)
    best = tl.load(best_ptr + row * TILES + tile, mask=tile < TILES, other=float("-inf"))
    _, winner = tl.max(best, axis=0, return_indices=True, return_indices_tie_break_left=True)
    tl.store(out_ptr + row, tl.load(index_ptr + row * TILES + winner))


def argmax(logits: Tensor) -> Tensor:
    """[M, V] -> [M] int32."""
    return _launch(logits, logits, logits, logits, sample=False)


def gumbel_argmax(logits: Tensor, length: Tensor, seed: Tensor, temperature: Tensor) -> Tensor:
    """[M, V], [1] int32, [1] int64, [1] float32 -> [M] int32."""
    return _launch(logits, length, seed, temperature, sample=True)


def _launch(logits, length, seed, temperature, sample) -> Tensor:
    logits = aligned(logits)
    check_offsets(logits=logits)
    rows, vocab = logits.shape
    tiles = triton.cdiv(vocab, TILE)
    best = torch.empty(rows, tiles, dtype=torch.float32, device=logits.device)
    index = torch.empty(rows, tiles, dtype=torch.int32, device=logits.device)
    out = torch.empty(rows, dtype=torch.int32, device=logits.device)
    _tile_best_kernel[(rows, tiles)](
        logits, length, seed, temperature, best, index, V=vocab, TILES=tiles, TILE=TILE, SAMPLE=sample,
        num_warps=4, enable_fp_fusion=False, **dependent(logits),
    )  # fmt: skip
    _row_best_kernel[(rows,)](
        best, index, out, TILES=tiles, BLOCK=triton.next_power_of_2(tiles),
        num_warps=1, enable_fp_fusion=False, **dependent(logits),
    )  # fmt: skip
    return out
