"""Drafting while verifying: lanes, blocks of the diffusion view that ride behind the rows of a verify pass.

Lane j stands at proposal j of the draft that is being verified (0: the anchor): that token, which is known, then masks.
It reads what a draft pass would read if the text ended there, the AR view's keys of every earlier position, cache and
same pass alike, layer by layer. This is the mask of training, so it needs no other weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from orthrus.model.attention import attend_ar
from orthrus.model.dual_view import Orthrus
from orthrus.model.fused_weights import LayerWeights
from orthrus.model.kv_cache import SharedCache
from orthrus.model.workspace import Workspace

if TYPE_CHECKING:
    from orthrus.model.compiled_model import CompiledCache, CompiledModel


def forward_with_lanes(
    model: Orthrus | CompiledModel, ids: Tensor, cache: SharedCache | CompiledCache, lanes: Sequence[int], block: int
) -> tuple[Tensor, Tensor]:
    """As `model.forward_ar(ids, cache)`, with a lane of `block` rows at each row number of `lanes`, rising.

    Returns the AR view's logits [rows, vocab], whose bits and whose cache no lane changes, and the lanes' guesses
    [lanes, block - 1, vocab]: guess i of lane j is of position length + j + i + 1. Plain PyTorch computes them in one
    pass, the compiled engine lane by lane behind the verified rows. Raises ValueError if the rows do not fit.
    """
    if isinstance(model, Orthrus) and isinstance(cache, SharedCache):
        return in_one_pass(model, ids, cache, lanes, block)
    return behind(model, ids, cache, lanes, block)


@torch.inference_mode()
def in_one_pass(
    model: Orthrus, ids: Tensor, cache: SharedCache, lanes: Sequence[int], block: int
) -> tuple[Tensor, Tensor]:
    """`forward_with_lanes`, every layer once for all rows.

    ids [rows]; returns [rows, vocab], [lanes, block - 1, vocab].
    """
    beside = _Lanes(model, ids, cache.length, lanes, block)
    hidden = model.ar_states(ids, cache, beside)
    return model.logits(hidden), beside.guesses()


class _Lanes:
    """All lanes of one pass, one behind the other in one buffer; called with each layer's keys and values."""

    def __init__(self, model: Orthrus, ids: Tensor, start: int, lanes: Sequence[int], block: int) -> None:
        rows, device = len(lanes) * block, model.device
        at = start + torch.tensor(list(lanes), dtype=torch.int64, device=device)
        tokens = torch.full((len(lanes), block), model.config.mask_token_id, device=device)
        tokens[:, 0] = ids[at - start]
        self.model, self.count, self.block, self.end = model, len(lanes), block, start + len(ids)
        self.scratch = Workspace(model.config, rows, model.dtype, device)
        self.scratch.x.copy_(torch.embedding(model.model.embed_tokens.weight, tokens.flatten()))
        places = (at[:, None] + torch.arange(block, device=device)).flatten()
        self.cos, self.sin = (table[places] for table in model.angles(0, start + max(lanes) + block))
        self.bias = self._bias(at)

    def _bias(self, at: Tensor) -> Tensor:
        """[group * rows, end + rows]: 0 where a row sees a key of the AR view before its lane, or its own lane."""
        device, config = at.device, self.model.config
        before = (torch.arange(self.end, device=device) < at[:, None]).repeat_interleave(self.block, 0)
        own = torch.eye(self.count, dtype=torch.bool, device=device)
        own = own.repeat_interleave(self.block, 0).repeat_interleave(self.block, 1)
        hidden = ~torch.cat((before, own), 1)
        bias = torch.zeros(hidden.shape, dtype=self.model.dtype, device=device).masked_fill_(hidden, -math.inf)
        return bias.repeat(config.num_attention_heads // config.num_key_value_heads, 1)

    def __call__(self, layer: LayerWeights, keys: Tensor, values: Tensor) -> None:
        """One layer; keys, values [kv_heads, end, head_dim] of the AR view."""
        scratch, linear = self.scratch, self.model.operators.linear
        qkv = linear(scratch.norm(layer.attn_norm), layer.diff.qkv)
        own_values = scratch.rotate(qkv, layer.diff.qk_norm, self.cos, self.sin, scratch.k)
        seen = (torch.cat((t, own.transpose(0, 1)), 1) for t, own in ((keys, scratch.k), (values, own_values)))
        scratch.x.add_(linear(attend_ar(scratch.q, *seen, self.end, self.bias), layer.diff.out))
        self.model.mlp(scratch, layer)

    def guesses(self) -> Tensor:
        """[lanes, block - 1, vocab]."""
        hidden = self.scratch.norm(self.model.last_norm).view(self.count, self.block, -1)[:, :-1]
        return self.model.logits(hidden.flatten(0, 1)).view(self.count, self.block - 1, -1)


def behind(
    model: Orthrus | CompiledModel, ids: Tensor, cache: SharedCache | CompiledCache, lanes: Sequence[int], block: int
) -> tuple[Tensor, Tensor]:
    """`forward_with_lanes` as a verify pass and a draft pass per lane, which reads the filled cache up to it.

    ids [rows]; returns [rows, vocab], [lanes, block - 1, vocab]. The compiled engine's draft passes leave their keys in
    the slots from the lane on, so lanes go from last to first, and the AR view's rows are put back.
    """
    start = cache.length
    logits = model.forward_ar(ids, cache)
    slots = range(start + lanes[0], cache.length)
    copies = None if isinstance(cache, SharedCache) else cache.copied(slots)
    window = torch.full((block,), model.config.mask_token_id, device=ids.device)
    guesses = []
    for lane in reversed(lanes):
        cache.crop(start + lane)
        window[0] = ids[lane]
        guesses.append(model.forward_diffusion(window, cache, block - 1))
    cache.appended(slots.stop - cache.length)
    if copies is not None:
        cache.write(slots, copies)
    return logits, torch.stack(guesses[::-1])
