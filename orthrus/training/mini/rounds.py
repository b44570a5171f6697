"""The rounds of practice and of distillation: each learns from other prompts, and goes on from the one before."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

from orthrus.errors import OrthrusError

PRACTICE_SEEDS = 2000  # seeds from here on are practice's: examples that no earlier stage has seen


class Practice(NamedTuple):
    """One round of practice: steps, the seed of its examples, and the name of its folder."""

    steps: int
    seed: int
    folder: str


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


def practice_rounds(args: argparse.Namespace) -> list[Practice]:
    """The rounds of practice in order, none if `--practice-steps` names none."""
    return [
        Practice(steps, args.seed + PRACTICE_SEEDS + i, f"practice{_suffix(i)}")
        for i, steps in enumerate(args.practice_steps)
    ]


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
    return [Round(*row, args.seed + i, _suffix(i)) for i, row in rows]


def _suffix(number: int) -> str:
    return f"-{number + 1}" if number else ""
