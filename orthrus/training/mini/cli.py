"""`python -m orthrus.training <stage>`: train the embedded model from scratch, in resumable stages.

tokenizer   byte-level BPE on the corpus
ar          the AR model, next-token prediction on the corpus
annealing   the AR model once more, on new problems and at a falling rate, with repetitions that end
rollouts    the AR model's own greedy answers
diffusion   the diffusion view, forward KL with the AR view frozen
all         the five in order
adopt       --of CHECKPOINT: start a run from a checkpoint's AR view, its diffusion view a copy of that

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
from orthrus.console import Parser, count, natural, real, run_command
from orthrus.errors import OrthrusError
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF
from orthrus.training import loop
from orthrus.training.data import ANNEALING, PRETRAINING, Recipe
from orthrus.training.mini.card import read_figures, write_card
from orthrus.training.mini.export import copy_ar_to_diffusion, export, round_to_bfloat16
from orthrus.training.mini.fresh import fresh_model, mini_config
from orthrus.training.mini.rounds import rounds
from orthrus.training.mini.tokenizer import save_tokenizer, train_tokenizer
from orthrus.training.rollouts import Rollouts, collect
from orthrus.training.snapshots import TrainingStopped, load_weights, save
from orthrus.training.stages import AutoregressiveStage, BatchShape, DiffusionStage

# Steps of the snapshots; learning is fastest at first.
SNAPSHOTS = {"ar": (100, 300, 800, 2000, 4000), "annealing": (), "diffusion": (10, 30, 100, 200)}
MOST_WORKERS = 12  # processes beside a GPU
STAGES = ("tokenizer", "ar", "annealing", "rollouts", "diffusion")


class Pace(NamedTuple):
    """Steps of an AR stage, its learning rate and the share of it that is left at the end, its blocks, its seed."""

    steps: int
    lr: float
    final: float
    blocks: int
    seed: int


def trained_ar(args: argparse.Namespace, tokenizer) -> Orthrus:
    """The model after the AR stages, rounded to bfloat16 as it will be stored."""
    model = fresh_model(mini_config(tokenizer), args.seed)
    load_weights(args.out / "annealing" / "best.pt", dict(model.named_parameters()))
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
        Pace(args.ar_steps, args.ar_lr, args.anneal_lr / args.ar_lr, args.ar_blocks, args.seed),
    )


def run_annealing(args: argparse.Namespace) -> None:
    seed = args.seed + 1000  # step n of another seed: problems that no earlier stage has seen
    pace = Pace(args.anneal_steps, args.anneal_lr, 0.02, args.anneal_blocks, seed)
    tokenizer = AutoTokenizer.from_pretrained(args.out / "tokenizer")
    model = fresh_model(mini_config(tokenizer), args.seed)
    load_weights(args.out / "ar" / "best.pt", dict(model.named_parameters()))
    _train_ar("annealing", ANNEALING, model, tokenizer, args, pace)


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
        snapshots=SNAPSHOTS[name],
    )
    with closing(stage):
        loop.run(stage, config, args.out / name, loop.to_stderr)


def processes_beside(device: torch.device) -> int:
    """How many processes make batches: on a CPU none, because training has use for every core."""
    return 0 if device.type == "cpu" else max(1, min(MOST_WORKERS, (os.cpu_count() or 1) - 2))


def run_adopt(args: argparse.Namespace) -> None:
    if args.of is None:
        raise OrthrusError("option-missing", "--of is missing: the checkpoint that a run starts from")
    model = read_model(args.of, torch.device("cpu"), torch.float32)
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


def parser() -> Parser:
    p = Parser(prog="python -m orthrus.training", description=__doc__.split("\n")[0])
    p.add_argument("stage", choices=(*STAGES, "all", "adopt", "card"))
    p.add_argument("--out", type=Path, default=Path("runs/mini"), help="folder of the run (default: %(default)s)")
    p.add_argument("--seed", type=natural, default=1)
    p.add_argument("--device", default="auto", help="auto, cpu or cuda: a GPU if there is one")
    p.add_argument("--workers", type=natural, help="processes that make the corpus's batches beside a GPU")
    p.add_argument("--vocab", type=count, default=2048)
    p.add_argument("--rows", type=count, default=16, help="packed rows per step of the AR stage")
    p.add_argument("--length", type=count, default=320, help="tokens a row")
    p.add_argument("--ar-blocks", type=count, default=2, help="anchored blocks per row of pretraining")
    p.add_argument("--ar-steps", type=count, default=6500)
    p.add_argument("--ar-lr", type=real, default=3e-3)
    p.add_argument("--anneal-blocks", type=count, default=4, help="anchored blocks per row of annealing")
    p.add_argument("--anneal-steps", type=count, default=2800)
    p.add_argument("--anneal-lr", type=real, default=1.2e-3)
    p.add_argument("--of", type=Path, metavar="CHECKPOINT", help="adopt: whose AR view the run starts from")
    p.add_argument(
        "--prompts", type=count, nargs="+", default=[8_000, 24_000], help="prompts answered, a number a round"
    )
    p.add_argument("--held-out", type=count, default=200, help="prompts a domain answered for each round's validation")
    p.add_argument("--block-rows", type=count, default=8, help="packed rows per step of the diffusion stage")
    p.add_argument("--blocks", type=count, default=24, help="anchored blocks per row")
    p.add_argument("--diffusion-steps", type=count, nargs="+", default=[1200, 700], help="a number a round")
    p.add_argument("--diffusion-lr", type=real, nargs="+", default=[2e-3, 1e-3], help="a rate a round")
    p.add_argument(
        "--diffusion-hidden-lr",
        type=real,
        nargs="+",
        default=[1.5e-3, 8e-4],
        help="Muon's rate on the projections, a rate a round",
    )
    p.add_argument("--figures", type=Path, nargs="*", default=[], help="card: files of evaluation figures")
    p.add_argument("--fact", action="append", default=[], metavar="KEY=VALUE", help="card: a fact about the training")
    p.add_argument("--command", default="python -m orthrus.training all", help="card: the command that trained it")
    return p


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
        "rollouts": run_rollouts,
        "diffusion": run_diffusion,
        "adopt": run_adopt,
        "card": run_card,
    }
    for stage in STAGES if args.stage == "all" else (args.stage,):
        before = STAGES[STAGES.index(stage) - 1] if stage in STAGES[1:] else None
        if before and not _left_by(before, args).exists():
            raise OrthrusError(
                "stage-missing", f"{_left_by(before, args)} is not there: run `{before}` first, to its end"
            )
        runners[stage](args)
    return 0


def _left_by(stage: str, args: argparse.Namespace) -> Path:
    """The last file of a stage that the next one needs."""
    if stage == "rollouts":
        return rounds(args)[-1].rollouts(args.out)
    return args.out / stage / ("tokenizer.json" if stage == "tokenizer" else "best.pt")
