"""Training stages: the AR model by next-token loss, then the diffusion view by forward KL with the AR view frozen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF, rope_table
from orthrus.training.ahead import Ahead
from orthrus.training.data import MIXTURE, Recipe, Rows, corpus_rows, on_device
from orthrus.training.forward import causal_document_bias, forward_rows
from orthrus.training.mask import anchored_blocks, draw_anchors
from orthrus.training.objective import Angles, accepted_proxy, block_loss, lookahead_loss
from orthrus.training.precision import autocast
from orthrus.training.rollouts import Rollouts

VALIDATION_BATCHES = 4
PROMPT_WEIGHT = 0.15
LOOKAHEAD_WEIGHT = 0.25  # weight of the block loss beside the next-token loss in the shared weights

# The drafter's own mixture: equal domains, except more copying, arithmetic and code, and fewer stories, which no
# drafter can predict. A row of a block counts only if all before it are accepted, so the first rows weigh most.
DRAFT_MIXTURE = dict.fromkeys(MIXTURE, 1.0) | {"math": 2.0, "code": 1.5, "copy": 4.5, "stories": 0.5}
DECAY = 8.0  # rows after which the weight has fallen to 1/e
REACHED_WEIGHT = 2.0  # extra weight of rows that the AR view would judge, to learn most where drafts end now


@dataclass(frozen=True, slots=True)
class BatchShape:
    """Rows per step, tokens per row, anchored blocks per row."""

    rows: int
    length: int
    blocks: int = 0


def compiled(function):
    """torch.compile with static shapes: measured 1.7x (AR) and about 6x (blocks) over eager on two CPU cores."""
    return torch.compile(function, dynamic=False)


def angles(table: tuple[Tensor, Tensor], position: Tensor) -> tuple[Tensor, Tensor]:
    """cos and sin of [rows, n] positions, each [rows, 1, n, head_dim]."""
    cos, sin = table
    return cos[position][:, None], sin[position][:, None]


def row_weights(block: int, decay: float) -> Tensor:
    """[block - 1] weights of a block's rows, exp(-i / decay) but at least a tenth, with mean 1."""
    weight = torch.exp(-torch.arange(block - 1) / decay).clamp_(min=0.1)
    return weight / weight.mean()


def reached(agree: Tensor) -> Tensor:
    """1.0 for rows up to and including the block's first disagreement, else 0.0.

    agree [rows, count, block - 1] bool -> float32 of that shape.
    """
    before = agree[..., :-1].to(torch.float32).cumprod(-1)
    return torch.nn.functional.pad(before, (1, 0), value=1.0)


