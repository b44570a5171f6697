"""The diffusion stage for any base: forward KL from the frozen AR view, for large vocabularies and any device.

The embedded model's stage (`orthrus.training.stages`) is compiled for a small vocabulary on a CPU; this one stores
only a chunk of logits, computes a teacher row once, and recomputes a layer's block pass in the backward pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from orthrus.errors import OrthrusError
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF, rope_table
from orthrus.training.block_attention import form_for
from orthrus.training.data import Rows, on_device
from orthrus.training.forward import causal_document_bias, forward_blocks, forward_rows
from orthrus.training.mask import anchored_blocks, draw_anchors
from orthrus.training.objective import accepted_proxy
from orthrus.training.position_kl import FUSED_HELD, ROWS_HELD, chunk_rows, position_kl
from orthrus.training.precision import autocast
from orthrus.training.rollouts import Rollouts
from orthrus.training.sharded import shard_layers
from orthrus.training.stages import DECAY, REACHED_WEIGHT, BatchShape, angles, reached, row_weights


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory options of the stage: bytes of logits at a time, gradient checkpointing, and kernels."""

    logits: int = 1 << 30
    recompute: bool = True
    attention: str = "auto"  # a form of `block_attention`
    fused_kl: bool = False  # the Triton kernel, on CUDA


def diffusion_view(model: Orthrus) -> dict[str, nn.Parameter]:
    """The `*_diff` tensors by name."""
    return {n: p for n, p in model.named_parameters() if DIFF in n}


class DistilStage:
    """Trains the `*_diff` tensors only, in float32; block rows are weighted as in the embedded model's stage."""

    name = "diffusion"

    def __init__(
        self, model: Orthrus, answers: Rollouts, shape: BatchShape, seed: int, memory: Memory | None = None,
        shard_to: torch.device | None = None,
    ) -> None:  # fmt: skip
        """`shard_to` shards the layers over all processes, this one's part on that device."""
        model.requires_grad_(False)
        self.model, self.answers, self.shape, self.seed = model, answers, shape, seed
        self.memory = memory or Memory()
        for name, parameter in model.named_parameters():
            if DIFF in name:
                parameter.data = parameter.data.float()
                parameter.requires_grad_()
        if shard_to is not None:
            shard_layers(model, shard_to)
        self.form = form_for(self.memory.attention, model.device)
        self.parameters = diffusion_view(model)
        self.block = model.config.block_size
        self.table = rope_table(model.config, shape.length + self.block, model.device)
        self.row_weight = row_weights(self.block, DECAY).to(model.device)
        copies = FUSED_HELD if self.memory.fused_kl else ROWS_HELD
        self.chunk = chunk_rows(model.config.vocab_size, self.memory.logits, copies)
        self.shares = {name: float(len(documents)) for name, documents in answers.train.items()}
        for part in (answers.train, answers.valid):
            if not any(len(d.ids) <= shape.length for documents in part.values() for d in documents):
                raise OrthrusError("out-of-range", f"no answer fits a row of {shape.length} tokens")

    def trainable(self) -> dict[str, nn.Parameter]:
        return self.parameters

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor], int]:
        """(loss [], scalars to log, tokens processed) of one step."""
        rows = self.answers.rows(f"train/{self.seed}/{step}", self.shape.rows, self.shape.length, self.shares)
        kl, agree, valid = self.blocks(rows, step)
        weight = (self.row_weight + REACHED_WEIGHT * reached(agree)) * valid
        loss = (kl * weight).sum() / weight.sum().clamp(min=1e-9)
        scalars = {"kl": (kl * valid).sum() / valid.sum().clamp(min=1), "accepted": accepted_proxy(agree, valid)}
        return loss, {k: v.detach() for k, v in scalars.items()}, valid.numel()

    def blocks(self, rows: Rows, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """KL (0 without a target), agreement and validity of every block row, each [rows, count, block - 1]."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + seed)
        device, config = self.model.device, self.model.config
        anchors = draw_anchors(rows, self.shape.blocks, generator)
        blocks = anchored_blocks(rows, anchors, self.block, config.mask_token_id)
        blocks, rows = on_device(blocks, device), on_device(rows, device)
        with autocast(device.type):
            with torch.no_grad():
                bias = causal_document_bias(rows.document)
                hidden, prefix = forward_rows(self.model, rows.ids, bias, *angles(self.table, rows.position))
            recompute = self.memory.recompute and torch.is_grad_enabled()
            cos, sin = angles(self.table, blocks.position)
            student = forward_blocks(self.model, blocks, prefix, cos, sin, recompute, self.form)
            line = torch.arange(len(hidden), device=device)[:, None, None] * hidden.shape[1]
            index = (blocks.target + line)[blocks.valid]
            losses, same = position_kl(
                student[:, :, :-1][blocks.valid], hidden.flatten(0, 1), index, self.model.head_weight, self.chunk,
                "triton" if self.memory.fused_kl else None,
            )  # fmt: skip
        kl = torch.zeros(blocks.valid.shape, device=device).masked_scatter(blocks.valid, losses)
        return kl, torch.zeros_like(blocks.valid).masked_scatter(blocks.valid, same), blocks.valid

    @torch.no_grad()
    def validate(self) -> dict[str, Any]:
        """Means over the files' validation answers; `accepted` is nan if every answer is shorter than a block."""
        kls, agreements = [], []
        for name, documents in self.answers.valid.items():
            if not any(len(d.ids) <= self.shape.length for d in documents):
                continue
            rows = self.answers.validation_rows(name, self.shape.rows, self.shape.length)
            kl, agree, valid = self.blocks(rows, 0)
            kls.append(((kl * valid).sum() / valid.sum().clamp(min=1)).item())
            agreements.append(accepted_proxy(agree, valid).item())
        numbers = [a for a in agreements if a == a]
        accepted = sum(numbers) / len(numbers) if numbers else float("nan")
        kl = sum(kls) / len(kls)
        return {"valid_kl": kl, "accepted": accepted, "score": -accepted if numbers else kl}
