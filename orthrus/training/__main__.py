"""`python -m orthrus.training`: train the embedded model, or with --base a diffusion view for another Qwen3."""

from __future__ import annotations

import sys

from orthrus.training.from_qwen3 import cli as from_qwen3
from orthrus.training.mini import cli as mini


def main(arguments: list[str] | None = None) -> int:
    words = sys.argv[1:] if arguments is None else arguments
    other = any(word.split("=")[0] == "--base" for word in words)
    return from_qwen3.main(words) if other else mini.main(arguments)


if __name__ == "__main__":
    sys.exit(main())
