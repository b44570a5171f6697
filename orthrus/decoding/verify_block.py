"""Verify a block of user-supplied proposals with one pass of the AR view."""

from __future__ import annotations

from typing import Any

import torch

from orthrus import checks
from orthrus.checkpoints.chat_template import chat_ids, text_ids
from orthrus.checkpoints.loading import LoadedModel
from orthrus.config.messages import turns_of
from orthrus.decoding.acceptance import accept_matching
from orthrus.decoding.prefill import ModelCache
from orthrus.decoding.request import vocabulary
from orthrus.errors import OrthrusError
from orthrus.model.memory import refuse_what_does_not_fit


def verify_block(lm: LoadedModel, prompt: str, written: str, proposal: str) -> dict[str, Any]:
    """Judge the tokens of `proposal` after the prompt and the `written` part of the answer, greedily.

    Returns n_accept, the slots (text, id, status, the AR view's own choice) and the AR view's next token with its kind.
    Raises OrthrusError for an empty prompt or proposal, more tokens than a block holds, or a full context.
    """
    if lm.engine == "triton":
        lm = lm.in_plain_torch()  # a pass outside of a run: plain PyTorch, and the result says so
    before, proposals = _ids(lm, prompt, written, proposal)
    cache: ModelCache = lm.model.new_cache(len(before) + len(proposals))
    ids = torch.tensor([*before, *proposals], device=lm.model.device)
    for chunk in ids[: len(before) - 1].split(lm.model.prompt_rows):
        lm.model.forward_ar(chunk, cache, last_only=True)
    choices = lm.model.argmax(lm.model.forward_ar(ids[len(before) - 1 :], cache)).tolist()
    settled = accept_matching(proposals, choices, frozenset(lm.config.eos_token_ids), len(proposals) + 2)
    n_accepted = len(settled.tokens) - (settled.next_id is not None)
    refused = n_accepted if settled.next_id is not None else None
    words = vocabulary(lm.tokenizer)

    def shown(index: int) -> dict[str, Any]:
        return {"id": index, "text": words.glyph(index).s}

    def status(slot: int) -> str:
        return "accepted" if slot < n_accepted else "refused" if slot == refused else "discarded"

    return {
        "n_accept": n_accepted,
        "n_draft": len(proposals),
        "slots": [
            shown(index) | {"slot": slot + 1, "status": status(slot), "ar": shown(choices[slot])}
            for slot, index in enumerate(proposals)
        ],
        "next": None if settled.next_id is None else shown(settled.next_id) | {"kind": settled.next_kind},
        "stop": settled.stop,
        "engine": lm.engine,
    }


def _ids(lm: LoadedModel, prompt: str, written: str, proposal: str) -> tuple[list[int], list[int]]:
    """Token ids before the block, and of the block's proposals; both validated."""
    turns = turns_of(checks.text("prompt", prompt))
    proposals = text_ids(lm.tokenizer, checks.text("proposal", proposal))
    most, context = lm.config.block_size - 1, lm.config.max_position_embeddings
    if not proposals:
        raise OrthrusError("proposal-empty", "the proposal is empty; write at least one word")
    if len(proposals) > most:
        raise OrthrusError(
            "proposal-too-long", f"the proposal has {len(proposals)} tokens, a block of this model holds {most}"
        )
    before = chat_ids(lm.tokenizer, turns) + text_ids(lm.tokenizer, checks.text("written text", written))
    if (total := len(before) + len(proposals)) > context:
        raise OrthrusError(
            "prompt-too-long", f"prompt, text and proposal have {total} tokens, the model's context holds {context}"
        )
    wanted = lm.model.cache_bytes(len(before) + len(proposals))
    refuse_what_does_not_fit(wanted, f"a cache of {len(before) + len(proposals)} positions", lm.model.device)
    return before, proposals
