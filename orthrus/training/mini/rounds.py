"""The rounds of a stage: each learns from other prompts, and goes on from the one before."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

from orthrus.errors import OrthrusError


class Round(NamedTuple):
    """One round of distillation: answers to learn from, steps, learning rates, seed, and the name of its files."""

    prompts: int
    steps: int
    lr: float
    hidden_lr: float
    seed: int
    suffix: str  # "" for the first

    def rollouts(self, run: Path) -> Path:
        return run / f"rollouts{self.suffix}.safetensors"

    def diffusion(self, run: Path) -> Path:
        return run / f"diffusion{self.suffix}"


def rounds(args: argparse.Namespace) -> list[Round]:
    """The rounds of distillation in order; raises OrthrusError if one option names more of them than another."""
    columns = (args.prompts, args.diffusion_steps, args.diffusion_lr, args.diffusion_hidden_lr)
    if len({len(column) for column in columns}) > 1:
        named = ", ".join(str(len(column)) for column in columns)
        raise OrthrusError(
            "option-conflict",
            "a number a round is wanted of --prompts, --diffusion-steps, --diffusion-lr and --diffusion-hidden-lr; "
            f"they have {named}",
        )
    rows = enumerate(zip(*columns, strict=True))
    return [Round(*row, args.seed + i, suffix(i)) for i, row in rows]


def suffix(number: int) -> str:
    """What the names of a round's files end in, `number` counted from 0."""
    return f"-{number + 1}" if number else ""
