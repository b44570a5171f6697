"""The model card of a trained checkpoint, written from its own figures.

python -m orthrus evaluate --domain all --prompts 100 --json > test.json
python -m orthrus evaluate --domain all --prompts 100 --split structures --json > structures.json
python -m orthrus.training card --out runs/mini --figures test.json structures.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from orthrus.config import ModelConfig
from orthrus.errors import OrthrusError

COLUMNS = (
    ("acceptance length", "acceptance_length"),
    ("tokens per cycle", "tokens_per_cycle"),
    ("TPF", "tpf"),
    ("right", "exact"),
    ("AR-identical", "ar_identical"),
    ("prompts", "prompts"),
    ("answer-bearing share accepted", "answer_bearing_accepted_share"),
    ("median tokens", "median_tokens"),
)

TITLES = {
    "test": "Held-out problems: new numbers and wordings",
    "names": "Held-out names: every prompt has a first name that no training prompt has",
    "structures": "Held-out structures: chains and forms never seen together",
    "reworded": "Visitors' wording: prompts written by hand, with typing errors, other names and other numbers",
}

FRONT = """---
license: apache-2.0
language: en
pipeline_tag: text-generation
tags: [orthrus, speculative-decoding, dual-view, qwen3]
---
# orthrus-mini

A very small dual-view language model: a Qwen3 trained from nothing on this project's own corpus (the AR view), and a
second attention in every layer trained to draft its answers (the diffusion view). It is there to be watched.

**It can** solve short word problems and linear equations step by step, answer questions on lists and units, turn a
sentence into JSON, write small Python functions, repeat and number lines, tell short stories, and explain how Orthrus
decodes. **It is weak** at sorting and other questions on lists, at rewriting a text, and at forms of a task that it has
never seen; the tables say how often. **It cannot** do anything else: it has seen no text of the world, knows no facts
beyond a few dozen, and speaks only English. Asked for such a thing, it mostly says so.
"""


def write_card(folder: Path, config: ModelConfig, command: str, training: dict[str, Any], figures: list[dict]) -> None:
    """Write README.md beside the weights; `training`: plain facts, `figures`: output of `orthrus evaluate --json`."""
    shape = (
        f"{config.num_hidden_layers} layers, {config.hidden_size} wide, {config.num_attention_heads} heads over "
        f"{config.num_key_value_heads} key-value heads of {config.head_dim}, MLP {config.intermediate_size}, "
        f"vocabulary {config.vocab_size}, context {config.max_position_embeddings}, block {config.block_size}"
    )
    parts = [FRONT, "## Model\n", shape + ", stored in bfloat16.\n", "## Training\n"]
    parts += [f"- {key}: {value}" for key, value in training.items()]
    parts += ["", "The recipe, stage by stage and resumable:", "", f"    {command}", ""]
    parts += [_table(f) for f in figures]
    (folder / "README.md").write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _table(figures: dict[str, Any]) -> str:
    """A Markdown table with a row per domain, under the command that produced it."""
    split = figures["split"]
    title = TITLES.get(split, split)
    command = f"python -m orthrus evaluate --domain all --prompts {_prompts(figures)} --seed {figures['seed']}"
    command += f" --split {split} --dtype {figures['dtype']}"
    lines = [
        f"## {title}\n",
        f"`{command}`, greedy, K = {figures['block_size']}; for one row: its name as `--domain`\n",
    ]
    lines += ["| domain | " + " | ".join(head for head, _ in COLUMNS) + " |", "|--|" + "--|" * len(COLUMNS)]
    rows = {**figures["domains"], "**all**": figures}
    lines += [f"| {name} | " + " | ".join(str(row[key]) for _, key in COLUMNS) + " |" for name, row in rows.items()]
    return "\n".join(lines) + "\n"


def _prompts(figures: dict[str, Any]) -> int:
    return next(iter(figures["domains"].values()))["prompts"]


def read_figures(path: Path) -> dict[str, Any]:
    """Read the JSON object that `orthrus evaluate --domain all --json` writes."""
    figures = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(figures, dict) or "domains" not in figures:
        raise OrthrusError("figures-invalid", f"{path} is not the output of `orthrus evaluate --domain all --json`")
    return figures
