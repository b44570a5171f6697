"""The paper's ablations at the size of the embedded model: one row each, equal budgets, two seeds.

    python -m benchmarks.training.ablations            # every row that is not in the result yet; may be interrupted
    python -m benchmarks.training.ablations --fresh    # all of them anew

Every variant takes the same number of steps, blocks a step and prompts, from the same start. Measured on prompts that
no variant saw: agreement in a row on the frozen model's held-out answers, and greedy decoding.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.harness import RESULTS, ROOT, facts, write
from benchmarks.training.ablation_stage import AblationStage, Variant, Workbench
from benchmarks.training.denoise import over_domains
from orthrus.checkpoints.chat_template import chat_ids
from orthrus.checkpoints.folder import read_model
from orthrus.checkpoints.hub import locate
from orthrus.checkpoints.loading import LoadedModel, load_model
from orthrus.config import EMBEDDED_MODEL
from orthrus.corpus import generate
from orthrus.model.dual_view import Orthrus
from orthrus.training import loop
from orthrus.training.data import Document, draw, encode_dialogue
from orthrus.training.rollouts import Rollouts, collect
from orthrus.training.stages import BatchShape

VARIANTS = (
    Variant("recipe", "forward KL, K = 32, the model's own answers", passes=(1, 4)),
    Variant("cross-entropy", "cross-entropy with the text's token instead of KL", loss="ce"),
    Variant("multi-step", "trained on partly revealed blocks", revealed=True, passes=(1, 4)),
    Variant("K=16", "blocks of 16", block=16),
    Variant("K=8", "blocks of 8", block=8),
    Variant("corpus", "the corpus's answers instead of the model's own", data="corpus"),
    Variant("reached", "own idea: early rows, and rows that would be judged, weigh more", weights="reached"),
)
LR, HIDDEN_LR = 4e-3, 6e-3  # the stage goes on from a trained view with a quarter of these; a copy has further to go


def corpus_answers(tokenizer, own: Rollouts, length: int, seed: int) -> Rollouts:
    """As many of the corpus's own answers a domain as `own` has, to prompts drawn alike; validation stays `own`'s."""
    train: dict[str, list[Document]] = {}
    for domain, documents in own.train.items():
        rng, found = random.Random(f"rollouts/{seed}/train/{domain}"), []
        while len(found) < len(documents):
            document = encode_dialogue(tokenizer, draw(domain, rng, "train").messages)
            if len(document.ids) <= length:
                found.append(document)
        train[domain] = found
    return Rollouts(train, own.valid, own.padding_id)


def answers(args: argparse.Namespace, lm: LoadedModel) -> Rollouts:
    """The frozen model's own answers: of --rollouts, else made here once and kept beside the runs."""
    path = args.rollouts or args.work / "rollouts.safetensors"
    if not path.exists():
        quick = read_model(locate(args.model).folder, torch.device("cpu"), torch.bfloat16).fuse()
        made = collect(quick, lm.tokenizer, args.prompts, 40, args.seeds[0], args.length, loop.to_stderr)
        made.save(path)
    return Rollouts.load(path)


def one_row(bench: Workbench, variant: Variant, seed: int, args: argparse.Namespace, asked: dict) -> dict[str, Any]:
    """Train one variant with one seed, validate it, decode with it."""
    stage, began = AblationStage(bench, variant, seed), time.perf_counter()
    pace = loop.LoopConfig(args.steps, lr=LR, hidden_lr=HIDDEN_LR, eval_every=args.steps, save_every=50, seed=seed)
    figures = loop.run(stage, pace, args.work / f"{variant.name}-{seed}", loop.to_stderr) or stage.validate()
    decoding, eos = twin(bench.model), bench.model.config.eos_token_ids
    decoded = {
        str(passes): over_domains(decoding, asked, args.max_new, variant.block, passes, eos)
        for passes in variant.passes
    }
    figures.pop("score")
    row = {"variant": variant.name, "about": variant.about, "seed": seed, "K": variant.block}
    return row | {"held_out": figures, "decoded": decoded, "seconds": round(time.perf_counter() - began)}


