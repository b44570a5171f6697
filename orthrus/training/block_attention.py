"""Attention of anchored blocks in three implementations: each block sees its own prefix and itself, bidirectionally.

explicit   two products and a softmax, which torch.compile fuses into one loop: the embedded model's stage
sdpa       PyTorch's fused operator, which stores no scores; SHARED blocks share one copy of the prefix
flex       FlexAttention: the mask is a function, and fully masked tiles are skipped; training needs CUDA
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from orthrus.errors import OrthrusError

if TYPE_CHECKING:
    from orthrus.training.forward import Blocks

FORMS = ("auto", "explicit", "sdpa", "flex")
SHARED = 8  # 8 blocks of 32 see 256 keys, their own and their neighbours': an eighth more work at 2,048 positions

# q [rows, heads, n, head_dim]; own keys and values [rows, kv_heads, n, head_dim]; the prefix's
# [rows, kv_heads, length, head_dim] -> [rows, heads, n, head_dim], n = count * block
Attend = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


def form_for(form: str, device: torch.device) -> str:
    """Resolve a form; "auto" is flex on CUDA, sdpa elsewhere. Raises OrthrusError for an unknown one."""
    if form not in FORMS:
        raise OrthrusError("unknown-choice", f"attention {form!r} is not one of {', '.join(FORMS)}")
    return form if form != "auto" else "flex" if device.type == "cuda" else "sdpa"


def attention(form: str, blocks: Blocks) -> Attend:
    """The attention function of one step's blocks; masks are built here, once for all layers."""
    if form == "explicit":
        return partial(explicit, blocks.bias)
    return partial(sdpa, sdpa_mask(blocks)) if form == "sdpa" else partial(flex, flex_mask(blocks))


def explicit(bias: Tensor, q: Tensor, own_keys: Tensor, own_values: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """bias [rows, 1, count, length] float32, 0 or -inf; blocks are independent, the prefix is shared."""
    rows, _, count, length = bias.shape
    kv_heads, n, head_dim = own_keys.shape[1:]
    group, block = q.shape[1] // kv_heads, n // count
    q = q.reshape(rows, kv_heads, group, count, block, head_dim)
    q = q.transpose(2, 3).reshape(rows, kv_heads, count, group * block, head_dim)
    own_k, own_v = (t.reshape(rows, kv_heads, count, block, head_dim) for t in (own_keys, own_values))
    before = torch.matmul(q.reshape(rows, kv_heads, -1, head_dim), keys.transpose(2, 3)).float()
    before = before.reshape(rows, kv_heads, count, group * block, length) * head_dim**-0.5
    before = before + bias[:, :, :, None]
    own = torch.matmul(q, own_k.transpose(3, 4)).float() * head_dim**-0.5
    weights = torch.cat([before, own], dim=-1).softmax(-1).to(own_values.dtype)
    attended = torch.matmul(weights[..., :length].reshape(rows, kv_heads, -1, length), values)
    attended = attended.reshape(q.shape) + torch.matmul(weights[..., length:], own_v)
    attended = attended.reshape(rows, kv_heads, count, group, block, head_dim).transpose(2, 3)
    return attended.reshape(rows, kv_heads * group, n, head_dim)


def shared_by(count: int) -> int:
    """How many of `count` blocks share one copy of the prefix: the largest divisor up to SHARED."""
    return next(width for width in range(min(SHARED, count), 0, -1) if count % width == 0)


def sdpa_mask(blocks: Blocks) -> Tensor:
    """[rows * groups, 1, width * block, length + width * block] bool: which keys are visible."""
    count, length = blocks.bias.shape[2:]
    block, width = blocks.ids.shape[1] // count, shared_by(count)
    seen = (blocks.bias == 0).reshape(-1, width, 1, length).expand(-1, -1, block, -1).flatten(1, 2)
    own = torch.eye(width, dtype=torch.bool, device=seen.device)
    own = own.repeat_interleave(block, 0).repeat_interleave(block, 1)
    return torch.cat([seen, own.expand(len(seen), -1, -1)], dim=-1)[:, None]


def sdpa(mask: Tensor, q: Tensor, own_keys: Tensor, own_values: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """mask from `sdpa_mask`.

    Shapes as `explicit`: q [rows, heads, n, head_dim], own keys and values [rows, kv_heads, n, head_dim], the
    prefix's [rows, kv_heads, length, head_dim] -> like q.
    """
    rows = len(q)
    groups = len(mask) // rows

    def folded(x: Tensor) -> Tensor:
        return x.unflatten(2, (groups, -1)).transpose(1, 2).flatten(0, 1)

    def behind(prefix: Tensor, own: Tensor) -> Tensor:
        return torch.cat([prefix[:, None].expand(-1, groups, -1, -1, -1).flatten(0, 1), folded(own)], dim=2)

    k, v = behind(keys, own_keys), behind(values, own_values)
    out = F.scaled_dot_product_attention(folded(q), k, v, attn_mask=mask, enable_gqa=q.shape[1] != k.shape[1])
    return out.unflatten(0, (rows, groups)).transpose(1, 2).flatten(2, 3)


def flex_mask(blocks: Blocks) -> Any:
    """A BlockMask over the prefix's positions and then those of all blocks."""
    rows, _, count, length = blocks.bias.shape
    seen, block = blocks.bias[:, 0] == 0, blocks.ids.shape[1] // count

    def rule(row: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        before = seen[row, query // block, key.clamp(max=length - 1)]
        return torch.where(key < length, before, (key - length) // block == query // block)

    make = _flex(seen.device.type)[1]
    return make(rule, rows, None, count * block, length + count * block, device=seen.device)


def flex(mask: Any, q: Tensor, own_keys: Tensor, own_values: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """mask from `flex_mask`. Shapes as `sdpa`: q [rows, heads, n, head_dim] -> the same."""
    k, v = torch.cat([keys, own_keys], dim=2), torch.cat([values, own_values], dim=2)
    return _flex(q.device.type)[0](q, k, v, block_mask=mask, enable_gqa=q.shape[1] != k.shape[1])


@lru_cache
def _flex(device: str) -> tuple[Callable, Callable]:
    """flex_attention and create_block_mask, compiled on CUDA: uncompiled they would store all scores."""
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    functions = (flex_attention, create_block_mask)
    return functions if device == "cpu" else (torch.compile(functions[0], dynamic=False), torch.compile(functions[1]))
