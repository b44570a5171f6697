"""One resumable loop for both stages: step, log, evaluate, save; a clear stop where something is wrong."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn


class TrainingStopped(RuntimeError):
    """Training cannot go on; the message says why and which checkpoint is the last good one."""


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """The schedule of one stage; AdamW betas (0.9, 0.95), weight decay 0, as in the paper's recipe."""

    steps: int
    lr: float = 2e-4
    hidden_lr: float | None = None  # given: hidden matrices are trained by Muon at this rate, the rest by AdamW
    warmup: float = 0.05
    final: float = 0.1  # the cosine's end, as a share of lr
    clip: float = 1.0
    eval_every: int = 200
    save_every: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}, it must be 1 or more")
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup is {self.warmup}, it must lie in 0 .. 1")

    def rate(self, step: int) -> float:
        """The multiplier of the learning rate at `step`: linear warm-up, then cosine to `final`."""
        warm = max(1, round(self.warmup * self.steps))
        if step < warm:
            return (step + 1) / warm
        along = (step - warm) / max(1, self.steps - warm)
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * along))


class Stage(Protocol):
    """What a stage brings: the module, which parameters learn, its loss and its validation."""

    name: str
    model: nn.Module

    def trainable(self) -> dict[str, nn.Parameter]:
        """The parameters that learn, by name."""

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor], int]:
        """(loss to minimise, further scalars to log, tokens processed) of one step, a pure function of the step."""

    def validate(self) -> dict[str, Any]:
        """Validation figures; `score` is what decides which checkpoint is best (lower is better)."""


def build_optimizers(parameters: dict[str, nn.Parameter], config: LoopConfig) -> list[torch.optim.Optimizer]:
    """AdamW alone, or Muon for the hidden matrices and AdamW for embeddings, head and norms."""
    hidden = {n for n, p in parameters.items() if config.hidden_lr and p.ndim == 2 and ".layers." in n}
    rest = [p for n, p in parameters.items() if n not in hidden]
    optimizers: list[torch.optim.Optimizer] = []
    if rest:
        optimizers.append(torch.optim.AdamW(rest, lr=config.lr, betas=(0.9, 0.95), weight_decay=0.0))
    if hidden:
        matrices = [parameters[n] for n in sorted(hidden)]
        optimizers.append(
            torch.optim.Muon(matrices, lr=config.hidden_lr, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
        )
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return optimizers


def run(stage: Stage, config: LoopConfig, folder: Path, note: Callable[[str], None] = print) -> dict[str, Any]:
    """Train to the end, resuming from `folder` where a checkpoint lies; returns the last validation's figures.

    Writes last.pt (for resuming), best.pt (weights of the best validation) and metrics.jsonl.
    Raises TrainingStopped on a loss that is not finite, a full disk or a checkpoint of another configuration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parameters = stage.trainable()
    optimizers = build_optimizers(parameters, config)
    step, best = _resume(stage, config, folder, parameters, optimizers, note)
    figures: dict[str, Any] = {}
    clock, since, tokens = time.perf_counter(), step, 0
    while step < config.steps:
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * config.rate(step)
        loss, scalars, count = stage.loss(step)
        if not math.isfinite(value := loss.item()):
            raise TrainingStopped(f"{stage.name}: the loss is {value} at step {step}; last good checkpoint kept")
        loss.backward()
        norm = nn.utils.clip_grad_norm_(parameters.values(), config.clip)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        step += 1
        tokens += count
        due = step % config.eval_every == 0 or step == config.steps
        if step % 20 == 0 or due:
            spent = time.perf_counter() - clock
            record = {"stage": stage.name, "step": step, "loss": value, "norm": norm.item(), "lr": config.rate(step - 1)}
            record |= {k: float(v) for k, v in scalars.items()} | {"tokens_per_s": tokens / spent}
            left = spent / (step - since) * (config.steps - step)
            _log(folder, record, note, left)
        if due:
            figures = stage.validate()
            _log(folder, {"stage": stage.name, "step": step, **figures}, note, None)
            if figures["score"] < best:
                best = figures["score"]
                _save(folder / "best.pt", {"step": step, "model": _weights(parameters)})
            clock, since, tokens = time.perf_counter(), step, 0
        if step % config.save_every == 0 or step == config.steps:
            state = {"step": step, "best": best, "config": asdict(config), "model": _weights(parameters)}
            _save(folder / "last.pt", state | {"optimizers": [o.state_dict() for o in optimizers]})
    return figures


def _weights(parameters: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in parameters.items()}


def load_weights(path: Path, parameters: dict[str, nn.Parameter]) -> int:
    """Copy a checkpoint's weights into `parameters`; returns its step. Raises TrainingStopped on other names or shapes."""
    saved = torch.load(path, weights_only=True)
    theirs = {n: tuple(w.shape) for n, w in saved["model"].items()}
    ours = {n: tuple(p.shape) for n, p in parameters.items()}
    if theirs != ours:
        odd = sorted(n for n in theirs.keys() | ours.keys() if theirs.get(n) != ours.get(n))
        raise TrainingStopped(f"{path.name} does not fit this model: {odd[0]} is {theirs.get(odd[0])}, "
                              f"expected {ours.get(odd[0])}")  # fmt: skip
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(saved["model"][name])
    return saved["step"]


def _resume(stage, config, folder, parameters, optimizers, note) -> tuple[int, float]:
    path = folder / "last.pt"
    if not path.exists():
        return 0, math.inf
    saved = torch.load(path, weights_only=True)
    schedule = asdict(config)
    if odd := [k for k in schedule if saved["config"].get(k) != schedule[k]]:
        raise TrainingStopped(f"{path} was made with {odd[0]}={saved['config'].get(odd[0])}, not {schedule[odd[0]]}")
    step = load_weights(path, parameters)
    for optimizer, state in zip(optimizers, saved["optimizers"], strict=True):
        optimizer.load_state_dict(state)
    note(f"{stage.name}: resumed at step {step}")
    return step, saved["best"]


def _save(path: Path, state: dict[str, Any]) -> None:
    """Write beside, then rename: the file is always whole, the old one or the new one."""
    beside = path.with_suffix(".tmp")
    try:
        torch.save(state, beside)
        os.replace(beside, path)
    except (OSError, RuntimeError) as error:
        beside.unlink(missing_ok=True)
        raise TrainingStopped(f"could not write {path}: {error}; the checkpoint before it is intact") from error


def _log(folder: Path, record: dict[str, Any], note: Callable[[str], None], left: float | None) -> None:
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(record) + "\n")
    short = " ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in record.items() if k != "stage")
    eta = "" if left is None else f" | {left / 60:.1f} min left"
    note(f"[{record['stage']}] {short}{eta}")


def to_stderr(line: str) -> None:
    """Progress goes to standard error, so that standard output stays free for results."""
    print(line, file=sys.stderr, flush=True)