def twin(model: Orthrus) -> Orthrus:
    """The same weights, fused for decoding, in float32."""
    copy = Orthrus(model.config)
    copy.load_state_dict(model.state_dict())
    return copy.fuse()


def head(args: argparse.Namespace, lm: LoadedModel) -> dict[str, Any]:
    """What a result must share with a run to be added to."""
    budget = {"steps": args.steps, "blocks": args.rows * args.blocks, "rows": args.rows, "length": args.length}
    budget |= {"decoded_prompts": args.asked, "max_new": args.max_new, "lr": LR, "hidden_lr": HIDDEN_LR}
    return {"model": lm.revision, "threads": torch.get_num_threads(), "seeds": args.seeds, "budget": budget}


def begun(args: argparse.Namespace, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows that are there already; raises ValueError where they were made with another model or budget."""
    if args.fresh:
        shutil.rmtree(args.work, ignore_errors=True)
    args.work.mkdir(parents=True, exist_ok=True)
    kept = args.work / "rows.json"
    if not kept.exists():
        kept.write_text(json.dumps(wanted | {"rows": []}) + "\n", encoding="utf-8")
    known = json.loads(kept.read_text(encoding="utf-8"))
    if odd := [key for key in ("model", "budget") if known[key] != wanted[key]]:
        raise ValueError(
            f"{args.work} was begun with another {odd[0]}: {known[odd[0]]}; take --fresh or another --work"
        )
    return known["rows"]


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--model", default=str(EMBEDDED_MODEL), help="whose AR view is frozen (default: the embedded one)")
    p.add_argument("--rollouts", type=Path, help="answers of that model, as `orthrus.training rollouts` writes them")
    p.add_argument("--only", nargs="*", default=[v.name for v in VARIANTS], choices=[v.name for v in VARIANTS])
    p.add_argument("--seeds", type=int, nargs="*", default=[1, 2])
    p.add_argument("--steps", type=int, default=200)
    p.add_argument("--rows", type=int, default=2, help="packed rows a step")
    p.add_argument("--blocks", type=int, default=24, help="anchored blocks a row")
    p.add_argument("--length", type=int, default=320, help="tokens a row")
    p.add_argument("--prompts", type=int, default=2400, help="prompts answered for training")
    p.add_argument("--asked", type=int, default=2, help="held-out prompts a domain that are decoded")
    p.add_argument("--max-new", type=int, default=100)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument(
        "--work", type=Path, default=ROOT / "runs" / "ablations", help="answers, checkpoints and rows so far"
    )
    p.add_argument("--out", type=Path, default=RESULTS / "ablations.json")
    p.add_argument("--fresh", action="store_true", help="forget what is there")
    return p


def main() -> int:
    args = parser().parse_args()
    torch.set_num_threads(args.threads)
    lm = load_model(args.model, "cpu", "float32", "torch")
    wanted = head(args, lm)
    rows = begun(args, wanted)
    own = answers(args, lm)
    model = read_model(locate(args.model).folder, torch.device("cpu"), torch.float32, own=True)
    corpus = corpus_answers(lm.tokenizer, own, args.length, args.seeds[0])
    bench = Workbench(model, own, corpus, BatchShape(args.rows, args.length, args.blocks))
    asked = {domain: held_out(lm, domain, args.asked) for domain in own.valid}
    for seed in args.seeds:
        for variant in (v for v in VARIANTS if v.name in args.only):
            if any((row["variant"], row["seed"]) == (variant.name, seed) for row in rows):
                continue
            rows.append(one_row(bench, variant, seed, args, asked))
            write(facts(__doc__) | wanted | {"rows": rows}, args.work / "rows.json")
    write(facts(__doc__) | wanted | {"rows": rows}, args.out)  # whole or not at all: the pages are filled from it
    return 0


def held_out(lm: LoadedModel, domain: str, count: int) -> list[list[int]]:
    """Chat tokens of `count` prompts of the split that no training sees."""
    examples = generate(domain, 7, "test")
    return [chat_ids(lm.tokenizer, next(examples).messages[:-1]) for _ in range(count)]


if __name__ == "__main__":
    sys.exit(main())
