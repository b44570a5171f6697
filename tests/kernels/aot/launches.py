"""Every launcher call of one model's decode cycle, with tensors of its shapes and nothing in them."""

from typing import NamedTuple

import torch

from kernels import (
    records,
    triton_accept,
    triton_argmax,
    triton_attention,
    triton_kl,
    triton_linear,
    triton_qk_norm_rope,
    triton_rmsnorm,
    triton_silu_mul,
    triton_stamp,
)


class Model(NamedTuple):
    hidden: int
    heads: int
    kv_heads: int
    dim: int
    ffn: int
    vocab: int


MODELS = {
    "embedded": Model(256, 8, 4, 32, 1024, 2048),
    "0.6B": Model(1024, 16, 8, 128, 3072, 151936),
    "1.7B": Model(2048, 16, 8, 128, 6144, 151936),
    "8B": Model(4096, 32, 8, 128, 12288, 151936),
}
CAPACITY = 4096


def launches(model, dtype=torch.bfloat16):
    """{name: call(rows)}: the tensors are rows of larger ones, as a caller's are, at any row."""
    m = model

    def new(*shape, dtype=dtype):
        return torch.empty(shape, dtype=dtype)

    def some(rows, columns, dtype=dtype):
        return new(rows + 3, columns, dtype=dtype)[3:]

    def linear(columns, depth, out_dtype=None):
        weight = new(columns, depth)
        return lambda rows: triton_linear.linear(some(rows, depth), weight, out_dtype)

    def parts(columns, depth):
        weight = new(columns, depth)
        return lambda rows: triton_linear.linear_parts(some(rows, depth), weight)

    def sliced(rows, columns, depth):
        """What `parts` gives, as the next launch gets it."""
        slices = triton_linear.config_for(columns, depth).slices
        return new(slices, rows, columns, dtype=torch.float32) if slices > 1 else some(rows, columns)

    gate_up = new(2 * m.ffn, m.hidden)
    words = new(records.STATE_WORDS, dtype=torch.int32)
    length = words[records.LENGTH :][:1]
    caches = [new(m.kv_heads, CAPACITY, m.dim) for _ in range(2)]
    table = [new(CAPACITY, m.dim // 2, dtype=torch.float32) for _ in range(2)]
    norm, head_norm, qkv = new(m.hidden), new(m.dim), (m.heads + 2 * m.kv_heads) * m.dim

    def attend(in_block, causal):
        def call(rows):
            q, block = some(rows, m.heads * m.dim).view(rows, m.heads, m.dim), [None, None]
            if in_block:
                block = [new(m.kv_heads, rows, m.dim) for _ in range(2)]
            return triton_attention.attention(q, *caches, length, *block, causal)

        return call

    def rope(into):
        def call(rows):
            outs = caches if into == "cache" else [new(m.kv_heads, rows, m.dim) for _ in range(2)]
            return triton_qk_norm_rope.qk_norm_rope(
                sliced(rows, qkv, m.hidden), head_norm, head_norm, *table, length, *outs, into, 1e-6
            )

        return call

    def gumbel(rows):
        seed, temperature = new(4, dtype=torch.int64)[1:2], new(4, dtype=torch.float32)[1:2]
        return triton_argmax.gumbel_argmax(some(rows, m.vocab, torch.float32), length, seed, temperature)

    def kl(op):
        def call(rows):
            index, teacher = new(rows + 3, dtype=torch.int64)[3:], some(40, m.vocab)
            more = [new(rows, 2, dtype=torch.float32)] if op == "kl_slope" else []
            return getattr(triton_kl, op)(some(rows, m.vocab), teacher, index, *more)

        return call

    def accept(rows):
        words = [torch.empty(n, dtype=torch.int32) for n in (rows, rows, records.STATE_WORDS, 2, 512)]
        return triton_accept.accept(*words, torch.empty(64, records.record_words(rows), dtype=torch.int32))

    return {
        "qkv": parts(qkv, m.hidden),
        "o": parts(m.hidden, m.heads * m.dim),
        "gate_up": lambda rows: triton_linear.linear_silu_mul(some(rows, m.hidden), gate_up),
        "down": parts(m.hidden, m.ffn),
        "head": linear(m.vocab, m.hidden, torch.float32),
        "attend_ar": attend(False, True),
        "attend_diffusion": attend(True, False),
        "attend_causal_block": attend(True, True),
        "rope_cache": rope("cache"),
        "rope_block": rope("block"),
        "rmsnorm": lambda rows: triton_rmsnorm.rmsnorm(some(rows, m.hidden), norm, 1e-6),
        "add_rmsnorm": lambda rows: triton_rmsnorm.add_rmsnorm(
            sliced(rows, m.hidden, m.ffn), some(rows, m.hidden), norm, 1e-6
        ),
        "silu_mul": lambda rows: triton_silu_mul.silu_mul(some(rows, 2 * m.ffn)),
        "argmax": lambda rows: triton_argmax.argmax(some(rows, m.vocab, torch.float32)),
        "gumbel_argmax": gumbel,
        "kl": kl("kl"),
        "kl_slope": kl("kl_slope"),
        "accept": accept,
        "stamp": lambda rows: triton_stamp.stamp(new(64, records.MARKS, dtype=torch.int64), words, 1),
    }
