"""Two processes of `accelerate launch` on one run: who computes what changes, and nothing else does."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from orthrus.checkpoints.folder import save_checkpoint
from orthrus.checkpoints.safetensors_io import same_frozen_tensors
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF
from orthrus.training import loop
from orthrus.training.data import Document
from orthrus.training.from_qwen3 import cli
from orthrus.training.loop import LoopConfig
from orthrus.training.processes import Processes
from orthrus.training.rollouts import Rollouts
from tests.refusals import refused
from tests.tiny import byte_tokenizer, random_weights, tiny_config

ROOT = Path(__file__).resolve().parents[3]
SIZES = "--device cpu --length 64 --rows 1 --blocks 4 --steps 3 --lr 1e-3 --accumulate 2 --eval-every 3 --save-every 1"


def asked(folder: Path, out: Path) -> list[str]:
    return ["diffusion", "--base", str(folder), "--out", str(out), *SIZES.split()]


def answered_run(tmp_path: Path) -> tuple[Path, Path]:
    """A tiny base and a run of it that has its answers."""
    folder, out = tmp_path / "base", tmp_path / "one"
    save_checkpoint(random_weights(Orthrus(tiny_config()), seed=3), folder, torch.float32)
    byte_tokenizer().save_pretrained(folder)
    assert cli.main(["convert", "--base", str(folder), "--out", str(out)]) == 0
    documents = [Document(tuple(range(9 + i, 60 + i)), (False,) * 9 + (True,) * 42) for i in range(8)]
    (out / "answers").mkdir()
    Rollouts({"a": documents[:6]}, {"a": documents[6:]}, 0).save(out / "answers" / "part-00000.safetensors")
    return folder, out


def records(out: Path, key: str) -> list[float]:
    lines = (out / "diffusion" / "metrics.jsonl").read_text().splitlines()
    return [record[key] for line in lines if key in (record := json.loads(line))]


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--sharded"]], ids=["copies", "sharded"])
def test_two_processes_train_what_one_does(more, tmp_path, capsys):
    folder, one = answered_run(tmp_path)
    two = tmp_path / "two"
    shutil.copytree(one, two)
    before = {n: p.clone() for n, p in random_weights(Orthrus(tiny_config()), seed=3).named_parameters() if DIFF in n}
    assert cli.main(asked(folder, one)) == 0
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    launch += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]
    done = subprocess.run(
        [*launch, "-m", "orthrus.training", *asked(folder, two), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr.count("the AR view is bit-identical") == 1  # one of the two writes
    assert records(two, "loss") == pytest.approx(records(one, "loss"), rel=1e-4) and len(records(two, "loss")) == 1
    assert records(two, "valid_kl") == pytest.approx(records(one, "valid_kl"), rel=1e-3)
    ours, theirs = (torch.load(out / "diffusion" / "last.pt", weights_only=True) for out in (one, two))
    assert (ours["processes"], theirs["processes"]) == (1, 2)
    for name, weight in ours["model"].items():
        moved = (weight - before[name]).norm()
        assert moved > 0 and (theirs["model"][name] - weight).norm() < 0.02 * moved, name
    same_frozen_tensors(folder, two / "checkpoint")
    assert cli.main(asked(folder, two)) == 2
    assert "was made by 2 processes, not 1" in capsys.readouterr().err
    assert cli.main([*asked(folder, two), "--sharded"]) == 2
    assert "one process cannot split layers" in capsys.readouterr().err


def test_losses_that_cannot_be_shared_out_stop_at_once(tmp_path):
    class Stage:
        name = "diffusion"

        def trainable(self):
            return {"w": torch.nn.Parameter(torch.ones(2))}

    with refused("training-stopped"):
        loop.run(Stage(), LoopConfig(1, accumulate=3), tmp_path, print, Processes(0, 2))


def test_one_process_exchanges_nothing():
    alone = Processes()
    weight = torch.nn.Parameter(torch.ones(2))
    alone.add_gradients([weight])
    assert weight.grad is None and alone.sum(2.5) == 2.5 and alone.agree([weight]) and alone.first
