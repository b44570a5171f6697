"""Fully sharded layers (FSDP2 `fully_shard`): each process stores a part of every weight, gathered per layer.

Embedding, head and last norm are not sharded. Gradients come back averaged over the processes, so the loop multiplies
each loss by their number (gloo cannot sum with a factor).
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from orthrus.model.dual_view import Orthrus


def shard_layers(model: Orthrus, device: torch.device) -> None:
    """Shard every layer's weights over all processes, this one's part on `device`, layer by layer."""
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    for whole_part in (model.model.embed_tokens, model.model.norm, model.lm_head):
        if whole_part is not None:
            whole_part.to(device)
    for layer in model.model.layers:
        fully_shard(layer, mesh=mesh, reshard_after_forward=True)


def whole(tensor: Tensor) -> Tensor:
    """Gather a sharded tensor; all processes must call it. An unsharded tensor is returned as it is.

    [...] -> [...].
    """
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


def own_part(tensor: Tensor) -> Tensor:
    """This process's shard of a tensor; an unsharded tensor as it is. [n, ...] -> [n / processes, ...]."""
    return tensor.to_local() if hasattr(tensor, "to_local") else tensor


def split_like(tensor: Tensor, other: Tensor) -> Tensor:
    """Shard a full tensor like `other`; as it is if `other` is unsharded. [n, ...] -> [n / processes, ...]."""
    if not hasattr(other, "device_mesh"):
        return tensor
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(tensor.to(other.device, other.dtype), other.device_mesh, other.placements)


def whole_state(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The optimizer's state_dict with full tensors."""
    state = optimizer.state_dict()
    tensors = {
        number: {k: whole(v) if isinstance(v, Tensor) else v for k, v in values.items()}
        for number, values in state["state"].items()
    }
    return state | {"state": tensors}


def split_state(optimizer: torch.optim.Optimizer) -> None:
    """Shard the full tensors that `load_state_dict` has loaded, like their parameters."""
    for parameter, values in optimizer.state.items():
        for name, value in values.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                values[name] = split_like(value, parameter)


def fingerprint(tensors: list[Tensor]) -> int:
    """A 64-bit fingerprint of the tensors' local parts: the sum of each number's bits times an odd index.

    An odd factor has an inverse modulo 2**64, so any one changed number changes the sum.

    tensors of any shape [...].
    """
    total = 0
    for number, tensor in enumerate(tensors):
        flat = own_part(tensor.detach()).reshape(-1)
        for at in range(0, flat.numel(), PIECE):
            piece = flat[at : at + PIECE]
            bits = piece.view({1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[piece.element_size()])
            place = torch.arange(at, at + len(piece), device=piece.device) * 2 + 1 + 2 * number
            total += int((bits.long() * place).sum())
    return total % (1 << 64)


PIECE = 1 << 22  # numbers at a time: 64 MiB of bits and places
