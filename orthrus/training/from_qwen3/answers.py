"""Self-distillation data for any base: the frozen AR view's greedy answers to prompts from files, part by part.

Each part is one file, written atomically: an interrupted run continues with the first missing part.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from orthrus.checkpoints.chat_template import chat_ids
from orthrus.errors import OrthrusError
from orthrus.model.dual_view import Orthrus
from orthrus.training.data import Document
from orthrus.training.from_qwen3.chat_data import Turns
from orthrus.training.rollouts import Answer, Rollouts, answerer
from orthrus.training.snapshots import TrainingStopped

Prompt = tuple[str, Turns]  # (file's name, dialogue)


@dataclass(frozen=True, slots=True)
class AnswerConfig:
    """Batch size, prompts per part, and lengths in tokens; `valid` prompts are held out for validation."""

    batch: int = 16
    part: int = 256
    max_new: int = 1024
    length: int = 2048  # of prompt and answer together
    valid: int = 64
    seed: int = 1

    def __post_init__(self) -> None:
        for name in ("batch", "part", "max_new", "valid"):
            if getattr(self, name) < 1:
                raise OrthrusError("out-of-range", f"{name} is {getattr(self, name)}, it must be 1 or more")
        if self.length <= self.max_new:
            raise OrthrusError(
                "out-of-range", f"rows of {self.length} tokens leave no room for a prompt and {self.max_new} new tokens"
            )


def split(prompts: dict[str, list[Turns]], config: AnswerConfig) -> tuple[list[Prompt], list[Prompt]]:
    """(training, validation) prompts in an order that depends on the seed alone; validation gets half at most."""
    every = [(name, turns) for name, dialogues in prompts.items() for turns in dialogues]
    if len(every) < 2:
        raise OrthrusError("too-few-prompts", "one prompt is not enough: training and validation need one each")
    random.Random(f"answers/{config.seed}").shuffle(every)
    valid = min(config.valid, len(every) // 2)
    return every[valid:], every[:valid]


def answer_all(
    model: Orthrus,
    tokenizer,
    prompts: dict[str, list[Turns]],
    folder: Path,
    config: AnswerConfig,
    note: Callable[[str], None],
) -> None:
    """Answer every prompt into `folder`/part-*.safetensors, resuming where an earlier call stopped.

    Raises TrainingStopped if the folder was begun with other prompts, settings or model configuration.
    """
    train, valid = split(prompts, config)
    folder.mkdir(parents=True, exist_ok=True)
    _begin(folder, _about(prompts, config, model))
    rows = [{"messages": [{"role": r, "content": c} for r, c in turns], "file": name} for name, turns in valid]
    (folder / "valid.jsonl").write_text("".join(json.dumps(a) + "\n" for a in rows), encoding="utf-8")
    parts = [(part, False) for part in _chunks(train, config.part)]
    parts += [(part, True) for part in _chunks(valid, config.part)]
    answer = answerer(model)
    for number, (part, is_valid) in enumerate(parts):
        path = folder / f"part-{number:05d}.safetensors"
        if path.exists():
            continue
        answered, unfinished, skipped = _answer(answer, model, tokenizer, part, config)
        halves = ({}, answered) if is_valid else (answered, {})
        rollouts = Rollouts(*halves, _padding(tokenizer))
        rollouts.save(path.with_suffix(".tmp"))
        os.replace(path.with_suffix(".tmp"), path)
        note(
            f"[rollouts] part {number + 1} of {len(parts)}: {sum(map(len, answered.values()))} answers, "
            f"{unfinished} cut at {config.max_new} tokens, {skipped} prompts too long"
        )


def load_answers(folder: Path) -> Rollouts:
    """All parts of a folder as one; raises OrthrusError if a split is empty."""
    train: dict[str, list[Document]] = {}
    valid: dict[str, list[Document]] = {}
    padding = 0
    for path in sorted(folder.glob("part-*.safetensors")):
        part = Rollouts.load(path)
        padding = part.padding_id
        for ours, theirs in ((train, part.train), (valid, part.valid)):
            for name, documents in theirs.items():
                ours.setdefault(name, []).extend(documents)
    if not train or not valid:
        raise OrthrusError("stage-missing", f"{folder} has no answers yet: run `rollouts` first, to its end")
    return Rollouts(train, valid, padding)


def _answer(answer: Answer, model: Orthrus, tokenizer, part: list[Prompt], config: AnswerConfig):
    """(answered documents by file, number cut off, number of prompts that did not fit)."""
    longest = config.length - config.max_new
    encoded = [(name, tuple(chat_ids(tokenizer, turns))) for name, turns in part]
    fitting = sorted((p for p in encoded if len(p[1]) <= longest), key=lambda p: len(p[1]))
    answered: dict[str, list[Document]] = {}
    unfinished, eos = 0, model.config.eos_token_ids
    for batch in _chunks(fitting, config.batch):
        answers = answer([ids for _, ids in batch], config.max_new, eos)
        for (name, ids), new in zip(batch, answers, strict=True):
            unfinished += new[-1] not in eos
            document = Document((*ids, *new), (False,) * len(ids) + (True,) * len(new))
            answered.setdefault(name, []).append(document)
    return answered, unfinished, len(encoded) - len(fitting)


def _chunks(items: list, size: int) -> list[list]:
    return [items[i : i + size] for i in range(0, len(items), size)]


def _padding(tokenizer) -> int:
    return tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0


def _about(prompts: dict[str, list[Turns]], config: AnswerConfig, model: Orthrus) -> dict:
    digest = hashlib.sha256(json.dumps(prompts, sort_keys=True).encode()).hexdigest()[:12]
    return {"prompts": digest, "model": model.config.to_json(), "dtype": str(model.dtype)} | asdict(config)


def _begin(folder: Path, about: dict) -> None:
    path = folder / "about.json"
    if path.exists() and (earlier := json.loads(path.read_text())) != about:
        odd = sorted(k for k in about.keys() | earlier.keys() if earlier.get(k) != about.get(k))
        raise TrainingStopped(f"{folder} was begun with another {odd[0]}; take another --out, or the same settings")
    path.write_text(json.dumps(about, indent=2) + "\n")
