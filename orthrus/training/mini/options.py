"""`python -m orthrus.training <stage>`: train the embedded model from scratch, in resumable stages."""

from __future__ import annotations

from pathlib import Path

from orthrus.console import Parser, count, natural, real

STAGES = ("tokenizer", "ar", "annealing", "practice", "rollouts", "diffusion")


def parser() -> Parser:
    p = Parser(
        prog="python -m orthrus.training",
        description=__doc__,
    )
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
    p.add_argument("--practice-blocks", type=count, default=1, help="anchored blocks per row of practice")
    p.add_argument(
        "--practice-steps", type=count, nargs="*", default=[], help="a number a round; none: no practice (the default)"
    )
    p.add_argument("--practice-lr", type=real, default=1e-3)
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
    p.add_argument(
        "--command",
        default="python -m orthrus.training all --practice-steps 900 1200",
        help="card: the command that trained it",
    )
    return p
