"""Data parallelism over processes started by `accelerate launch`: each takes its share of a step's losses.

The losses of a step are numbered; process r of n computes numbers r, r + n, ... and the gradients are summed over all.
So the number of processes only changes which process computes what.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.distributed as dist
from torch import Tensor

from orthrus.errors import OrthrusError


@dataclass(frozen=True, slots=True)
class Processes:
    """This process's rank and the number of processes; with one, nothing is exchanged.

    If layers are split, gathering one needs all processes: all validate and all save, the first one writes.
    """

    rank: int = 0
    count: int = 1
    sharded: bool = False  # each process stores a part of every layer (`orthrus.training.sharded`)

    @property
    def first(self) -> bool:
        """Whether this process writes the files and the log."""
        return self.rank == 0

    @property
    def weight(self) -> int:
        """The factor of a loss that makes gradients sums: sharded ones come back averaged."""
        return self.count if self.sharded else 1

    def sum(self, value: float) -> float:
        """All-reduce a number: its sum over all processes."""
        return value if self.count == 1 else _reduced([value], dist.ReduceOp.SUM)[0]

    def of_first(self, value: float) -> float:
        """Broadcast the first process's value."""
        return self.sum(value if self.first else 0.0)

    def add_gradients(self, parameters: list[Tensor]) -> None:
        """All-reduce every gradient in one message; a process without a loss contributes zeros.

        Parameters of any shape [...].
        """
        if self.count == 1 or self.sharded:  # sharded gradients are reduced in the backward pass
            return
        whole = torch.cat([torch.zeros_like(p).view(-1) if p.grad is None else p.grad.view(-1) for p in parameters])
        dist.all_reduce(whole)
        for parameter, part in zip(parameters, whole.split([p.numel() for p in parameters]), strict=True):
            parameter.grad = part.view_as(parameter)

    def agree(self, parameters: list[Tensor]) -> bool:
        """Whether all processes have the same weights, by their sum in float64; shards are not compared.

        Parameters of any shape [...].
        """
        if self.count == 1 or self.sharded:
            return True
        ours = sum(p.detach().double().sum().item() for p in parameters)
        most, least = _reduced([ours, -ours], dist.ReduceOp.MAX)
        return most == -least

    def leave(self) -> None:
        """Wait for all processes, then end their group.

        At an exit with the group alive, its threads may abort the process ("terminate called without an active
        exception"): seen twice on busy machines.
        """
        if self.count > 1:
            dist.barrier()
            dist.destroy_process_group()


def _reduced(values: list[float], how: dist.ReduceOp.RedOpType) -> list[float]:
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    numbers = torch.tensor(values, dtype=torch.float64, device=device)
    dist.all_reduce(numbers, how)
    return numbers.tolist()


def split_over(processes: Processes) -> Processes:
    """The same processes with layers sharded; raises OrthrusError for a single process."""
    if processes.count == 1:
        raise OrthrusError("option-missing", "one process cannot split layers: start several with `accelerate launch`")
    return replace(processes, sharded=True)


def joined(device: torch.device) -> tuple[torch.device, Processes]:
    """Join `accelerate launch`: this process's device and rank; a single process if started by hand."""
    from accelerate import PartialState

    state = PartialState(cpu=device.type == "cpu")
    own = state.device if state.num_processes > 1 and device.type != "cpu" else device
    return own, Processes(state.process_index, state.num_processes)
