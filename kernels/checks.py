"""Argument checks by name and shape, before either implementation runs."""

import torch
from torch import Tensor

from kernels import records


def matrix(name: str, tensor: Tensor, columns: int | None = None) -> None:
    """[rows, columns], at least one row."""
    if tensor.dim() != 2 or tensor.shape[0] < 1 or (columns is not None and tensor.shape[1] != columns):
        wanted = f"[rows, {columns if columns is not None else 'columns'}]"
        raise ValueError(f"{name} is {list(tensor.shape)}, expected {wanted} with at least one row")


def product(name: str, tensor: Tensor, like: Tensor) -> tuple[int, int]:
    """[rows, columns] in the dtype of `like`, or its slices [slices, rows, columns] in fp32; returns rows, columns."""
    if tensor.dim() == 3:
        if tensor.dtype != torch.float32 or not all(tensor.shape[:2]):
            raise ValueError(f"{name} is {tensor.dtype} {list(tensor.shape)}: slices come as float32, at least one row")
    else:
        matrix(name, tensor)
        same_dtype(**{name: tensor, "what it goes into": like})
    return tensor.shape[-2], tensor.shape[-1]


def vector(name: str, tensor: Tensor, size: int, dtype: torch.dtype | None = None) -> None:
    """[size], of this dtype if one is given."""
    if tuple(tensor.shape) != (size,) or (dtype is not None and tensor.dtype != dtype):
        raise ValueError(f"{name} is {tensor.dtype} {list(tensor.shape)}, expected {dtype or 'any dtype'} [{size}]")


def same_dtype(**tensors: Tensor) -> None:
    """All tensors must have one dtype."""
    if len({t.dtype for t in tensors.values()}) > 1:
        raise ValueError("dtypes differ: " + ", ".join(f"{name} {t.dtype}" for name, t in tensors.items()))


def taught(student: Tensor, teacher: Tensor, index: Tensor) -> None:
    """Logits of one dtype over one vocabulary, and a teacher row for each student row.

    student [n, vocab], teacher [m, vocab], index [n] int64.
    """
    matrix("student", student)
    matrix("teacher", teacher, student.shape[1])
    same_dtype(student=student, teacher=teacher)
    vector("index", index, student.shape[0], torch.int64)


def keys_and_values(name: str, k: Tensor, v: Tensor, dim: int) -> None:
    """Both [HKV, rows, D] with the same strides, D contiguous in memory."""
    if k.dim() != 3 or k.shape != v.shape or k.shape[2] != dim:
        shapes = f"{list(k.shape)} and {list(v.shape)}"
        raise ValueError(f"{name} keys and values are {shapes}, expected both [kv_heads, rows, {dim}]")
    if k.stride() != v.stride() or k.stride(2) != 1:
        raise ValueError(f"{name} keys and values have strides {k.stride()} and {v.stride()}, expected equal, last 1")


def attention(q, k_cache, v_cache, length, k_block, v_block) -> None:
    if q.dim() != 3 or q.shape[0] < 1:
        raise ValueError(f"q is {list(q.shape)}, expected [rows, heads, head_dim] with at least one row")
    _, heads, dim = q.shape
    keys_and_values("cache", k_cache, v_cache, dim)
    same_dtype(q=q, k_cache=k_cache, v_cache=v_cache)
    vector("length", length, 1, torch.int32)
    if heads % k_cache.shape[0]:
        raise ValueError(f"{heads} query heads do not share {k_cache.shape[0]} key heads evenly")
    if (k_block is None) != (v_block is None):
        raise ValueError("k_block and v_block come together or not at all")
    if k_block is None:
        return
    keys_and_values("block", k_block, v_block, dim)
    same_dtype(q=q, k_block=k_block, v_block=v_block)
    if k_block.shape[0] != k_cache.shape[0] or k_block.shape[1] < 1:
        raise ValueError(f"block keys are {list(k_block.shape)}, the cache has {k_cache.shape[0]} key heads")


def tree(q, paths, depths) -> None:
    matrix("paths", paths)
    vector("depths", depths, q.shape[0], torch.int32)
    if paths.dtype != torch.int32 or paths.shape[0] != q.shape[0]:
        raise ValueError(f"paths is {paths.dtype} {list(paths.shape)}, expected int32 with {q.shape[0]} rows")


def qk_norm_rope(qkv, q_weight, k_weight, cos, sin, length, k_out, v_out, into) -> None:
    if k_out.dim() != 3:
        raise ValueError(f"k_out is {list(k_out.shape)}, expected [kv_heads, rows, head_dim]")
    kv_heads, capacity, dim = k_out.shape
    keys_and_values("output", k_out, v_out, dim)
    rows, columns = product("qkv", qkv, k_out)
    same_dtype(q_weight=q_weight, k_weight=k_weight, k_out=k_out, v_out=v_out)
    heads, rest = divmod(columns, dim)
    if rest or heads <= 2 * kv_heads:
        raise ValueError(f"qkv has {columns} columns: not query heads and 2 x {kv_heads} heads of {dim}")
    vector("q_weight", q_weight, dim)
    vector("k_weight", k_weight, dim)
    vector("length", length, 1, torch.int32)
    matrix("cos", cos, dim // 2)
    if cos.shape != sin.shape or cos.dtype != sin.dtype:
        raise ValueError(f"cos is {cos.dtype} {list(cos.shape)}, sin is {sin.dtype} {list(sin.shape)}")
    if into not in ("cache", "block"):
        raise ValueError(f"into is {into!r}, expected 'cache' or 'block'")
    if into == "block" and capacity < rows:
        raise ValueError(f"a block of {capacity} rows cannot take {rows} rows")
    if into == "cache" and cos.shape[0] < capacity:
        raise ValueError(f"the rotary table has {cos.shape[0]} positions, the cache {capacity} rows")


def accept(block, choice, state, eos, text, ring) -> None:
    slots = block.shape[0]
    vector("block", block, slots, torch.int32)
    vector("choice", choice, slots, torch.int32)
    vector("state", state, records.STATE_WORDS, torch.int32)
    vector("eos", eos, eos.shape[0], torch.int32)
    vector("text", text, text.shape[0], torch.int32)
    if eos.shape[0] < 1:
        raise ValueError("eos is empty; pass -1 if no token ends the text")
    if ring.dtype != torch.int32 or ring.dim() != 2 or ring.shape[1] != records.record_words(slots):
        wanted = f"[slots, {records.record_words(slots)}]"
        raise ValueError(f"ring is {ring.dtype} {list(ring.shape)}, expected int32 {wanted} for blocks of {slots}")
