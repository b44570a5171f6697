"""What the launchers share."""

import triton
import triton.language as tl
from torch import Tensor
from triton.runtime.jit import JITFunction


def interpreted() -> bool:
    """Whether Triton's interpreter runs the kernels: settled when Triton is imported, as its own library shows."""
    return not isinstance(tl.sum, JITFunction)


def aligned(tensor: Tensor) -> Tensor:
    """The tensor itself where it is contiguous and begins on 16 bytes, else a copy that is and does.

    Triton compiles another binary for a pointer that is not 16-byte aligned, and a row cut out of a matrix with odd
    columns would get it: same mathematics, other bits.
    """
    tensor = tensor.contiguous()
    return tensor if tensor.data_ptr() % 16 == 0 else tensor.clone()


def check_offsets(**tensors: Tensor) -> None:
    """Kernels index with 32 bits."""
    for name, tensor in tensors.items():
        if tensor.numel() >= 2**31:
            raise ValueError(f"{name} is {list(tensor.shape)}: 2**31 elements or more")


def parts_of(tensor: Tensor) -> int:
    """Slices that wait to be added, of what `linear_parts` gave: 1 where it was not cut."""
    return tensor.shape[0] if tensor.dim() == 3 else 1


@triton.jit
def whole(ptr, at, mask, apart, PARTS: tl.constexpr, dtype: tl.constexpr):
    """The product at these places, of `PARTS` slices `apart` elements from each other: added in order, rounded once."""
    x = tl.load(ptr + at, mask=mask, other=0.0).to(tl.float32)
    for piece in tl.static_range(1, PARTS):
        x += tl.load(ptr + piece * apart + at, mask=mask, other=0.0)
    return x.to(dtype).to(tl.float32)
