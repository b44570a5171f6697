"""Public operations: one function each; it checks the arguments and dispatches to an implementation.

backend="auto" takes Triton for tensors on a CUDA device (if Triton is installed) and the plain PyTorch reference
elsewhere. An explicit choice is used or raises: "triton" on a CPU tensor is a ValueError, unless Triton's interpreter
is running the kernels. "numba" has the operations of a pass, for a CPU; whole passes are `kernels.numba_pass`.

The Triton kernels are row-invariant: the bits of a row depend neither on how many rows are computed with it nor on
its place among them, so one row alone (plain decoding) equals the same row of a block (verification). They never
read a length on the host, so every call can be captured in a CUDA graph.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Tensor

from kernels import checks

BACKENDS = ("auto", "reference", "triton", "numba")
COMPILED = frozenset("linear attention rmsnorm qk_norm_rope argmax distribution gaps".split())  # operations in numba


def backend_for(backend: str, tensor: Tensor) -> str:
    """The implementation for a call on this tensor [...]; its device decides."""
    if backend not in BACKENDS:
        raise ValueError(f"backend is {backend!r}, expected one of {BACKENDS}")
    if backend == "auto":
        return "triton" if tensor.is_cuda and find_spec("triton") else "reference"
    if backend in ("triton", "numba") and not find_spec(backend):
        raise ValueError(f"backend {backend!r} was requested, but {backend} is not installed")
    if backend == "numba" and tensor.device.type != "cpu":
        raise ValueError(f"backend 'numba' was requested, but the tensor is on {tensor.device}")
    somewhere = tensor.is_cuda or tensor.is_meta  # a meta tensor has only a shape: enough for compilation
    if backend == "triton" and not somewhere and not import_module("kernels.triton_common").interpreted():
        raise ValueError(f"backend 'triton' was requested, but the tensor is on {tensor.device}")
    return backend


def _operation(backend: str, tensor: Tensor, stem: str, name: str) -> Callable:
    """The function to call; Triton and numba are imported lazily, here."""
    chosen = backend_for(backend, tensor)
    if chosen == "numba" and name not in COMPILED:
        raise ValueError(f"backend 'numba' has no {name}, only {', '.join(sorted(COMPILED))}")
    if chosen == "reference":
        return getattr(import_module("kernels.reference"), name)
    return getattr(import_module(f"kernels.numba_{stem}" if chosen == "numba" else f"kernels.triton_{stem}"), name)


def linear(x: Tensor, weight: Tensor, out_dtype: torch.dtype | None = None, backend: str = "auto") -> Tensor:
    """[M, K], [N, K] -> [M, N]: x @ weight.T, summed in fp32 and rounded once, to out_dtype (default: that of x)."""
    checks.matrix("x", x)
    checks.matrix("weight", weight, x.shape[1])
    checks.same_dtype(x=x, weight=weight)
    return _operation(backend, x, "linear", "linear")(x, weight, out_dtype)


def linear_parts(x: Tensor, weight: Tensor, backend: str = "auto") -> Tensor:
    """[M, K], [N, K] -> x @ weight.T [M, N], or [slices, M, N] fp32 if the layer is split along K.

    For `add_rmsnorm` and `qk_norm_rope`, which take either: slices are added in order and rounded there.
    """
    checks.matrix("x", x)
    checks.matrix("weight", weight, x.shape[1])
    checks.same_dtype(x=x, weight=weight)
    return _operation(backend, x, "linear", "linear_parts")(x, weight)


def linear_silu_mul(x: Tensor, gate_up: Tensor, backend: str = "auto") -> Tensor:
    """[M, K], [2 F, K] -> [M, F]: silu(x @ gate.T) * (x @ up.T); gate_up holds the gate's rows, then the up's."""
    checks.matrix("x", x)
    checks.matrix("gate_up", gate_up, x.shape[1])
    checks.same_dtype(x=x, gate_up=gate_up)
    if gate_up.shape[0] % 2:
        raise ValueError(f"gate_up is {list(gate_up.shape)}: two halves need an even number of rows")
    return _operation(backend, x, "linear", "linear_silu_mul")(x, gate_up)


def attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    length: Tensor,
    k_block: Tensor | None = None,
    v_block: Tensor | None = None,
    backend: str = "auto",
) -> Tensor:
    """q [M, H, D], cache [HKV, capacity, D], length [1] int32, block [HKV, B, D] -> [M, H * D].

    The AR view passes no block: its M rows are already in the cache, from row `length` on, and query i sees keys
    0 .. length + i. The diffusion view passes its block: every query sees cache[0:length] and the whole block. Cache
    and block may have any strides over heads and rows.
    """
    checks.attention(q, k_cache, v_cache, length, k_block, v_block)
    return _operation(backend, q, "attention", "attention")(q, k_cache, v_cache, length, k_block, v_block)


def tree_attention(
    q: Tensor,
    k_cache: Tensor,
    v_cache: Tensor,
    length: Tensor,
    k_block: Tensor,
    v_block: Tensor,
    paths: Tensor,
    depths: Tensor,
    backend: str = "auto",
) -> Tensor:
    """The AR view of a tree: q [M, H, D], cache [HKV, capacity, D], length [1], block [HKV, B, D] -> [M, H * D].

    Row i stands at position length + depths[i] and sees cache[0:length] and its path, block rows paths[i, 0], the
    anchor's, to paths[i, depths[i]], its own. paths [M, deepest + 1] and depths [M] int32. Its bits are those of
    `attention` of that row alone, the path's keys being in the cache.
    """
    checks.attention(q, k_cache, v_cache, length, k_block, v_block)
    checks.tree(q, paths, depths)
    return _operation(backend, q, "attention", "tree_attention")(
        q, k_cache, v_cache, length, k_block, v_block, paths, depths
    )


def rmsnorm(x: Tensor, weight: Tensor, eps: float, backend: str = "auto") -> Tensor:
    """[M, N], [N] -> [M, N]: x / rms(x), rounded, times weight (Qwen3's order of roundings; statistics in fp32)."""
    checks.matrix("x", x)
    checks.vector("weight", weight, x.shape[1], x.dtype)
    return _operation(backend, x, "rmsnorm", "rmsnorm")(x, weight, eps)


def add_rmsnorm(
    x: Tensor, residual: Tensor, weight: Tensor, eps: float, backend: str = "auto"
) -> tuple[Tensor, Tensor]:
    """[M, N], [M, N], [N] -> (rmsnorm(stream), stream), both [M, N], where stream = x + residual, rounded.

    x may be sliced [slices, M, N] fp32, as returned by `linear_parts`.
    """
    checks.matrix("residual", residual)
    checks.vector("weight", weight, residual.shape[1], residual.dtype)
    if checks.product("x", x, residual) != tuple(residual.shape):
        raise ValueError(f"x is {list(x.shape)}, residual is {list(residual.shape)}")
    return _operation(backend, x, "rmsnorm", "add_rmsnorm")(x, residual, weight, eps)


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
    backend: str = "auto",
) -> Tensor:
    """qkv [M, (H + 2 HKV) D] -> q [M, H, D]; keys and values are written to k_out, v_out [HKV, rows, D].

    qkv may be sliced [slices, M, (H + 2 HKV) D] fp32, as returned by `linear_parts`. Row i is at position
    length + i (length [1] int32); cos, sin [positions, D / 2] rotate halves. into="cache" writes row i to row
    length + i and drops rows past the end; into="block" writes row i to row i.
    """
    checks.qk_norm_rope(qkv, q_weight, k_weight, cos, sin, length, k_out, v_out, into)
    return _operation(backend, qkv, "qk_norm_rope", "qk_norm_rope")(
        qkv, q_weight, k_weight, cos, sin, length, k_out, v_out, into, eps
    )


