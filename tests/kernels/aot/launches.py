"""Every launcher call of one model's decode cycle and training, with tensors of its shapes and nothing in them."""

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
    triton_stamp,
)

CAPACITY = 4096


class Made:
    """Tensors of one model's shapes; rows are rows of larger ones, as a caller's are, at any row."""

    def __init__(self, model, dtype):
        self.model, self.dtype = model, dtype
        self.heads, self.kv_heads, self.dim = model.num_attention_heads, model.num_key_value_heads, model.head_dim
        self.hidden, self.ffn, self.vocab = model.hidden_size, model.intermediate_size, model.vocab_size
        self.words = self.new(records.STATE_WORDS, dtype=torch.int32)
        self.length = self.words[records.LENGTH :][:1]
        self.qkv = (self.heads + 2 * self.kv_heads) * self.dim

    def new(self, *shape, dtype=None):
        return torch.empty(shape, dtype=dtype or self.dtype)

    def some(self, rows, columns, dtype=None):
        return self.new(rows + 3, columns, dtype=dtype)[3:]

    def keys_and_values(self, rows):
        return [self.new(self.kv_heads, rows, self.dim) for _ in range(2)]

    def sliced(self, rows, columns, depth):
        """What `linear_parts` gives, as the next launch gets it."""
        slices = triton_linear.config_for(columns, depth).slices
        return self.new(slices, rows, columns, dtype=torch.float32) if slices > 1 else self.some(rows, columns)


def launches(model, dtype=torch.bfloat16):
    """{name: call(rows)}."""
    made = Made(model, dtype)
    return products(made) | attention(made) | norms(made) | choices(made) | training(made)


def products(made):
    m = made

    def linear(columns, depth, op=triton_linear.linear_parts, *more):
        weight = made.new(columns, depth)
        return lambda rows: op(made.some(rows, depth), weight, *more)

    return {
        "qkv": linear(made.qkv, m.hidden),
        "o": linear(m.hidden, m.heads * m.dim),
        "gate_up": linear(2 * m.ffn, m.hidden, triton_linear.linear_silu_mul),
        "down": linear(m.hidden, m.ffn),
        "head": linear(m.vocab, m.hidden, triton_linear.linear, torch.float32),
    }


def attention(made):
    m, caches = made, made.keys_and_values(CAPACITY)
    table = [made.new(CAPACITY, m.dim // 2, dtype=torch.float32) for _ in range(2)]
    norm = made.new(m.dim)

    def attend(in_block):
        def call(rows):
            q = made.some(rows, m.heads * m.dim).view(rows, m.heads, m.dim)
            block = made.keys_and_values(rows) if in_block else [None, None]
            return triton_attention.attention(q, *caches, made.length, *block)

        return call

    def attend_tree(rows):
        q = made.some(rows, m.heads * m.dim).view(rows, m.heads, m.dim)
        paths, depths = made.some(rows, 32, torch.int32), made.new(rows + 3, dtype=torch.int32)[3:]
        side = [made.new(rows, m.kv_heads, m.dim).transpose(0, 1) for _ in range(2)]
        return triton_attention.tree_attention(q, *caches, made.length, *side, paths, depths)

    def rope(into):
        def call(rows):
            outs = caches if into == "cache" else made.keys_and_values(rows)
            qkv = made.sliced(rows, made.qkv, m.hidden)
            return triton_qk_norm_rope.qk_norm_rope(qkv, norm, norm, *table, made.length, *outs, into, 1e-6)

        return call

    return {
        "attend_ar": attend(False),
        "attend_diffusion": attend(True),
        "attend_tree": attend_tree,
        "rope_cache": rope("cache"),
        "rope_block": rope("block"),
    }


def norms(made):
    m, some = made, made.some
    norm = made.new(m.hidden)

    def add_rmsnorm(rows):
        return triton_rmsnorm.add_rmsnorm(made.sliced(rows, m.hidden, m.ffn), some(rows, m.hidden), norm, 1e-6)

    return {
        "rmsnorm": lambda rows: triton_rmsnorm.rmsnorm(some(rows, m.hidden), norm, 1e-6),
        "add_rmsnorm": add_rmsnorm,
    }


def choices(made):
    vocab, some, new = made.vocab, made.some, made.new

    def gumbel(rows):
        seed, temperature = new(4, dtype=torch.int64)[1:2], new(4, dtype=torch.float32)[1:2]
        return triton_argmax.gumbel_argmax(some(rows, vocab, torch.float32), made.length, seed, temperature)

    def accept(rows):
        words = [new(n, dtype=torch.int32) for n in (rows, rows, records.STATE_WORDS, 2, 512)]
        return triton_accept.accept(*words, new(64, records.record_words(rows), dtype=torch.int32))

    return {
        "argmax": lambda rows: triton_argmax.argmax(some(rows, vocab, torch.float32)),
        "gumbel_argmax": gumbel,
        "accept": accept,
        "stamp": lambda rows: triton_stamp.stamp(new(64, records.MARKS, dtype=torch.int64), made.words, 1),
    }


def training(made):
    vocab, some, new = made.vocab, made.some, made.new

    def kl(op, *more):
        def call(rows):
            index = new(rows + 3, dtype=torch.int64)[3:]
            return op(some(rows, vocab), some(40, vocab), index, *(new(rows, n, dtype=torch.float32) for n in more))

        return call

    return {"kl": kl(triton_kl.kl), "kl_slope": kl(triton_kl.kl_slope, 2)}
