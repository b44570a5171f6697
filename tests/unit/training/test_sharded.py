"""Layers split over two processes: same losses and weights, whole files, a resumed run, frozen parts watched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as spawning

from orthrus.model.dual_view import Orthrus
from orthrus.training import loop
from orthrus.training.from_qwen3.distillation import DistilStage, Memory
from orthrus.training.loop import LoopConfig
from orthrus.training.processes import Processes
from orthrus.training.rollouts import Rollouts
from orthrus.training.sharded import fingerprint, own_part
from orthrus.training.stages import BatchShape
from tests.refusals import refused
from tests.tiny import random_weights, tiny_config
from tests.unit.training.test_from_qwen3 import documents

CPU = torch.device("cpu")
CONFIG = LoopConfig(4, lr=1e-3, accumulate=2, eval_every=2, save_every=1)


class Interrupted(Exception):
    pass


class Stage(DistilStage):
    """Breaks off before step `until`, in all processes at once."""

    until = 99

    def loss(self, step):
        if step >= self.until * CONFIG.accumulate:
            raise Interrupted
        return super().loss(step)


def stage(shard_to: torch.device | None = None) -> Stage:
    model = random_weights(Orthrus(tiny_config()), seed=3)
    answers = Rollouts({"any": documents()}, {"any": documents(2)}, 0)
    return Stage(model, answers, BatchShape(1, 64, 4), 1, Memory(), shard_to)


def work(rank: int, folder: Path) -> None:
    """One of two processes: interrupted, resumed, and once more with a frozen weight that changes."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    processes, begun = Processes(rank, 2, sharded=True), stage(CPU)
    held = sum(own_part(p).numel() for p in begun.trainable().values())
    assert held < 0.6 * sum(p.numel() for p in begun.trainable().values())
    begun.until = 2
    with pytest.raises(Interrupted):
        loop.run(begun, CONFIG, folder / "two", lambda line: None, processes)
    notes: list[str] = []
    loop.run(stage(CPU), CONFIG, folder / "two", notes.append, processes)
    assert "diffusion: resumed at step 2" in notes

    broken = stage(CPU)
    run = loop._Run(broken, CONFIG, folder / "broken", notes.append, processes)
    run.advance()
    frozen = next(p for n, p in broken.model.named_parameters() if "mlp.up_proj" in n)
    if rank == 1:  # the process that writes nothing sees its own part change
        own_part(frozen.detach())[0, 0] += 1e-3
        with refused("training-stopped"):
            run.check_frozen()
    else:
        run.check_frozen()
    dist.barrier()
    dist.destroy_process_group()


@pytest.mark.slow
def test_split_layers_train_what_whole_ones_do(tmp_path):
    spawning.spawn(work, (tmp_path,), nprocs=2)
    loop.run(stage(), CONFIG, tmp_path / "one", lambda line: None)
    saved = {n: torch.load(tmp_path / n / "last.pt", weights_only=True) for n in ("one", "two")}
    assert (saved["two"]["step"], saved["two"]["processes"]) == (4, 2)
    begun = dict(random_weights(Orthrus(tiny_config()), seed=3).named_parameters())
    for name, weight in saved["one"]["model"].items():
        moved = (weight - begun[name]).norm()
        assert moved > 0 and (saved["two"]["model"][name] - weight).norm() < 0.02 * moved, name
    moments = [s["optimizers"][0]["state"][0]["exp_avg"] for s in saved.values()]
    assert moments[0].shape == moments[1].shape
    lines = [(tmp_path / n / "metrics.jsonl").read_text().splitlines() for n in ("one", "two")]
    ours, theirs = ([r["loss"] for line in found if "loss" in (r := json.loads(line))] for found in lines)
    assert len(ours) == 2 and theirs == pytest.approx(ours, rel=1e-3)


def test_any_changed_bit_changes_the_fingerprint():
    tensors = [torch.randn(300, 7, generator=torch.Generator().manual_seed(1)), torch.ones(5, dtype=torch.bfloat16)]
    whole = fingerprint(tensors)
    assert whole == fingerprint([t.clone() for t in tensors])
    for tensor, flipped in ((0, 1), (1, 1), (0, -(1 << 31))):
        bits = tensors[tensor].view(torch.int16 if tensor else torch.int32)
        for place in range(0, bits.numel(), 97):
            bits.view(-1)[place] ^= flipped
            assert fingerprint(tensors) != whole
            bits.view(-1)[place] ^= flipped
    assert fingerprint(tensors) == whole
    swapped = tensors[0].clone()
    swapped[[0, 1]] = swapped[[1, 0]]
    assert fingerprint([swapped, tensors[1]]) != whole


def test_a_frozen_weight_that_changes_stops_the_run(tmp_path):
    begun = stage()
    real = begun.loss

    def meddling(step):
        if step == CONFIG.accumulate:
            begun.model.model.norm.weight.data[3] *= 1.0 + 2**-20
        return real(step)

    begun.loss = meddling
    with refused("training-stopped"):
        loop.run(begun, CONFIG, tmp_path, lambda line: None)
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == 1