def distribution(logits: Tensor, count: int, backend: str = "auto") -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """[M, V], finite -> log-probabilities [M, V], probabilities [M, V], entropies [M] in nats, all float32.

    Also the `count` largest log-probabilities [M, count], descending, and their ids, int64. With count 0 the entropies
    are undefined. "auto" takes numba for float32 on a CPU: for display only, no id depends on it.
    """
    return _operation(_shown(logits, backend), logits, "statistics", "distribution")(logits, count)


def gaps(logits: Tensor, backend: str = "auto") -> Tensor:
    """[M, V] -> [M] float32: the largest logit less the second largest; for display, as `distribution`."""
    return _operation(_shown(logits, backend), logits, "statistics", "gaps")(logits)


def _shown(logits: Tensor, backend: str) -> str:
    """The backend of an operation for display. "auto" takes numba for float32 on a CPU: PyTorch's own threads would
    spin for a while on the cores that passes share."""
    checks.matrix("logits", logits)
    if backend == "triton":
        raise ValueError("backend 'triton' has no statistics")
    if backend != "auto":
        return backend
    here = logits.device.type == "cpu" and logits.dtype == torch.float32 and find_spec("numba")
    return "numba" if here else "reference"


def argmax(logits: Tensor, backend: str = "auto") -> Tensor:
    """[M, V] -> [M] int32: the lowest index among the largest. Rows with a NaN have no defined answer."""
    checks.matrix("logits", logits)
    return _operation(backend, logits, "argmax", "argmax")(logits)


