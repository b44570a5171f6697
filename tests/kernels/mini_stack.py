"""A whole, tiny Orthrus made of nothing but `kernels.ops`: two layers, random weights, AR decoding and drafted cycles.

A diffusion pass of random weights guesses nothing right, so most of its proposals are replaced by the AR text, which
plain decoding has found before; one place in block + 1 keeps the guess and is usually refused. Text and every
committed logit row of the two decoders must agree bit for bit.
"""

from typing import NamedTuple

import torch
from kernel_cases import bits, randn, rope_table

from kernels import ops, records

HIDDEN, HEADS, KV_HEADS, DIM, FFN, LAYERS, VOCAB, EPS = 64, 2, 1, 16, 96, 2, 96, 1e-6
MASK = VOCAB - 1


class Sizes(NamedTuple):
    """Of one run."""

    block: int = 5
    capacity: int = 48
    prompt: int = 13
    new_tokens: int = 12


class Stack:
    def __init__(self, dtype, sizes, device="cpu", backend="triton"):
        self.dtype, self.sizes, self.device, self.backend = dtype, sizes, device, backend
        self.embedding, self.head = self._weight(VOCAB, HIDDEN, seed=1) * 4, self._weight(VOCAB, HIDDEN, seed=2)
        self.norm, self.head_norm = (torch.ones(n, dtype=dtype, device=device) for n in (HIDDEN, DIM))
        self.layers = [self._layer(10 * n) for n in range(LAYERS)]
        self.rope = rope_table(sizes.capacity + sizes.block, DIM, device)

    def _weight(self, rows, columns, seed):
        return randn(rows, columns, dtype=self.dtype, device=self.device, seed=seed, scale=columns**-0.5)

    def _layer(self, seed):
        ar = {
            "qkv": self._weight((HEADS + 2 * KV_HEADS) * DIM, HIDDEN, seed + 3),
            "o": self._weight(HIDDEN, HEADS * DIM, seed + 4),
        }
        diffusion = {name: w + 0.1 * self._weight(*w.shape, seed=99) for name, w in ar.items()}
        gate_up, down = self._weight(2 * FFN, HIDDEN, seed + 5), self._weight(HIDDEN, FFN, seed + 6)
        return {"ar": ar, "diffusion": diffusion, "gate_up": gate_up, "down": down}

    def new_cache(self):
        shape = (LAYERS, 2, KV_HEADS, self.sizes.capacity, DIM)
        return torch.full(shape, float("nan"), dtype=self.dtype, device=self.device)

    def forward(self, view, ids, cache, length):
        """Logits [rows, VOCAB] of the rows that stand at `length`; the AR view writes them to the cache."""
        run, norms = {"backend": self.backend}, (self.head_norm, self.head_norm)
        stream = torch.nn.functional.embedding(ids, self.embedding)
        x = ops.rmsnorm(stream, self.norm, EPS, **run)
        for layer, (k_cache, v_cache) in zip(self.layers, cache, strict=True):
            qkv = ops.linear_parts(x, layer[view]["qkv"], **run)
            where, into = ((k_cache, v_cache), "cache") if view == "ar" else (self._block(ids), "block")
            q = ops.qk_norm_rope(qkv, *norms, *self.rope, length, *where, into, EPS, **run)
            own = (None, None) if view == "ar" else where
            mixed = ops.attention(q, k_cache, v_cache, length, *own, causal=view == "ar", **run)
            x, stream = ops.add_rmsnorm(ops.linear_parts(mixed, layer[view]["o"], **run), stream, self.norm, EPS, **run)
            hidden = ops.linear_silu_mul(x, layer["gate_up"], **run)
            x, stream = ops.add_rmsnorm(ops.linear_parts(hidden, layer["down"], **run), stream, self.norm, EPS, **run)
        return ops.linear(x, self.head, torch.float32, **run)

    def _block(self, ids):
        return [torch.empty(KV_HEADS, len(ids), DIM, dtype=self.dtype, device=self.device) for _ in range(2)]

    def prefill(self):
        """Cache, decode state, text and ring after the prompt, which goes through in pieces like any other rows."""
        generator = torch.Generator().manual_seed(5)
        prompt = torch.randint(0, MASK, (self.sizes.prompt,), generator=generator).int().to(self.device)
        cache = self.new_cache()
        for start in range(0, len(prompt), self.sizes.block):
            length = torch.tensor([start], dtype=torch.int32, device=self.device)
            logits = self.forward("ar", prompt[start : start + self.sizes.block], cache, length)
        first = int(ops.argmax(logits[-1:], backend=self.backend))
        limits = (self.sizes.new_tokens, self.sizes.capacity)
        state = records.make_state(len(prompt), 1, first, *limits, device=self.device)
        text = torch.full((self.sizes.new_tokens,), -1, dtype=torch.int32, device=self.device)
        text[0] = first
        return cache, state, text

    def cycle(self, block_size, cache, state, text, ring, eos, oracle=None):
        """One draft, one verification, one verdict; with block_size 1 this is plain decoding. Returns AR logits."""
        length = state[records.LENGTH : records.LENGTH + 1].clone()
        anchor = state[records.ANCHOR : records.ANCHOR + 1]
        block = torch.cat([anchor, torch.full((block_size - 1,), MASK, dtype=torch.int32, device=self.device)])
        if block_size > 1:
            guesses = ops.argmax(self.forward("diffusion", block, cache, length), backend=self.backend)
            at = state[records.GENERATED] + torch.arange(block_size - 1, device=self.device)
            told = oracle.index_select(0, at.clamp(max=len(oracle) - 1))
            block = torch.cat([anchor, torch.where(at % (block_size + 1) == block_size, guesses[:-1], told)])
        logits = self.forward("ar", block, cache, length)
        choice = ops.argmax(logits, backend=self.backend)
        ops.accept(block, choice, state, eos, text, ring, backend=self.backend)
        return logits


def decode(stack, block_size, oracle=None):
    """Text, logit rows in text order (after the first token), acceptance of each cycle."""
    cache, state, text = stack.prefill()
    ring = records.make_ring(4, block_size, stack.device)
    eos = torch.tensor([-1], dtype=torch.int32, device=stack.device)
    rows, accepted = [], []
    while not int(state[records.STOP]):
        logits = stack.cycle(block_size, cache, state, text, ring, eos, oracle)
        record = records.read_record(ring.cpu(), len(accepted))
        rows.append(logits[: record.n_commit])
        accepted.append(record.n_accept)
    return text, torch.cat(rows), accepted


def differing_rows(stack):
    """(texts equal, logit rows whose bits differ, acceptances) of drafted cycles against plain decoding."""
    ar_text, ar_rows, _ = decode(stack, 1)
    text, rows, accepted = decode(stack, stack.sizes.block, ar_text)
    assert rows.shape == ar_rows.shape
    different = [i for i in range(len(rows)) if not torch.equal(bits(rows[i]), bits(ar_rows[i]))]
    return torch.equal(text, ar_text), different, accepted
