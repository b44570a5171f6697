"""The resumable training loop of every stage: step, log, evaluate, save; errors stop it with a clear message."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from orthrus.errors import OrthrusError
from orthrus.training.meter import Meter
from orthrus.training.precision import optimizing
from orthrus.training.processes import Processes
from orthrus.training.sharded import fingerprint, split_state, whole, whole_state
from orthrus.training.snapshots import TrainingStopped, load_weights, save

LOG_EVERY = 20  # steps


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """The schedule of one stage; AdamW betas (0.9, 0.95), weight decay 0, as in the paper's recipe."""

    steps: int
    lr: float = 2e-4
    hidden_lr: float | None = None  # if set: hidden matrices are trained by Muon at this rate, the rest by AdamW
    warmup: float = 0.05
    final: float = 0.1  # final learning rate, as a share of lr
    clip: float = 1.0
    eval_every: int = 200
    save_every: int = 100
    seed: int = 0
    snapshots: tuple[int, ...] = ()  # steps whose weights are kept, to examine the learning afterwards
    accumulate: int = 1  # gradient accumulation: losses per step, their gradients averaged

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise OrthrusError("out-of-range", f"steps is {self.steps}, it must be 1 or more")
        if self.accumulate < 1:
            raise OrthrusError("out-of-range", f"accumulate is {self.accumulate}, it must be 1 or more")
        if not 0 <= self.warmup < 1:
            raise OrthrusError("out-of-range", f"warmup is {self.warmup}, it must lie in 0 .. 1")

    def rate(self, step: int) -> float:
        """The multiplier of the learning rate at `step`: linear warm-up, then cosine to `final`."""
        warm = max(1, round(self.warmup * self.steps))
        if step < warm:
            return (step + 1) / warm
        along = (step - warm) / max(1, self.steps - warm)
        return self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * along))


class Stage(Protocol):
    """A training stage: the module, its trainable parameters, its loss and its validation."""

    name: str
    model: nn.Module

    def trainable(self) -> dict[str, nn.Parameter]:
        """The parameters that learn, by name."""

    def loss(self, step: int) -> tuple[Tensor, dict[str, Tensor], int]:
        """(loss to minimise, further scalars to log, tokens processed) of one step, a pure function of the step.

        The loss is a scalar tensor [].
        """

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


