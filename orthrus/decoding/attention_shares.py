"""Where each view looks in one cycle: shares of attention, from both passes computed again by a reference path.

Plain PyTorch that forms the attention weights, which the decoding passes never do; made on request, never in a run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from orthrus import checks
from orthrus.checkpoints.loading import LoadedModel
from orthrus.errors import OrthrusError
from orthrus.model.dual_view import Orthrus
from orthrus.model.kv_cache import SharedCache
from orthrus.model.memory import refuse_what_does_not_fit
from orthrus.model.modules import AR, DIFF, DecoderLayer, rope_table

MOST_TOKENS = 4096  # ids before the block: bounds the time and memory of a request
BUCKETS = ("first", "prompt", "text", "anchor", "left", "own", "right")  # the first three lie in the shared cache


def attention_shares(
    lm: LoadedModel,
    before: Sequence[int],
    prompt_tokens: int,
    block: Sequence[int],
    draft_rows: int | None = None,
) -> dict[str, Any]:
    """Shares of attention per layer and slot, of the draft pass and the verify pass of one cycle.

    before: the committed ids, the first `prompt_tokens` of them the prompt; block: anchor and proposals; draft_rows:
    rows of the draft pass, 0 if there was none, None for the model's block size. Returns `draft` (None without a pass)
    and `verify`, each [layers][rows][buckets], the mean over the heads; a row sums to 1. Raises OrthrusError for ids or
    lengths beyond the limits.
    """
    if lm.engine == "triton":
        lm = lm.in_plain_torch()
    rows = _checked(lm, before, prompt_tokens, block, draft_rows)
    model = cast(Orthrus, lm.model)
    cache = model.new_cache(len(before))
    for chunk in torch.tensor(before, device=model.device).split(model.prompt_rows):
        model.forward_ar(chunk, cache, last_only=True)
    masks = [lm.config.mask_token_id] * (rows - 1)

    def shares(ids: list[int], view: str) -> list[Any]:
        weighed = weights(model, torch.tensor(ids, device=model.device), cache, view)
        return [bucketed(each, len(before), prompt_tokens).round(decimals=5).tolist() for each, _ in weighed]

    return {
        "buckets": list(BUCKETS),
        "draft": shares([block[0], *masks], DIFF) if rows else None,
        "verify": shares(list(block), AR),
        "cached": len(before),
        "heads": lm.config.num_attention_heads,
        "model": lm.id,
        "revision": lm.revision,
        "engine": lm.engine,
    }


@torch.inference_mode()
def weights(model: Orthrus, ids: Tensor, cache: SharedCache, view: str) -> Iterator[tuple[Tensor, Tensor]]:
    """A pass of one view over new rows behind the cache, which is only read; layer by layer.

    ids [rows]. Yields the attention weights [heads, rows, cached + rows] float32 and the rows' states [rows, hidden]
    behind the layer. softmax(q k^T / sqrt(head_dim) + mask): a row sees the cache, and of the block every row
    (diffusion view) or those up to itself (AR view).
    """
    start, rows = cache.length, len(ids)
    cos, sin = (each[start:].to(model.dtype) for each in rope_table(model.config, start + rows, model.device))
    hidden = seen(start, rows, view).to(model.device).logical_not()
    x = torch.embedding(model.model.embed_tokens.weight, ids)[None]
    layers = cast("Iterable[DecoderLayer]", model.model.layers)
    for layer, keys, values in zip(layers, *cache.seen(start), strict=True):
        attention = layer.self_attn
        q, k, v = attention.project(layer.input_layernorm(x), view, cos, sin)
        keys, values = torch.cat((keys, k[0]), 1), torch.cat((values, v[0]), 1)
        grouped = q[0].unflatten(0, (len(keys), -1))  # [kv_heads, group, rows, head_dim]
        scores = (grouped @ keys[:, None].mT).float() / math.sqrt(q.shape[-1])
        found = scores.masked_fill_(hidden, -math.inf).softmax(-1)
        mixed = (found.to(x.dtype) @ values[:, None]).flatten(0, 1).transpose(0, 1).flatten(1)
        x = x + attention.part("o_proj", view)(mixed[None])
        x = x + layer.mlp(layer.post_attention_layernorm(x))
        yield found.flatten(0, 1), x[0]


def seen(start: int, rows: int, view: str) -> Tensor:
    """[rows, start + rows] bool: which keys a row of a block behind `start` cached positions may see."""
    block = torch.ones(rows, rows, dtype=torch.bool)
    return torch.cat((torch.ones(rows, start, dtype=torch.bool), block if view == DIFF else block.tril()), 1)


def bucketed(weight: Tensor, start: int, prompt_tokens: int) -> Tensor:
    """Weights [heads, rows, start + rows] -> shares [rows, buckets]: sums over the keys, means over the heads.

    The anchor's row counts itself as the anchor.
    """
    mean = weight.double().mean(0)
    block = mean[:, start:]
    others = block[:, 1:]  # without the anchor: of row i, key j is slot j + 1
    cached = (mean[:, :1], mean[:, 1:prompt_tokens], mean[:, prompt_tokens:start])
    sides = (others.tril(-2), others.tril(-1) - others.tril(-2), others.triu(0))
    return torch.stack([part.sum(1) for part in (*cached, block[:, :1], *sides)], 1)


def _checked(
    lm: LoadedModel, before: Sequence[int], prompt_tokens: int, block: Sequence[int], draft_rows: int | None
) -> int:
    """Rows of the draft pass, after every value has been checked."""
    config = lm.config
    most = min(MOST_TOKENS, config.max_position_embeddings - 1)
    _ids(lm, "before", before, most, "prompt-too-long")
    _ids(lm, "block", block, config.block_size, "proposal-too-long")
    checks.whole("prompt_tokens", prompt_tokens, 1, len(before))
    context = config.max_position_embeddings - len(before)
    rows = min(config.block_size, context) if draft_rows is None else draft_rows
    checks.whole("draft_rows", rows, 0, config.block_size)
    if (longest := max(rows, len(block))) > context:
        raise OrthrusError(
            "prompt-too-long",
            f"{len(before)} ids and a block of {longest} exceed the context of {config.max_position_embeddings}",
        )
    positions = len(before) + longest
    wanted = 8 * config.num_attention_heads * longest * positions + cast(Orthrus, lm.model).cache_bytes(positions)
    refuse_what_does_not_fit(wanted, f"attention over {positions} positions", lm.model.device)
    return rows


def _ids(lm: LoadedModel, name: str, ids: Sequence[int], most: int, code: str) -> None:
    if not isinstance(ids, (list, tuple)):
        raise OrthrusError("wrong-type", f"{name} is {checks.say(ids)}, it must be a list of token ids")
    if not ids:
        raise OrthrusError("prompt-empty", f"{name} is empty, it must hold 1 token id or more")
    if len(ids) > most:
        raise OrthrusError(code, f"{name} has {len(ids)} ids, at most {most} are taken here")
    for index in ids:
        checks.whole(f"an id of {name}", index, 0, lm.config.vocab_size - 1)
