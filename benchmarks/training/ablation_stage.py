"""One distillation, every choice of the paper's recipe a field: what `ablations.py` varies, one at a time.

The frozen AR view is the embedded model's, the diffusion view begins as its copy, as the published recipe has it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF, rope_table
from orthrus.training.data import Rows, pack
from orthrus.training.forward import Blocks, Prefix, causal_document_bias, forward_blocks, forward_rows
from orthrus.training.mask import anchored_blocks, draw_anchors
from orthrus.training.mini.export import copy_ar_to_diffusion
from orthrus.training.objective import accepted_proxy, forward_kl
from orthrus.training.precision import autocast
from orthrus.training.rollouts import Rollouts
from orthrus.training.stages import DECAY, REACHED_WEIGHT, BatchShape, angles, compiled, reached, row_weights


@dataclass(frozen=True, slots=True)
class Variant:
    """A row of the table: what is trained, and in how many passes its drafts are then decoded."""

    name: str
    about: str
    block: int = 32
    loss: str = "kl"  # or ce: the text's own token
    data: str = "own"  # the frozen model's answers, or corpus: the corpus's
    weights: str = "uniform"  # or reached: as the embedded model's stage weighs rows
    revealed: bool = False  # a random share of each block's tokens stands in the place of masks
    passes: tuple[int, ...] = (1,)


class Losses(NamedTuple):
    """Of every block row, each [rows, count, block - 1]."""

    kl: Tensor  # against the AR view's distribution, nats
    ce: Tensor  # -log p of the text's token, nats
    agree: Tensor  # bool: the two views' argmaxes are equal


def block_losses(
    model: Orthrus, hidden: Tensor, prefix: Prefix, blocks: Blocks, token: Tensor, cos: Tensor, sin: Tensor
) -> Losses:
    """hidden [rows, length, size]: the AR view's normed states; token [rows, count, block - 1] int64."""
    student = forward_blocks(model, blocks, prefix, cos, sin)[:, :, :-1]
    size = hidden.shape[-1]
    index = blocks.target.flatten(1)[..., None].expand(-1, -1, size)
    teacher = hidden.gather(1, index).view(student.shape)
    ours, theirs = (F.linear(states, model.head_weight).float().flatten(0, 2) for states in (student, teacher))
    kl, ce = forward_kl(ours, theirs), F.cross_entropy(ours, token.flatten(), reduction="none")
    agree = ours.argmax(-1) == theirs.argmax(-1)
    return Losses(*(t.view(token.shape) for t in (kl, ce, agree)))


def reveal(blocks: Blocks, token: Tensor, generator: torch.Generator) -> tuple[Blocks, Tensor]:
    """Blocks whose inputs show a random share of the tokens, another share each; and which rows still predict."""
    count, block = blocks.valid.shape[1], blocks.valid.shape[2] + 1
    share = torch.rand((*token.shape[:2], 1), generator=generator)
    shown = (torch.rand(token.shape, generator=generator) < share) & blocks.valid
    ids = blocks.ids.unflatten(1, (count, block)).clone()
    ids[:, :, 1:] = torch.where(shown, token, ids[:, :, 1:])
    return blocks._replace(ids=ids.flatten(1)), blocks.valid & ~shown


class Workbench:
    """What all variants share: the model, reset before each, and its two compiled passes."""

    def __init__(self, model: Orthrus, own: Rollouts, corpus: Rollouts, shape: BatchShape) -> None:
        self.model, self.shape = model.requires_grad_(False), shape
        self.data = {"own": own, "corpus": corpus}
        self.parameters = {n: p.requires_grad_() for n, p in model.named_parameters() if DIFF in n}
        self.table = rope_table(model.config, model.config.max_position_embeddings)
        self.teacher = compiled(lambda *batch: forward_rows(self.model, *batch))
        self.student = compiled(lambda *batch: block_losses(self.model, *batch))


class AblationStage:
    """One variant with one seed, as `orthrus.training.loop` runs it; every batch is a function of the seed and step."""

    name = "ablation"

    def __init__(self, bench: Workbench, variant: Variant, seed: int) -> None:
        self.bench, self.variant, self.seed, self.model = bench, variant, seed, bench.model
        self.row_weight = row_weights(variant.block, DECAY)
        self.domains = dict.fromkeys(bench.data["own"].train, 1.0)
        copy_ar_to_diffusion(bench.model)

    def trainable(self) -> dict[str, nn.Parameter]:
        return self.bench.parameters

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor], int]:
        shape, data = self.bench.shape, self.bench.data[self.variant.data]
        rows = data.rows(f"ablation/{self.seed}/{step}", shape.rows, shape.length, self.domains)
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        found, counted, valid = self._losses(rows, generator, self.variant.revealed)
        weight = counted.float()
        if self.variant.weights == "reached":
            weight = weight * (self.row_weight + REACHED_WEIGHT * reached(found.agree))
        loss = (getattr(found, self.variant.loss) * weight).sum() / weight.sum().clamp(min=1e-9)
        return loss, {"accepted": accepted_proxy(found.agree, valid)}, valid.numel()

    def _losses(self, rows: Rows, generator: torch.Generator, revealed: bool) -> tuple[Losses, Tensor, Tensor]:
        """Losses, which rows count in training, and which have a target."""
        config = replace(self.model.config, block_size=self.variant.block)
        anchors = draw_anchors(rows, self.bench.shape.blocks, generator)
        blocks = anchored_blocks(rows, anchors, config.block_size, config.mask_token_id)
        token = rows.ids.gather(1, blocks.target.flatten(1) + 1).view(blocks.target.shape)
        blocks, counted = reveal(blocks, token, generator) if revealed else (blocks, blocks.valid)
        with autocast("cpu"):
            with torch.no_grad():
                bias = causal_document_bias(rows.document)
                hidden, prefix = self.bench.teacher(rows.ids, bias, *angles(self.bench.table, rows.position))
            cos, sin = angles(self.bench.table, blocks.position)
            found = self.bench.student(hidden, prefix, blocks, token, cos, sin)
        return found, counted, blocks.valid

    def validate(self) -> dict[str, Any]:
        """Held-out answers of the frozen model, masks only; the passes keep their gradients, so none compiles anew."""
        kls, runs, shape, own = [], {}, self.bench.shape, self.bench.data["own"]
        for domain, documents in own.valid.items():
            batches = []
            for part in range(2):
                rng = random.Random(f"ablation/{domain}/{part}")
                rows = pack(lambda d=documents, r=rng: r.choice(d), shape.rows, shape.length, own.padding_id)
                found, _, valid = self._losses(rows, torch.Generator().manual_seed(part), False)
                batches.append((found.kl.detach(), found.agree, valid))
            kl, agree, valid = (torch.cat(parts) for parts in zip(*batches, strict=True))
            kls.append(((kl * valid).sum() / valid.sum()).item())
            runs[domain] = round(accepted_proxy(agree, valid).item(), 3)
        known = [r for r in runs.values() if r == r]
        accepted = sum(known) / len(known)
        return {
            "accepted": round(accepted, 3),
            "valid_kl": round(sum(kls) / len(kls), 4),
            "accepted_by_domain": runs,
            "score": -accepted,
        }
