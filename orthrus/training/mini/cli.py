"""`python -m orthrus.training <stage>`: train the embedded model from scratch, in resumable stages.

tokenizer   byte-level BPE on the corpus
ar          the AR model, next-token prediction on the corpus
annealing   the AR model once more, on new problems and at a falling rate, with repetitions that end
practice    the AR model once more, in rounds, on what it gets wrong and on forms composed at random; the weights
            before it and behind each round are averaged
rollouts    the AR model's own greedy answers
diffusion   the diffusion view, forward KL with the AR view frozen
all         these in order
adopt       --of CHECKPOINT: start a run from a checkpoint's AR view, its diffusion view a copy of that;
            with --practice-steps from both of its views, for `practice` to go on with

With --base FOLDER_OR_ID a diffusion view is trained for another Qwen3: see `orthrus/training/from_qwen3/cli.py`.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import AutoTokenizer

from orthrus.checkpoints.folder import read_config, read_model
from orthrus.checkpoints.loading import device_named
from orthrus.console import run_command
from orthrus.errors import OrthrusError
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF
from orthrus.training import loop
from orthrus.training.data import ANNEALING, PRACTICE, PRETRAINING, Recipe
from orthrus.training.mini.card import read_figures, write_card
from orthrus.training.mini.export import copy_ar_to_diffusion, export, round_to_bfloat16
from orthrus.training.mini.fresh import fresh_model, mini_config
from orthrus.training.mini.options import STAGES, parser
from orthrus.training.mini.rounds import rounds, suffix
from orthrus.training.mini.tokenizer import save_tokenizer, train_tokenizer
from orthrus.training.rollouts import Rollouts, collect
from orthrus.training.snapshots import TrainingStopped, average, load_weights, save
from orthrus.training.stages import AutoregressiveStage, BatchShape, DiffusionStage

# Steps of the snapshots; learning is fastest at first.
SNAPSHOTS = {"ar": (100, 300, 800, 2000, 4000), "diffusion": (10, 30, 100, 200)}
MOST_WORKERS = 12  # processes beside a GPU


class Pace(NamedTuple):
    """Steps of an AR stage, its learning rate and the share of it that is left at the end, blocks, seed and folder."""

    steps: int
    lr: float
    final: float
    blocks: int
    seed: int
    folder: str


def trained_ar(args: argparse.Namespace, tokenizer) -> Orthrus:
    """The model after the AR stages, rounded to bfloat16 as it will be stored."""
    model = fresh_model(mini_config(tokenizer), args.seed)
    load_weights(_left_by(_before("rollouts", args), args), dict(model.named_parameters()))
    round_to_bfloat16(model)
    return model.to(device_named(args.device))


def run_tokenizer(args: argparse.Namespace) -> None:
    if _left_by("tokenizer", args).exists():
        loop.to_stderr(f"[tokenizer] {args.out / 'tokenizer'} is there already and is kept")
        return
    save_tokenizer(train_tokenizer(args.vocab, args.seed), args.out / "tokenizer")
    loop.to_stderr(f"[tokenizer] {args.vocab} entries in {args.out / 'tokenizer'}")


def run_ar(args: argparse.Namespace) -> None:
    tokenizer = AutoTokenizer.from_pretrained(args.out / "tokenizer")
    model = fresh_model(mini_config(tokenizer), args.seed)
    copy_ar_to_diffusion(model)
    _train_ar(
        "ar",
        PRETRAINING,
        model,
        tokenizer,
        args,
        Pace(args.ar_steps, args.ar_lr, args.anneal_lr / args.ar_lr, args.ar_blocks, args.seed, "ar"),
    )


def run_annealing(args: argparse.Namespace) -> None:
    seed = args.seed + 1000  # step n of another seed: problems that no earlier stage has seen
    pace = Pace(args.anneal_steps, args.anneal_lr, 0.02, args.anneal_blocks, seed, "annealing")
    _train_further("annealing", "ar", ANNEALING, args, pace)


def run_practice(args: argparse.Namespace) -> None:
    if not args.practice_steps:
        raise OrthrusError("option-missing", "--practice-steps is missing: how many steps each round of practice takes")
    folders = ["annealing"]
    for i, steps in enumerate(args.practice_steps):
        seed, folder = args.seed + 2000 + i, f"practice{suffix(i)}"  # as above: problems of its own
        pace = Pace(steps, args.practice_lr, 0.02, args.practice_blocks, seed, folder)
        _train_further("practice", folders[-1], PRACTICE, args, pace)
        folders.append(folder)
    mean = average([args.out / folder / "best.pt" for folder in folders])
    save(_left_by("practice", args), {"step": 0, "model": mean})


def _train_further(name: str, before: str, recipe: Recipe, args: argparse.Namespace, pace: Pace) -> None:
    """An AR stage that goes on from the best weights in the folder `before`."""
    tokenizer = AutoTokenizer.from_pretrained(args.out / "tokenizer")
    model = fresh_model(mini_config(tokenizer), args.seed)
    load_weights(args.out / before / "best.pt", dict(model.named_parameters()))
    _train_ar(name, recipe, model, tokenizer, args, pace)


def _train_ar(name: str, recipe: Recipe, model: Orthrus, tokenizer, args: argparse.Namespace, pace: Pace) -> None:
    shape, device = BatchShape(args.rows, args.length, pace.blocks), device_named(args.device)
    workers = processes_beside(device) if args.workers is None else args.workers
    stage = AutoregressiveStage(name, recipe, model.to(device), tokenizer, shape, pace.seed, workers)
    config = loop.LoopConfig(
        pace.steps,
        lr=pace.lr,
        hidden_lr=pace.lr,
        final=pace.final,
        warmup=0.02,
        seed=pace.seed,
        snapshots=SNAPSHOTS.get(name, ()),
    )
    with closing(stage):
        loop.run(stage, config, args.out / pace.folder, loop.to_stderr)


def processes_beside(device: torch.device) -> int:
    """How many processes make batches: on a CPU none, because training has use for every core."""
    return 0 if device.type == "cpu" else max(1, min(MOST_WORKERS, (os.cpu_count() or 1) - 2))


def run_adopt(args: argparse.Namespace) -> None:
    if args.of is None:
        raise OrthrusError("option-missing", "--of is missing: the checkpoint that a run starts from")
    model = read_model(args.of, torch.device("cpu"), torch.float32)
    if not args.practice_steps:
        copy_ar_to_diffusion(model)
    (args.out / "annealing").mkdir(exist_ok=True)
    save(args.out / "annealing" / "best.pt", {"step": 0, "model": dict(model.named_parameters())})
    save_tokenizer(AutoTokenizer.from_pretrained(args.of), args.out / "tokenizer")


def run_rollouts(args: argparse.Namespace) -> None:
    tokenizer = AutoTokenizer.from_pretrained(args.out / "tokenizer")
    model = trained_ar(args, tokenizer)
    if model.device.type == "cpu":  # a GPU answers in float32: its weights are bfloat16's values all the same
        model = model.bfloat16()
    model = model.fuse()
    for r in rounds(args):
        path = r.rollouts(args.out)
        if path.exists():
            loop.to_stderr(f"[rollouts] {path} is there already and is kept")
        else:
            answered = collect(model, tokenizer, r.prompts, args.held_out, r.seed, args.length, loop.to_stderr)
            answered.save(path.with_suffix(".tmp"))
            path.with_suffix(".tmp").replace(path)


def run_diffusion(args: argparse.Namespace) -> None:
    tokenizer = AutoTokenizer.from_pretrained(args.out / "tokenizer")
    model = trained_ar(args, tokenizer)
    frozen = {n: p.clone() for n, p in model.named_parameters() if DIFF not in n}
    for r in rounds(args):
        shape = BatchShape(args.block_rows, args.length, args.blocks)
        stage = DiffusionStage(model, Rollouts.load(r.rollouts(args.out)), shape, r.seed)
        config = loop.LoopConfig(
            r.steps, lr=r.lr, hidden_lr=r.hidden_lr, seed=r.seed, snapshots=() if r.suffix else SNAPSHOTS["diffusion"]
        )
        loop.run(stage, config, r.diffusion(args.out), loop.to_stderr)
        load_weights(r.diffusion(args.out) / "best.pt", stage.trainable())
        round_to_bfloat16(model)
    changed = [n for n, p in model.named_parameters() if n in frozen and not torch.equal(p, frozen[n])]
    if changed:
        raise TrainingStopped(f"the frozen AR view has changed: {changed[0]} and {len(changed) - 1} more")
    export(model.cpu(), tokenizer, args.out / "checkpoint")
    loop.to_stderr(f"[diffusion] the AR view is bit-identical; checkpoint in {args.out / 'checkpoint'}")


def run_card(args: argparse.Namespace) -> None:
    folder = args.out / "checkpoint"
    facts = dict(fact.split("=", 1) for fact in args.fact)
    write_card(folder, read_config(folder), args.command, facts, [read_figures(path) for path in args.figures])


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    return run_command(lambda: _main(words), arguments is None)


def _main(arguments: list[str]) -> int:
    args = parser().parse_args(arguments)
    rounds(args)  # this and the next line refuse options that do not fit, before hours of work
    device_named(args.device)
    args.out.mkdir(parents=True, exist_ok=True)
    runners = {
        "tokenizer": run_tokenizer,
        "ar": run_ar,
        "annealing": run_annealing,
        "practice": run_practice,
        "rollouts": run_rollouts,
        "diffusion": run_diffusion,
        "adopt": run_adopt,
        "card": run_card,
    }
    for stage in _stages(args) if args.stage == "all" else (args.stage,):
        before = _before(stage, args)
        if before and not _left_by(before, args).exists():
            raise OrthrusError(
                "stage-missing", f"{_left_by(before, args)} is not there: run `{before}` first, to its end"
            )
        runners[stage](args)
    return 0


def _stages(args: argparse.Namespace) -> list[str]:
    """The stages of a whole run: without practice if it has no steps."""
    return [stage for stage in STAGES if stage != "practice" or args.practice_steps]


def _before(stage: str, args: argparse.Namespace) -> str:
    """The stage that `stage` goes on from, "" for the first one and for what is no stage."""
    stages = _stages(args)
    return stages[stages.index(stage) - 1] if stage in stages[1:] else ""


def _left_by(stage: str, args: argparse.Namespace) -> Path:
    """The last file of a stage that the next one needs."""
    if stage == "rollouts":
        return rounds(args)[-1].rollouts(args.out)
    if stage == "practice":
        return args.out / "averaged.pt"
    return args.out / stage / ("tokenizer.json" if stage == "tokenizer" else "best.pt")