def run(
    stage: Stage,
    config: LoopConfig,
    folder: Path,
    note: Callable[[str], None] = print,
    processes: Processes | None = None,
) -> dict[str, Any]:
    """Train to the end, resuming from a checkpoint in `folder` if there is one; returns the last validation's figures.

    Several `processes` share the losses of a step; the first one validates and writes, the others return {} (if layers
    are split they validate too).
    Writes last.pt (for resuming), best.pt (weights of the best validation), step-*.pt (snapshots) and metrics.jsonl.
    Raises TrainingStopped on a loss that is not finite, a full disk or a checkpoint of another configuration.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = _Run(stage, config, folder, note, processes or Processes())
    figures: dict[str, Any] = {}
    while state.step < config.steps:
        record, tokens = state.advance()
        state.meter.add(tokens)
        last = state.step == config.steps
        due = state.step % config.eval_every == 0 or last
        if not (state.processes.first or state.processes.sharded):
            if state.step % config.save_every == 0 or last:
                state.check_weights()
            continue
        if state.step % LOG_EVERY == 0 or due:
            state.log(record() | {"tokens_per_s": state.meter.rate()}, state.meter.left(config.steps - state.step))
        if due:
            figures = state.validate()
            state.meter = Meter()
        if state.step in config.snapshots:
            state.write(f"step-{state.step:06d}.pt", {"step": state.step, "model": _weights(state.parameters)})
        if state.step % config.save_every == 0 or last:
            state.save()
    return figures


class _Run:
    """Parameters, optimizers and progress of one run."""

    def __init__(
        self, stage: Stage, config: LoopConfig, folder: Path, note: Callable[[str], None], processes: Processes
    ) -> None:
        self.stage, self.config, self.folder, self.note, self.processes = stage, config, folder, note, processes
        if config.accumulate % processes.count:
            raise TrainingStopped(f"{processes.count} processes cannot share {config.accumulate} losses per step")
        self.parameters = stage.trainable()
        self.frozen = [p for n, p in stage.model.named_parameters() if n not in self.parameters]
        self.as_begun = fingerprint(self.frozen)
        self.optimizers = build_optimizers(self.parameters, config)
        self.step, self.best, self.meter = 0, math.inf, Meter()
        if (folder / "last.pt").exists():
            self._resume()

    def advance(self) -> tuple[Callable[[], dict[str, Any]], int]:
        """One optimiser step; returns scalars to log (lazy, because reading waits for the device) and the tokens."""
        step, rate = self.step, self.config.rate(self.step)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate
        value, tokens, losses = 0.0, 0, self.config.accumulate
        for part in range(self.processes.rank, losses, self.processes.count):
            loss, scalars, count = self.stage.loss(step * losses + part)
            (loss / losses * self.processes.weight).backward()
            value += loss.item() / losses
            tokens += count * self.processes.count
        value = self.processes.sum(value)
        if not math.isfinite(value):
            raise TrainingStopped(f"{self.stage.name}: the loss is {value} at step {step}; last good checkpoint kept")
        self.processes.add_gradients(list(self.parameters.values()))
        norm = nn.utils.clip_grad_norm_(self.parameters.values(), self.config.clip)
        norm = whole(norm) if self.processes.sharded else norm
        with optimizing(next(iter(self.parameters.values())).device.type):
            for optimizer in self.optimizers:
                optimizer.step()
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        return (
            lambda: {"loss": value, "norm": float(norm), "lr": rate} | {k: float(v) for k, v in scalars.items()},
            tokens,
        )

    def validate(self) -> dict[str, Any]:
        figures = self.stage.validate()
        self.log(figures)
        score = self.processes.of_first(figures["score"]) if self.processes.sharded else figures["score"]
        if score < self.best:
            self.best = score
            self.write("best.pt", {"step": self.step, "model": _weights(self.parameters)})
        return figures

    def check_frozen(self) -> None:
        """Before every save: frozen parameters are unchanged bit for bit."""
        if fingerprint(self.frozen) != self.as_begun:
            raise TrainingStopped(f"{self.stage.name}: frozen weights have changed at step {self.step}; nothing saved")

    def check_weights(self) -> None:
        self.check_frozen()
        if not self.processes.agree(list(self.parameters.values())):
            raise TrainingStopped(f"{self.stage.name}: the processes' weights differ at step {self.step}")

    def save(self) -> None:
        self.check_weights()
        state = {
            "step": self.step,
            "best": self.best,
            "processes": self.processes.count,
            "config": asdict(self.config),
            "model": _weights(self.parameters),
        }
        self._put("last.pt", state | {"optimizers": [whole_state(o) for o in self.optimizers]})

    def write(self, name: str, state: dict[str, Any]) -> None:
        self.check_frozen()
        self._put(name, state)

    def _put(self, name: str, state: dict[str, Any]) -> None:
        if self.processes.first:
            save(self.folder / name, state)

    def log(self, figures: dict[str, Any], left: float | None = None) -> None:
        if not self.processes.first:
            return
        record = {"stage": self.stage.name, "at": round(time.time()), "step": self.step} | figures
        with (self.folder / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(record) + "\n")
        shown = " ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items())
        eta = "" if left is None else f" | {left / 60:.1f} min left"
        self.note(f"[{self.stage.name}] step {self.step} {shown}{eta}")

    def _resume(self) -> None:
        path = self.folder / "last.pt"
        saved = torch.load(path, map_location="cpu", weights_only=True)
        schedule = asdict(self.config)
        if (count := saved.get("processes", 1)) != self.processes.count:
            raise TrainingStopped(f"{path} was made by {count} processes, not {self.processes.count}")
        earlier = asdict(LoopConfig(1)) | saved["config"]  # a field newer than the file had its default
        if odd := [k for k in schedule if earlier[k] != schedule[k]]:
            raise TrainingStopped(f"{path} was made with {odd[0]}={earlier[odd[0]]}, not {schedule[odd[0]]}")
        self.step, self.best = load_weights(path, self.parameters), saved["best"]
        for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
            optimizer.load_state_dict(state)
            split_state(optimizer)
        self.note(f"{self.stage.name}: resumed at step {self.step}")


def _weights(parameters: dict[str, nn.Parameter]) -> dict[str, Tensor]:
    return {name: whole(p.detach()).clone() for name, p in parameters.items()}


def to_stderr(line: str) -> None:
    """Progress goes to standard error, so that standard output stays free for results."""
    print(line, file=sys.stderr, flush=True)