class AutoregressiveStage:
    """Next-token prediction on the corpus, while the diffusion view learns to read ahead through the same trunk.

    Assistant tokens weigh 1, prompt tokens PROMPT_WEIGHT. The block loss reaches the shared MLPs and, through the
    cache, the AR view's keys and values: without it neither would learn to encode what comes later.
    """

    def __init__(
        self, name: str, recipe: Recipe, model: Orthrus, tokenizer, shape: BatchShape, seed: int, workers: int = 0
    ) -> None:
        """`workers`: processes that make batches ahead of their step, 0 for none; `close` ends them."""
        self.name, self.model, self.shape, self.seed = name, model, shape, seed
        self.rows = partial(corpus_rows, tokenizer, seed, rows=shape.rows, length=shape.length, recipe=recipe)
        self.ahead = Ahead(self.rows, workers)
        self.table = rope_table(model.config, model.config.max_position_embeddings, model.device)
        self.block_weight = row_weights(model.config.block_size, DECAY).to(model.device)
        self._step = compiled(lambda *batch: lookahead_loss(self.model, *batch))

    def close(self) -> None:
        self.ahead.close()

    def trainable(self) -> dict[str, nn.Parameter]:
        return dict(self.model.named_parameters())

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor], int]:
        """(loss [], scalars to log, tokens processed) of one step."""
        rows = self.ahead(step)
        ar, block, agree, valid = self._losses(rows, step)
        scalars = {"ar_loss": ar, "block_loss": block, "accepted": accepted_proxy(agree, valid)}
        loss = ar + LOOKAHEAD_WEIGHT * block
        return loss, {k: v.detach() for k, v in scalars.items()}, int((rows.document >= 0).sum())

    def _losses(self, rows: Rows, step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        config, device = self.model.config, self.model.device
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        anchors = draw_anchors(rows, self.shape.blocks, generator)
        blocks = on_device(anchored_blocks(rows, anchors, config.block_size, config.mask_token_id), device)
        rows = on_device(rows, device)
        same = (rows.document[:, 1:] == rows.document[:, :-1]) & (rows.document[:, 1:] >= 0)
        weight = torch.where(rows.answer[:, 1:], 1.0, PROMPT_WEIGHT) * same
        both = Angles(angles(self.table, rows.position), angles(self.table, blocks.position))
        bias = causal_document_bias(rows.document)
        with autocast(device.type):
            ar, block, agree = self._step(rows.ids, bias, both, weight, blocks, self.block_weight * blocks.valid)
        return ar, block, agree, blocks.valid

    @torch.no_grad()
    def validate(self) -> dict[str, Any]:
        batches = (self.rows(i, split="valid") for i in range(VALIDATION_BATCHES))
        ar, block, agree, valid = zip(*(self._losses(rows, i) for i, rows in enumerate(batches)), strict=True)
        loss = torch.stack(ar).mean().item()
        accepted = accepted_proxy(torch.cat(agree), torch.cat(valid)).item()
        return {
            "valid_loss": loss,
            "valid_block_loss": torch.stack(block).mean().item(),
            "accepted": accepted,
            "score": loss,
        }


class DiffusionStage:
    """Forward KL from the frozen AR view to the diffusion view on the AR view's own greedy answers."""

    name = "diffusion"

    def __init__(self, model: Orthrus, rollouts: Rollouts, shape: BatchShape, seed: int) -> None:
        model.requires_grad_(False)
        self.model, self.rollouts, self.shape, self.seed = model, rollouts, shape, seed
        self.parameters = {n: p.requires_grad_() for n, p in model.named_parameters() if DIFF in n}
        self.table = rope_table(model.config, model.config.max_position_embeddings, model.device)
        self.row_weight = row_weights(model.config.block_size, DECAY).to(model.device)
        self._teacher = compiled(lambda *batch: forward_rows(self.model, *batch))
        self._student = compiled(lambda *batch: block_loss(self.model, *batch))

    def trainable(self) -> dict[str, nn.Parameter]:
        return self.parameters

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor], int]:
        """(loss [], scalars to log, tokens processed) of one step."""
        rows = self.rollouts.rows(f"train/{self.seed}/{step}", self.shape.rows, self.shape.length, DRAFT_MIXTURE)
        kl, agree, valid = self._blocks(rows, step)
        weight = (self.row_weight + REACHED_WEIGHT * reached(agree)) * valid
        loss = (kl * weight).sum() / weight.sum()
        scalars = {"kl": (kl * valid).sum() / valid.sum(), "accepted": accepted_proxy(agree, valid)}
        return loss, {k: v.detach() for k, v in scalars.items()}, valid.numel()

    def _blocks(self, rows: Rows, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + seed)
        config, device = self.model.config, self.model.device
        anchors = draw_anchors(rows, self.shape.blocks, generator)
        blocks = on_device(anchored_blocks(rows, anchors, config.block_size, config.mask_token_id), device)
        rows = on_device(rows, device)
        with autocast(device.type):
            with torch.no_grad():
                bias = causal_document_bias(rows.document)
                hidden, prefix = self._teacher(rows.ids, bias, *angles(self.table, rows.position))
            kl, agree = self._student(hidden, prefix, blocks, *angles(self.table, blocks.position))
        return kl, agree, blocks.valid

    @torch.no_grad()
    def validate(self) -> dict[str, Any]:
        figures: dict[str, Any] = {}
        kls, runs, position_agreement = [], {}, []
        for domain in self.rollouts.valid:
            rows = self.rollouts.validation_rows(domain, self.shape.rows, self.shape.length)
            kl, agree, valid = self._blocks(rows, 0)
            kls.append(((kl * valid).sum() / valid.sum()).item())
            runs[domain] = round(accepted_proxy(agree, valid).item(), 3)
            position_agreement.append((agree & valid).sum((0, 1)) / valid.sum((0, 1)).clamp(min=1))
        figures["accepted_by_domain"] = runs
        numbers = [r for r in runs.values() if r == r]
        figures["accepted"] = sum(numbers) / len(numbers)
        figures["agreement_by_position"] = [round(a, 4) for a in torch.stack(position_agreement).mean(0).tolist()]
        figures["valid_kl"] = sum(kls) / len(kls)
        figures["score"] = -figures["accepted"]
        return figures
