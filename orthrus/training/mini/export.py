"""Export a trained model to a checkpoint folder."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from orthrus.checkpoints.folder import save_checkpoint
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF


@torch.no_grad()
def round_to_bfloat16(model: Orthrus) -> None:
    """Round every weight to bfloat16 values, so that the training target is exactly what is stored."""
    for parameter in model.parameters():
        parameter.copy_(parameter.bfloat16())


@torch.no_grad()
def copy_ar_to_diffusion(model: Orthrus) -> None:
    """Initialise every `*_diff` tensor as a copy of its AR twin."""
    tensors = dict(model.named_parameters())
    for name, parameter in tensors.items():
        if DIFF in name:
            parameter.copy_(tensors[name.replace(DIFF, "")])


def export(model: Orthrus, tokenizer, folder: Path) -> None:
    """Write weights in bfloat16, config, tokenizer and generation config, in the published format."""
    round_to_bfloat16(model)
    save_checkpoint(model, folder, torch.bfloat16)
    tokenizer.save_pretrained(folder)
    generation = {
        "do_sample": False,
        "eos_token_id": list(model.config.eos_token_ids),
        "pad_token_id": tokenizer.pad_token_id,
    }
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")
