"""Reference implementations in plain PyTorch: they define every operation and are not optimised.

Arguments were checked in `kernels.ops`. `length` is always an int32 tensor of one element, the committed rows of the
cache; reading it here waits for the device, which the Triton launchers never do.
"""

import math

import torch
from torch import Tensor

from kernels import records


def linear(x: Tensor, weight: Tensor, out_dtype: torch.dtype | None = None) -> Tensor:
    """[M, K], [N, K] -> [M, N]: x @ weight.T, summed in fp32 and rounded once."""
    return (x.float() @ weight.float().T).to(out_dtype or x.dtype)


def linear_parts(x: Tensor, weight: Tensor) -> Tensor:
    """[M, K], [N, K] -> [M, N], as `linear`: never sliced here."""
    return linear(x, weight)


def linear_silu_mul(x: Tensor, gate_up: Tensor) -> Tensor:
    """[M, K], [2 F, K] -> [M, F]: silu(x @ gate.T) * (x @ up.T), each product rounded, then the result."""
    gate, up = linear(x, gate_up).float().chunk(2, dim=-1)
    return (torch.nn.functional.silu(gate) * up).to(x.dtype)


def whole(x: Tensor, dtype: torch.dtype) -> Tensor:
    """[M, N], or its slices [slices, M, N] fp32 added in order and rounded to dtype."""
    if x.dim() == 2:
        return x
    total = x[0]
    for part in x[1:]:
        total = total + part
    return total.to(dtype)


def attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    length: Tensor,
    k_block: Tensor | None = None,
    v_block: Tensor | None = None,
) -> Tensor:
    """q [M, H, D], cache [HKV, capacity, D], block [HKV, B, D] -> [M, H * D].

    With a block, keys are cache[0:length] and then the block, and every query sees every key. Without one, the M rows
    that begin at `length` are already in the cache, and query i sees the keys at positions <= length + i.
    """
    rows, heads, dim = q.shape
    start = min(int(length), k_cache.shape[1])
    if k_block is None or v_block is None:
        k, v = k_cache[:, : start + rows], v_cache[:, : start + rows]
    else:
        k = torch.cat([k_cache[:, :start], k_block], dim=1)
        v = torch.cat([v_cache[:, :start], v_block], dim=1)
    group = heads // k.shape[0]
    k, v = (t.float().repeat_interleave(group, dim=0) for t in (k, v))
    scores = q.float().transpose(0, 1) @ k.transpose(1, 2) / math.sqrt(dim)
    if k_block is None:
        position = torch.arange(k.shape[1], device=q.device)
        last = start + torch.arange(rows, device=q.device)
        scores = scores.masked_fill(position > last[:, None], -math.inf)
    return (scores.softmax(dim=-1) @ v).transpose(0, 1).reshape(rows, heads * dim).to(q.dtype)


def tree_attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    length: Tensor,
    k_block: Tensor,
    v_block: Tensor,
    paths: Tensor,
    depths: Tensor,
) -> Tensor:
    """q [M, H, D], cache [HKV, capacity, D], block [HKV, B, D], paths [M, deepest + 1], depths [M] -> [M, H * D].

    Query i sees cache[0:length], then block rows paths[i, 0], ... paths[i, depths[i]].
    """
    rows = []
    for query, path, depth in zip(q, paths.tolist(), depths.tolist(), strict=True):
        own = (block[:, path[: depth + 1]] for block in (k_block, v_block))
        rows.append(attention(query[None], k_cache, v_cache, length, *own))
    return torch.cat(rows)


def rmsnorm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """[M, N], [N] -> [M, N]: x / rms(x), rounded, times weight, as Qwen3 rounds it."""
    wide = x.float()
    normed = wide * torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + eps)
    return (normed.to(x.dtype).float() * weight.float()).to(x.dtype)


