"""Shared helpers of the Triton launchers.

Programmatic dependent launch (PDL, compute capability 9.0 on): a kernel may start while the previous one
ends. Off unless ORTHRUS_PDL=1, until its bits and its time have been compared on a GPU.
"""

import os

import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.runtime.jit import JITFunction

PDL = os.environ.get("ORTHRUS_PDL", "0") == "1"
PDL_CAPABILITY = (9, 0)


def interpreted() -> bool:
    """Whether Triton's interpreter runs the kernels, which is decided when Triton is imported."""
    return not isinstance(tl.sum, JITFunction)


def aligned(tensor: Tensor) -> Tensor:
    """The tensor if it is contiguous and 16-byte aligned, else an aligned copy.

    Triton compiles a different binary for a pointer that is not 16-byte aligned, such as a row of a matrix with odd
    columns: same mathematics, other bits.

    [...] -> [...], contiguous.
    """
    tensor = tensor.contiguous()
    return tensor if tensor.data_ptr() % 16 == 0 else tensor.clone()


def check_offsets(**tensors: Tensor) -> None:
    """Refuse tensors too large for the kernels' 32-bit offsets."""
    for name, tensor in tensors.items():
        if tensor.numel() >= 2**31:
            raise ValueError(f"{name} is {list(tensor.shape)}: 2**31 elements or more")


def dependent(tensor: Tensor) -> dict[str, bool]:
    """Launch options of a kernel over this tensor: whether it is a programmatic dependent launch.

    tensor [...]: its device decides.
    """
    if not PDL or interpreted():
        return {"PDL": False}
    able = tensor.is_meta or torch.cuda.get_device_capability(tensor.device) >= PDL_CAPABILITY
    return {"PDL": able, "launch_pdl": able}


@triton.jit
def begin(PDL: tl.constexpr):
    """The first statement of every kernel that reads or writes activations, early returns included.

    The next kernel may be scheduled from here on; this one continues once the previous one has ended. No kernel may
    omit it: a kernel that ends without waiting would let its successor overtake its predecessor, and buffers of a
    captured graph are reused by later kernels.
    """
    if PDL:
        tl.extra.cuda.gdc_launch_dependents()
        tl.extra.cuda.gdc_wait()


@triton.jit
def fetch(ptrs, mask):
    """Prefetch the cache lines at these places into L2, without loading registers or waiting."""
    tl.inline_asm_elementwise(
        "{ .reg .pred p; setp.ne.s32 p, $2, 0; @p prefetch.global.L2 [$1]; mov.u32 $0, 0; }",
        "=r,l,r",
        [ptrs.to(tl.int64), mask.to(tl.int32)],
        dtype=tl.int32,
        is_pure=False,
        pack=1,
    )


def parts_of(tensor: Tensor) -> int:
    """Number of slices in a result of `linear_parts`: 1 if it was not sliced.

    tensor [rows, n] or [slices, rows, n].
    """
    return tensor.shape[0] if tensor.dim() == 3 else 1


@triton.jit
def whole(ptr, at, mask, apart, PARTS: tl.constexpr, dtype: tl.constexpr):
    """The product at these places, of `PARTS` slices `apart` elements from each other: added in order, rounded once."""
    x = tl.load(ptr + at, mask=mask, other=0.0).to(tl.float32)
    for piece in tl.static_range(1, PARTS):
        x += tl.load(ptr + piece * apart + at, mask=mask, other=0.0)
    return x.to(dtype).to(tl.float32)
