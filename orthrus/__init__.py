"""Orthrus: a frozen AR language model and its diffusion view over one shared KV cache.

from orthrus import generate
print(generate("Solve 3x + 5 = 20."))
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

__version__ = "0.1.0"


def generate(prompt: str, model: str | None = None, **options: Any) -> str:
    """The answer's text alone; `model` is a folder or hub id (default: the embedded one), `options` a DecodeConfig's.

    Raises ValueError for a prompt or limit that does not fit.
    """
    from orthrus.config import DecodeConfig
    from orthrus.engine import decode
    from orthrus.trace import Trace

    return Trace.of(decode(_loaded(model), prompt, DecodeConfig(**({"detail": -1} | options)))).text


@lru_cache(maxsize=1)
def _loaded(model: str | None) -> Any:
    from orthrus.checkpoint import load_model

    return load_model(model)
