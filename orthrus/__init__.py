"""Orthrus: a frozen AR language model and its diffusion view over one shared KV cache.

from orthrus import generate
print(generate("Solve 3x + 5 = 20."))
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from orthrus._version import __version__ as __version__


def generate(prompt: str | list[dict[str, str]], model: str | None = None, **options: Any) -> str:
    """Return the answer's text. `model`: folder or hub id (default: the embedded one); `options`: DecodeConfig fields.

    Raises OrthrusError for an invalid prompt, option or limit, before loading the model if possible.
    """
    from orthrus.config import DecodeConfig
    from orthrus.config.messages import turns_of
    from orthrus.decoding.engine import decode
    from orthrus.errors import OrthrusError
    from orthrus.trace import Trace

    fields = DecodeConfig.__dataclass_fields__
    if odd := [name for name in options if name not in fields]:
        raise OrthrusError("unknown-option", f"there is no option {odd[0]!r}; there are {', '.join(fields)}")
    config = DecodeConfig(**({"detail": -1} | options))
    turns_of(prompt)
    return Trace.of(decode(_loaded(model), prompt, config)).text


@lru_cache(maxsize=1)
def _loaded(model: str | None) -> Any:
    from orthrus.checkpoints.loading import load_model

    return load_model(model)
