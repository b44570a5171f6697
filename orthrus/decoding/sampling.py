"""Sampling: logits -> tokens. Pure functions, shared by both views and both lanes.

Every random number is a function of (seed, absolute position, purpose), so a position's draw does not depend on the
pass or cycle that needs it. A position of the text is decided exactly once, and discarded drafts influence nothing that
is kept. So one draw per position and purpose is enough for exact sampling.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from kernels.reference import gumbel_noise, philox_word
from orthrus.model.argmax import finite_greedy, greedy, refuse_non_finite

NOISE_TILE = 8  # positions whose noise is made together; tiles lie at absolute positions
ACCEPTANCE, NEXT = -1, -2  # purposes of a draw, used in place of Gumbel noise's token id


def filtered(logits: Tensor, temperature: float, top_k: int | None = None, top_p: float | None = None) -> Tensor:
    """[rows, vocab] -> float32 logits / temperature, -inf for tokens that top-k or top-p removed.

    Temperature first, then top-k, then top-p over what is left. top_k keeps every token as likely as the k-th, top_p
    every one as likely as the last that is needed to reach the mass: ties stay together, so order never matters.
    """
    scores = logits.float() / temperature
    if top_k is not None and top_k < scores.shape[-1]:
        least = scores.topk(top_k, dim=-1).values[:, -1:]
        scores = scores.masked_fill(scores < least, -math.inf)
    if top_p is not None and top_p < 1:
        ordered = scores.sort(dim=-1, descending=True).values
        mass = ordered.softmax(-1).double().cumsum(-1)
        needed = (mass < top_p).sum(-1, keepdim=True).clamp(max=scores.shape[-1] - 1)
        scores = scores.masked_fill(scores < ordered.gather(-1, needed), -math.inf)
    return scores


def uniforms(seed: int, position: int, count: int, purposes: tuple[int, ...]) -> list[list[float]]:
    """Deterministic uniforms in (0, 1): `count` per purpose, for the rows from `position` on."""
    words = philox_word(seed, torch.tensor(purposes)[:, None], position + torch.arange(count))
    return ((words.double() + 0.5) * 2.0**-32).tolist()


class Noise:
    """Standard Gumbel noise by (seed, absolute position, token id), [positions, vocab] float32.

    Computed in tiles of positions whatever the caller needs: one buffer shape gives a position the same bits for one
    row and for 32, and each position is computed about once per run. The last few tiles are kept.
    """

    def __init__(self, seed: int, vocab: int, device: torch.device) -> None:
        self.seed, self._tokens = seed, torch.arange(vocab, device=device)
        self._tiles: dict[int, Tensor] = {}

    def rows(self, position: int, count: int) -> Tensor:
        """Noise of positions position .. position + count - 1, [count, vocab]."""
        first, last = position // NOISE_TILE, (position + count - 1) // NOISE_TILE
        tiles = [self._tile(index) for index in range(first, last + 1)]
        rows = tiles[0] if len(tiles) == 1 else torch.cat(tiles)
        start = position - first * NOISE_TILE
        return rows[start : start + count]

    def _tile(self, index: int) -> Tensor:
        if index not in self._tiles:
            for old in [tile for tile in self._tiles if tile < index - 40]:
                del self._tiles[old]
            positions = torch.arange(index * NOISE_TILE, (index + 1) * NOISE_TILE, device=self._tokens.device)
            self._tiles[index] = gumbel_noise(self.seed, positions[:, None], self._tokens)
        return self._tiles[index]


def draw(weights: Tensor, u: float) -> int:
    """The index that a uniform u in (0, 1) falls on, weights [vocab] non-negative, of any positive sum.

    Never an index of weight zero. Raises ValueError if all weights are zero.
    """
    mass = weights.double().cumsum(0)
    if not mass[-1] > 0:
        raise ValueError("cannot draw from weights that are all zero")
    index = int(torch.searchsorted(mass, u * mass[-1], right=True))
    return min(index, int(weights.nonzero()[-1]))  # rounding may carry u * sum to the sum itself


class Greedy:
    """Greedy sampler: the likeliest token; `argmax` is `finite_greedy`, or an engine's own."""

    def __init__(self, argmax: Callable[[Tensor], Tensor] = finite_greedy) -> None:
        self._argmax = argmax

    def contest(self, logits: Tensor, position: int, depths: Tensor | None = None) -> Tensor:
        """[rows, vocab]: the scores whose largest is chosen."""
        return logits

    def sample(self, logits: Tensor, position: int, depths: Tensor | None = None) -> Tensor:
        """[rows, vocab] -> [rows] int64. Row i stands at position + depths[i], without depths at position + i.

        Raises OrthrusError for logits that are not finite.
        """
        return self._argmax(logits)


class Sampled:
    """Gumbel-max sampler: argmax(filtered logits + noise) is a sample of their softmax.

    Two views that agree on the logits of a position agree on its token, because the noise there is the same.
    """

    def __init__(
        self,
        temperature: float,
        top_k: int | None,
        top_p: float | None,
        seed: int,
        vocab: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.temperature, self.top_k, self.top_p, self.seed = temperature, top_k, top_p, seed
        self.noise = Noise(seed, vocab, torch.device(device))

    def scores(self, logits: Tensor) -> Tensor:
        """[rows, vocab] -> the filtered logits, float32."""
        return filtered(logits, self.temperature, self.top_k, self.top_p)

    def contest(self, logits: Tensor, position: int, depths: Tensor | None = None) -> Tensor:
        """[rows, vocab] of rows placed as in `Greedy.sample`: scores and noise, float32."""
        if depths is None:
            return self.scores(logits) + self.noise.rows(position, len(logits))
        return self.scores(logits) + self.noise.rows(position, int(depths.max()) + 1)[depths]

    def sample(self, logits: Tensor, position: int, depths: Tensor | None = None) -> Tensor:
        """As `Greedy.sample`. [rows, vocab] -> [rows] int64."""
        scores = self.contest(logits, position, depths)
        chosen = greedy(scores)
        refuse_non_finite(scores, chosen)
        return chosen


Sampler = Greedy | Sampled
