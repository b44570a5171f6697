"""Prefill: the prompt's pass, the first step of both lanes."""

from __future__ import annotations

from typing import Any

import torch

from orthrus.decoding.request import Request

ModelCache = Any  # what a model's `new_cache` gives and its passes take: each kind of model has a kind of its own


def prefill(request: Request, cache: ModelCache) -> torch.Tensor | None:
    """The AR view over the prompt, in chunks; returns the last row's logits [1, vocab], None if stopped."""
    model, logits = request.lm.model, None
    for chunk in torch.tensor(request.ids, device=model.device).split(model.prompt_rows):
        if request.cancelled():
            return None
        logits = model.forward_ar(chunk, cache, last_only=True)
    return logits
