"""Record "learning to draft": one prompt decoded by the checkpoints a training run kept along its way.

    python -m benchmarks.training.record_learning --run runs/mini

The text changes while the AR view still learns; in distillation it stays, and only the drafts grow longer. The stored
recordings are of the training that made the embedded weights, two runs, the second from the weights of the first:

    python -m benchmarks.training.record_learning --run runs/mini runs/further
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from transformers import AutoTokenizer

from benchmarks.record_traces import record
from orthrus.checkpoints.loading import load_model
from orthrus.config import EMBEDDED_MODEL
from orthrus.corpus import domain_module
from orthrus.trace.files import SUFFIX
from orthrus.trace.metrics import measure
from orthrus.training.mini.export import export
from orthrus.training.mini.fresh import fresh_model, mini_config
from orthrus.training.snapshots import load_weights

OUT = EMBEDDED_MODEL.parent / "traces" / "learning"


def snapshots(run: Path, *further: Path) -> list[tuple[str, list[Path]]]:
    """(name of the card, checkpoints to load one over the other) of what is there, in the order of the training.

    Each of the `further` runs adopted the weights of the one before it and practised.
    """
    base, rounds = _before_distillation(run), _rounds(run)
    cards = [(f"{_step(p)} steps of pretraining", [p]) for p in _kept(run / "ar")]
    cards += [("end of pretraining", [run / "ar" / "best.pt"])]
    cards += [("before distillation", [base])]
    if not (run / "ar").exists():  # a view that read ahead in pretraining has little left to learn here
        cards += [(f"{_step(p)} steps of distillation", [base, p]) for p in _kept(rounds[0])]
    cards += [("end of distillation", [base, rounds[0] / "best.pt"])]
    cards += [(f"end of round {n} of distillation", [base, r / "best.pt"]) for n, r in enumerate(rounds[1:], 2)]
    done = len(rounds)
    for later in further:
        base, rounds = _before_distillation(later), _rounds(later)
        cards += [("after practice", [base])]
        cards += [(f"end of round {n} of distillation", [base, r / "best.pt"]) for n, r in enumerate(rounds, done + 1)]
        done += len(rounds)
    cards = [(name, paths) for name, paths in cards if all(path.exists() for path in paths)]
    return [(f"{i:02d}-{name.replace(' ', '-')}", paths) for i, (name, paths) in enumerate(cards, 1)]


def _before_distillation(run: Path) -> Path:
    averaged = run / "averaged.pt"
    return averaged if averaged.exists() else run / "annealing" / "best.pt"


def _rounds(run: Path) -> list[Path]:
    return [run / "diffusion", *sorted(run.glob("diffusion-*"))]


def _kept(stage: Path) -> list[Path]:
    return sorted(stage.glob("step-*.pt"))


def _step(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


def load_snapshot(name: str, tokenizer, paths: list[Path], dtype: str, threads: int):
    """The model with the weights of `paths`, by way of an exported folder, so that it loads as any other."""
    model = fresh_model(mini_config(tokenizer), seed=0)
    parameters = dict(model.named_parameters())
    for path in paths:
        names = torch.load(path, weights_only=True)["model"]
        load_weights(path, {name: parameters[name] for name in names})
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / name  # the folder's name is the model's id in the trace
        export(model, tokenizer, folder)
        return load_model(folder, dtype=dtype, threads=threads)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--run", type=Path, nargs="+", required=True, help="folders of the training, run by run")
    parser.add_argument("--domain", default="math")
    parser.add_argument("--preset", type=int, default=0)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(args.run[0] / "tokenizer")
    prompt = domain_module(args.domain).PRESETS[args.preset]
    args.out.mkdir(parents=True, exist_ok=True)
    for name, paths in snapshots(*args.run):
        lm = load_snapshot(name, tokenizer, paths, args.dtype, args.threads)
        trace = record(lm, prompt, args.runs, args.out / f"{name}{SUFFIX}")
        m = measure(trace)
        print(f"{name}: {m.tokens} tokens, {m.tokens_per_cycle:.1f} a cycle, {trace.lossless.verdict}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
