"""A diffusion view for any Qwen3: `python -m orthrus.training VERB --base FOLDER_OR_ID --out RUN`.

plan        parameters, memory and time from the configuration alone: only config.json is read
convert     the base in the published format, its diffusion view a copy of the AR view
rollouts    the frozen AR view's own answers to the prompts of --data
diffusion   forward KL with the AR view frozen; the checkpoint at the end
evaluate    acceptance and equality with AR on the validation prompts
card        the model card, from the run's own files
upload      the checkpoint to the hub, private unless --public
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from orthrus.checkpoints.folder import copy_beside, read_config, read_model, revision_of, save_checkpoint
from orthrus.checkpoints.hub import locate
from orthrus.checkpoints.loading import default_dtype, device_named, dtype_named
from orthrus.checkpoints.safetensors_io import read_json, same_frozen_tensors, shown, stored_dtype
from orthrus.checkpoints.tokenizer import read_tokenizer
from orthrus.config import ModelConfig
from orthrus.console import Parser, count, natural, real, run_command
from orthrus.errors import OrthrusError
from orthrus.model.memory import free_bytes
from orthrus.training import loop
from orthrus.training.block_attention import FORMS, form_for
from orthrus.training.from_qwen3 import plan, report
from orthrus.training.from_qwen3.answers import AnswerConfig, answer_all, load_answers
from orthrus.training.from_qwen3.chat_data import read_prompts
from orthrus.training.from_qwen3.distillation import DistilStage, Memory, diffusion_view
from orthrus.training.mini.tokenizer import MASK
from orthrus.training.processes import joined, split_over
from orthrus.training.snapshots import TrainingStopped, load_weights
from orthrus.training.stages import BatchShape


def run_plan(args: argparse.Namespace) -> None:
    place = locate(args.base)
    device = device_named(args.device)
    prompts = sum(map(len, read_prompts(args.data).values())) if args.data else args.prompts
    work = plan.Work(
        args.rows, args.length, args.blocks, args.accumulate, args.steps, args.logits << 20, not args.keep,
        prompts, max(1, args.length - args.max_new) // 2, args.max_new, args.batch,
        form_for(args.attention, device), args.fused_kl, args.processes,
    )  # fmt: skip
    rates = plan.Rates.measured(device)
    rates = plan.Rates(args.tflops * 1e12 or rates.flops, args.gbps * 1e9 or rates.bytes)
    config = replace(read_config(place.folder), block_size=_block_size(args, place.folder))
    record = plan.plan(config, work, rates, _dtype(args, device).itemsize, args.share)
    free = args.memory * (1 << 30) if args.memory else free_bytes(device)
    print(json.dumps(record) if args.json else "\n".join(plan.lines(record, free)))


def run_convert(args: argparse.Namespace) -> None:
    place = locate(args.base)
    record, start = args.out / "run.json", args.out / "start"
    source = {"base": args.base, "id": place.id, "revision": revision_of(place)}
    if record.exists():
        _same_base(args)
        if read_json(record)["revision"] != source["revision"]:
            raise TrainingStopped(f"{args.base} has changed since {args.out} was begun; take another --out")
        return loop.to_stderr(f"[convert] {start} is there already")
    dtype = stored_dtype(place.folder)
    model = read_model(place.folder, torch.device("cpu"), dtype, shown(place.id))
    model.config = with_mask(model.config, place.folder, _block_size(args, place.folder))
    save_checkpoint(model, start, dtype, args.shard << 20)
    copy_beside(place.folder, start)
    same_frozen_tensors(place.folder, start)
    record.write_text(json.dumps(source, indent=2) + "\n")
    return loop.to_stderr(f"[convert] {start}: block {model.config.block_size}, mask {model.config.mask_token_id}")


def with_mask(config: ModelConfig, folder: Path, block_size: int) -> ModelConfig:
    """The configuration with a mask token: the checkpoint's own, else the first embedding row that no token uses.

    Raises OrthrusError if every row is used: a new row would change the AR view.
    """
    if "mask_token_id" in read_json(folder / "config.json"):
        return replace(config, block_size=block_size)
    tokenizer = read_tokenizer(folder)
    row = tokenizer.get_vocab().get(MASK, len(tokenizer))
    if row >= config.vocab_size:
        raise OrthrusError(
            "no-mask-row", f"all {config.vocab_size} rows of the embedding are tokens; none is left for the mask"
        )
    return replace(config, block_size=block_size, mask_token_id=row)


def run_rollouts(args: argparse.Namespace) -> None:
    _same_base(args)
    if not args.data:
        raise OrthrusError("option-missing", "rollouts needs --data: chat files, .jsonl or .parquet")
    config = AnswerConfig(args.batch, args.part, args.max_new, args.length, args.valid, args.seed)
    prompts = read_prompts(args.data)
    device = device_named(args.device)
    model = read_model(args.out / "start", device, _dtype(args, device), shown(args.base)).requires_grad_(False)
    answer_all(model, read_tokenizer(args.out / "start"), prompts, args.out / "answers", config, loop.to_stderr)


def run_diffusion(args: argparse.Namespace) -> None:
    _same_base(args)
    start, answers = args.out / "start", load_answers(args.out / "answers")
    device, processes = joined(device_named(args.device))
    note = loop.to_stderr if processes.first else _silent
    if args.sharded:
        processes = split_over(processes)
    at = torch.device("cpu") if args.sharded else device  # if sharded, full tensors stay mapped to the file
    progress = shown(args.base) if processes.first else None
    model = read_model(start, at, _dtype(args, device), progress, own=not args.sharded)
    shape = BatchShape(args.rows, args.length, args.blocks)
    memory = Memory(args.logits << 20, not args.keep, args.attention, args.fused_kl)
    stage = DistilStage(model, answers, shape, args.seed, memory, device if args.sharded else None)
    config = loop.LoopConfig(
        args.steps, lr=args.lr, eval_every=args.eval_every, save_every=args.save_every, seed=args.seed,
        accumulate=args.accumulate,
    )  # fmt: skip
    loop.run(stage, config, args.out / "diffusion", note, processes)
    if processes.first:
        _write_checkpoint(args, stage)
    processes.leave()


def _write_checkpoint(args: argparse.Namespace, stage: DistilStage) -> None:
    """Write the base's weights plus those of the best validation, in the base's dtype.

    If layers are split, the base is read from its file again: every save has compared the parts bit for bit.
    """
    start, checkpoint = args.out / "start", args.out / "checkpoint"
    dtype = stored_dtype(start)
    model = read_model(start, torch.device("cpu"), dtype, own=True) if args.sharded else stage.model
    load_weights(args.out / "diffusion" / "best.pt", diffusion_view(model))
    save_checkpoint(model, checkpoint, dtype, args.shard << 20)
    copy_beside(start, checkpoint)
    same_frozen_tensors(start, checkpoint)
    loop.to_stderr(f"[diffusion] the AR view is bit-identical; checkpoint in {checkpoint}")


def _silent(line: str) -> None:
    """Discard a message: the log of all processes but the first."""


def run_evaluate(args: argparse.Namespace) -> None:
    _same_base(args)
    figures = report.evaluate_run(args.out, args.device, args.dtype, args.asked, args.max_new, loop.to_stderr)
    print(json.dumps(figures))


def run_card(args: argparse.Namespace) -> None:
    _same_base(args)
    loop.to_stderr(f"[card] {report.write_card(args.out, args.license)}")


def run_upload(args: argparse.Namespace) -> None:
    _same_base(args)
    if not args.repo:
        raise OrthrusError("option-missing", "upload needs --repo owner/name")
    loop.to_stderr(f"[upload] {report.upload(args.out / 'checkpoint', args.repo, args.public)}")


RUNNERS: dict[str, Callable[[argparse.Namespace], None]] = {
    "plan": run_plan,
    "convert": run_convert,
    "rollouts": run_rollouts,
    "diffusion": run_diffusion,
    "evaluate": run_evaluate,
    "card": run_card,
    "upload": run_upload,
}


def _same_base(args: argparse.Namespace) -> None:
    record = args.out / "run.json"
    if not record.exists():
        raise OrthrusError("stage-missing", f"{args.out} has no converted base yet: run `convert` first")
    if (base := read_json(record)["base"]) != args.base:
        raise TrainingStopped(f"{args.out} was begun with --base {base}; take another --out for {args.base}")


def _block_size(args: argparse.Namespace, folder: Path) -> int:
    return int(args.block_size or read_json(folder / "config.json").get("block_size", 32))


def _dtype(args: argparse.Namespace, device: torch.device) -> torch.dtype:
    return default_dtype(device) if args.dtype == "auto" else dtype_named(args.dtype)


def parser() -> Parser:
    p = Parser(
        prog="python -m orthrus.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    work, answers = plan.Work(), AnswerConfig()

    def add(flag: str, default: Any, about: str, **more: Any) -> None:
        p.add_argument(flag, default=default, help=f"{about} (default: %(default)s)", **more)

    p.add_argument("verb", choices=tuple(RUNNERS))
    p.add_argument("--base", required=True, help="a Qwen3: folder, hub id, or owner/name@revision")
    p.add_argument("--out", type=Path, required=False, default=Path("runs/base"), help="folder of the run")
    p.add_argument("--data", type=Path, nargs="*", default=[], help="chat files, .jsonl or .parquet")
    p.add_argument("--keep", action="store_true", help="keep all states for the way back: faster, far more memory")
    p.add_argument("--sharded", action="store_true", help="diffusion: split every layer over all processes")
    p.add_argument("--fused-kl", action="store_true", help="diffusion, plan: the loss by Triton kernel, CUDA only")
    p.add_argument("--attention", choices=FORMS, default="auto", help="of blocks: flex on CUDA, else sdpa")
    p.add_argument("--public", action="store_true", help="upload: a public repository")
    p.add_argument("--json", action="store_true", help="plan: one JSON object")
    add("--device", "auto", "auto, cpu or cuda")
    add("--dtype", "auto", "number format of the frozen weights: auto, float32, bfloat16 or float16")
    add("--seed", answers.seed, "of anchors, packing and the split", type=natural)
    add("--block-size", None, "of a base that has none yet", type=count)
    add("--length", work.length, "tokens per row, and of prompt and answer together", type=count)
    add("--rows", work.rows, "packed rows a loss", type=count)
    add("--blocks", work.blocks, "anchored blocks per row", type=count)
    add("--accumulate", work.accumulate, "losses per step", type=count)
    add("--steps", work.steps, "steps of the diffusion stage", type=count)
    add("--lr", 2e-4, "peak rate of AdamW", type=real)
    add("--eval-every", 200, "steps", type=count)
    add("--save-every", 100, "steps", type=count)
    add("--logits", work.logits >> 20, "MiB of logits at a time", type=count)
    add("--shard", 5000, "MiB of a file of weights", type=count)
    add("--max-new", answers.max_new, "tokens of an answer", type=count)
    add("--batch", answers.batch, "prompts answered together", type=count)
    add("--part", answers.part, "prompts a part", type=count)
    add("--valid", answers.valid, "prompts kept for validation", type=count)
    add("--asked", 20, "evaluate: prompts", type=count)
    add("--prompts", 10_000, "plan: prompts to answer, if --data is not given", type=count)
    add("--processes", 1, "plan: over how many processes layers are split with --sharded", type=count)
    add("--tflops", 0.0, "plan: rate of another machine, 0 measures this one", type=real)
    add("--gbps", 0.0, "plan: memory rate of another machine, 0 measures this one", type=real)
    add("--memory", 0.0, "plan: GiB of another machine, 0 looks at this one", type=real)
    add("--share", 0.4, "plan: how much of the rates training is trusted to reach", type=real)
    add("--license", "apache-2.0", "card: the base's own")
    add("--repo", None, "upload: owner/name")
    return p


def main(arguments: list[str]) -> int:
    return run_command(lambda: _main(arguments), arguments is None)


def _main(arguments: list[str]) -> int:
    args = parser().parse_args(arguments)
    if args.verb != "plan":
        args.out.mkdir(parents=True, exist_ok=True)
    RUNNERS[args.verb](args)
    return 0