def add_rmsnorm(x: Tensor, residual: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """[M, N] or [slices, M, N] fp32, [M, N], [N] -> (rmsnorm(stream), stream); stream = x + residual, rounded."""
    stream = (whole(x, residual.dtype).float() + residual.float()).to(residual.dtype)
    return rmsnorm(stream, weight, eps), stream


def qk_norm_rope(
    qkv: Tensor,
    q_weight: Tensor,
    k_weight: Tensor,
    cos: Tensor,
    sin: Tensor,
    length: Tensor,
    k_out: Tensor,
    v_out: Tensor,
    into: str,
    eps: float,
) -> Tensor:
    """qkv [M, (H + 2 HKV) D] or slices of it -> q [M, H, D]; keys and values go to k_out, v_out [HKV, rows, D].

    Row i is at position length + i and is rotated by cos, sin [positions, D / 2] (the rotate-half form) in fp32;
    a position past the table uses its last row. into="cache": row i goes to row length + i of k_out and v_out, rows
    past their end are dropped. into="block": row i goes to row i.
    """
    qkv = whole(qkv, k_out.dtype)
    rows, (kv_heads, capacity, dim) = qkv.shape[0], k_out.shape
    heads = qkv.shape[1] // dim - 2 * kv_heads
    start = int(length)
    q, k, v = qkv.view(rows, -1, dim).split([heads, kv_heads, kv_heads], dim=1)
    position = (start + torch.arange(rows, device=qkv.device)).clamp(max=cos.shape[0] - 1)
    cos, sin = cos[position, None].float(), sin[position, None].float()
    first = start if into == "cache" else 0
    fitting = max(0, min(rows, capacity - first))
    k_out[:, first : first + fitting] = _rotate(rmsnorm(k, k_weight, eps), cos, sin)[:fitting].transpose(0, 1)
    v_out[:, first : first + fitting] = v[:fitting].transpose(0, 1)
    return _rotate(rmsnorm(q, q_weight, eps), cos, sin)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.float().chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1).to(x.dtype)