def gumbel_argmax(logits: Tensor, length: Tensor, seed: Tensor, temperature: Tensor, backend: str = "auto") -> Tensor:
    """[M, V] -> [M] int32: one sample of softmax(logits / temperature) per row; -inf marks filtered tokens.

    Noise is keyed by (seed [1] int64, position length [1] int32 + i, token id), so both views, and decoding one row
    at a time, draw the same. temperature is a [1] float32 tensor, so that a captured graph can change it.
    """
    checks.matrix("logits", logits)
    checks.vector("length", length, 1, torch.int32)
    checks.vector("seed", seed, 1, torch.int64)
    checks.vector("temperature", temperature, 1, torch.float32)
    return _operation(backend, logits, "argmax", "gumbel_argmax")(logits, length, seed, temperature)


def kl(student: Tensor, teacher: Tensor, index: Tensor, backend: str = "auto") -> tuple[Tensor, Tensor]:
    """Logits [n, V], [positions, V] -> forward KL [n] fp32 from teacher row index[i] (int64) to student row i, in nats.

    Also [n, 2] fp32, both rows' log-sum-exp, which `kl_slope` takes. Not differentiable by itself.
    """
    checks.taught(student, teacher, index)
    return _operation(backend, student, "kl", "kl")(student, teacher, index)


def kl_slope(student: Tensor, teacher: Tensor, index: Tensor, lse: Tensor, backend: str = "auto") -> Tensor:
    """[n, V]: the gradient of `kl` with respect to the student's logits, p_student - p_teacher, in their dtype."""
    checks.taught(student, teacher, index)
    checks.matrix("lse", lse, 2)
    return _operation(backend, student, "kl", "kl_slope")(student, teacher, index, lse)


def accept(
    block: Tensor, choice: Tensor, state: Tensor, eos: Tensor, text: Tensor, ring: Tensor, backend: str = "auto"
) -> None:
    """Judge block [B] (anchor, proposals) against choice [B] (the AR view after each slot); all tensors int32.

    Appends the longest agreeing prefix and the AR view's next token to text [T], stops at eos [E] and at the limits
    in state, and writes state [8] and the cycle's record into ring [slots, record_words(B)], all in place. The words
    are named in `kernels.records`. A stopped state makes the call a no-op, so a host may enqueue cycles ahead.
    """
    checks.accept(block, choice, state, eos, text, ring)
    _operation(backend, block, "accept", "accept")(block, choice, state, eos, text, ring)
