"""What the launchers share.

Programmatic dependent launch (PDL, compute capability 9.0 on): a kernel's programs may start while those of the one
before it end. Off unless ORTHRUS_PDL=1, until a GPU has compared its bits and its time.
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
    """Whether Triton's interpreter runs the kernels: settled when Triton is imported, as its own library shows."""
    return not isinstance(tl.sum, JITFunction)


def aligned(tensor: Tensor) -> Tensor:
    """The tensor itself where it is contiguous and begins on 16 bytes, else a copy that is and does.

    Triton compiles another binary for a pointer that is not 16-byte aligned, and a row cut out of a matrix with odd
    columns would get it: same mathematics, other bits.

    [...] -> [...], contiguous.
    """
    tensor = tensor.contiguous()
    return tensor if tensor.data_ptr() % 16 == 0 else tensor.clone()


def check_offsets(**tensors: Tensor) -> None:
    """Kernels index with 32 bits."""
    for name, tensor in tensors.items():
        if tensor.numel() >= 2**31:
            raise ValueError(f"{name} is {list(tensor.shape)}: 2**31 elements or more")


def dependent(tensor: Tensor) -> dict[str, bool]:
    """Launch options of a kernel over this tensor: is it a programmatic dependent launch?

    tensor [...]: its device decides.
    """
    if not PDL or interpreted():
        return {"PDL": False}
    able = tensor.is_meta or torch.cuda.get_device_capability(tensor.device) >= PDL_CAPABILITY
    return {"PDL": able, "launch_pdl": able}


@triton.jit
def begin(PDL: tl.constexpr):
    """The first statement of every kernel that reads or writes activations, early returns included.

    The next kernel may be scheduled from here on; this one goes on once the one before it is over. No kernel may leave
    it out: a kernel that ends without waiting would let its successor overtake its predecessor, and buffers of a
    captured graph are used again by later kernels.
    """
    if PDL:
        tl.extra.cuda.gdc_launch_dependents()
        tl.extra.cuda.gdc_wait()


@triton.jit
def fetch(ptrs, mask):
    """Ask for the cache lines at these places; nothing is read into registers, and nothing waits."""
    tl.inline_asm_elementwise(
        "{ .reg .pred p; setp.ne.s32 p, $2, 0; @p prefetch.global.L2 [$1]; mov.u32 $0, 0; }",
        "=r,l,r",
        [ptrs.to(tl.int64), mask.to(tl.int32)],
        dtype=tl.int32,
        is_pure=False,
        pack=1,
    )


def parts_of(tensor: Tensor) -> int:
    """Slices that wait to be added, of what `linear_parts` gave: 1 where it was not cut.

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
