"""What the launchers share."""

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