def distribution(logits: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """As `kernels.ops.distribution`: logits [rows, vocab] -> two [rows, vocab], one [rows], two [rows, count]."""
    log_p = logits.log_softmax(-1, dtype=torch.float32)
    p = log_p.exp()
    values, ids = log_p.topk(min(count, log_p.shape[-1]), dim=-1)
    return log_p, p, -torch.linalg.vecdot(p, log_p), values, ids


def gaps(logits: Tensor) -> Tensor:
    """[M, V] -> [M] float32: the largest logit less the second largest."""
    top = logits.topk(2, dim=-1).values.float()
    return top[:, 0] - top[:, 1]


def argmax(logits: Tensor) -> Tensor:
    """[M, V] -> [M] int32: the lowest index among the largest."""
    best = logits == logits.amax(dim=-1, keepdim=True)
    index = torch.arange(logits.shape[-1], device=logits.device)
    return torch.where(best, index, logits.shape[-1]).amin(dim=-1).to(torch.int32)


def kl(student: Tensor, teacher: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Logits [n, V], [positions, V], index [n] int64 -> KL(teacher row index[i] || student row i) [n] fp32, in nats.

    Also [n, 2] fp32, log-sum-exp of the student's and of the teacher's row, for `kl_slope`.
    """
    s, t = student.float(), teacher.float()
    lse = torch.stack([s.logsumexp(-1), t.logsumexp(-1)[index]], dim=-1)
    log_s, log_t = s - lse[:, :1], t[index] - lse[:, 1:]
    p_t = log_t.exp()
    return torch.where(p_t > 0, p_t * (log_t - log_s), 0.0).sum(-1), lse


def kl_slope(student: Tensor, teacher: Tensor, index: Tensor, lse: Tensor) -> Tensor:
    """The gradient of `kl` with respect to the student's logits, p_student - p_teacher: [n, V], dtype of student."""
    p_s, p_t = (student.float() - lse[:, :1]).exp(), (teacher.float()[index] - lse[:, 1:]).exp()
    return (p_s - p_t).to(student.dtype)


def gumbel_argmax(logits: Tensor, length: Tensor, seed: Tensor, temperature: Tensor) -> Tensor:
    """[M, V] -> [M] int32, a sample of softmax(logits / temperature) per row; seed [1] int64, temperature [1] float32.

    The noise is a function of (seed, position length + i, token id), the same in every pass.
    """
    rows, vocab = logits.shape
    position = int(length) + torch.arange(rows, device=logits.device)
    noise = gumbel_noise(int(seed), position[:, None], torch.arange(vocab, device=logits.device))
    return argmax(logits.float() / temperature.float() + noise)


def gumbel_noise(seed: int, position: Tensor, token: Tensor) -> Tensor:
    """-log(-log(1 - w)) of a uniform w = (r + 1/2) / 2**32; r is the Philox word of (seed, token id, position).

    log1p resolves the small w, which are the ones that win: with log(u) of a u near 1, fp32 would leave a vocabulary
    of 150,000 about 110 distinct winning values.

    position and token int64, broadcast to [...] -> float32 [...].
    """
    word = philox_word(seed, token, position)
    w = ((word.to(torch.float32) + 0.5) * 2.0**-32).clamp(max=1 - 2.0**-24)
    return (-torch.log(-torch.log1p(-w.double()))).float()


def philox_word(seed: int, counter0: Tensor, counter1: Tensor) -> Tensor:
    """First of the four 32-bit words of Philox4x32-10 (Salmon et al. 2011), as int64; broadcasts its counters.

    [...] int64 each -> [...] int64.
    """
    mask = 0xFFFFFFFF
    c0, c1 = torch.broadcast_tensors(counter0.long() & mask, counter1.long() & mask)
    c2 = c3 = torch.zeros_like(c0)
    key0, key1 = seed & mask, (seed >> 32) & mask
    for _ in range(10):
        high0, low0 = _multiply_32(0xD2511F53, c0)
        high1, low1 = _multiply_32(0xCD9E8D57, c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ key0, low1, high0 ^ c3 ^ key1, low0
        key0, key1 = (key0 + 0x9E3779B9) & mask, (key1 + 0xBB67AE85) & mask
    return c0


def _multiply_32(a: int, b: Tensor) -> tuple[Tensor, Tensor]:
    """High and low 32 bits of a * b for 32-bit unsigned values held in int64, which would overflow in one step."""
    low_part, high_part = (a & 0xFFFF) * b, (a >> 16) * b
    middle = high_part + (low_part >> 16)
    return middle >> 16, ((middle & 0xFFFF) << 16) | (low_part & 0xFFFF)


def accept(block: Tensor, choice: Tensor, state: Tensor, eos: Tensor, text: Tensor, ring: Tensor) -> None:
    """Judge one draft: block [B] int32 (anchor, then proposals) against choice [B] int32 (the AR view after each slot).

    Keeps the longest prefix with block[i + 1] == choice[i] among the eligible proposals, appends it and the AR view's
    own next token to `text`, stops at an EOS (eos [E] int32), at MAX_TOKENS and at CAPACITY, and updates `state` and
    the next record of `ring` in place (words: `kernels.records`). A stopped state stays as it is.
    """
    length, generated, cycle, stop, _, max_tokens, capacity, _ = state.tolist()
    slots = block.shape[0]
    eligible = min(slots, max_tokens - generated, capacity - length)
    if stop or eligible <= 0:
        return
    ids, chosen, ends = block.tolist(), choice.tolist(), set(eos.tolist())
    n_draft = eligible - 1
    n_accept = next((i for i in range(n_draft) if ids[i + 1] != chosen[i]), n_draft)
    n_commit = next((i + 1 for i in range(n_accept + 1) if chosen[i] in ends), n_accept + 1)
    ended = chosen[n_commit - 1] in ends
    has_next = n_commit == n_accept + 1
    n_kept = n_commit if has_next else n_commit + 1  # the anchor and the appended proposals

    if ended:
        stop = records.STOP_EOS
    elif generated + n_commit >= max_tokens:
        stop = records.STOP_LENGTH
    elif length + n_kept >= capacity:
        stop = records.STOP_CAPACITY
    next_id = chosen[n_accept] if has_next else -1
    header = [cycle + 1, length, n_draft, n_accept, n_commit, next_id, stop]
    ring[cycle % ring.shape[0]] = torch.tensor([*header, *ids, *chosen], dtype=torch.int32)
    text[generated : generated + n_commit] = choice[:n_commit]
    after = [length + n_kept, generated + n_commit, cycle + 1, stop, chosen[n_commit - 1]]
    state[: len(after)] = torch.tensor(after, dtype=torch.int32)
