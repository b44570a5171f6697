"""What is computed and not measured: docs/qwen3.md's training estimate, docs/gpu.md's floors of decoding."""

from __future__ import annotations

from benchmarks.report.tables import table
from orthrus.config import ModelConfig
from orthrus.gpu.cost import CONTEXT, SHAPES, summary
from orthrus.gpu.datasheets import CARDS
from orthrus.training.from_qwen3.plan import Rates, Work, plan

QWEN3_06B = ModelConfig(151_936, 1024, 3072, 28, 16, 8, 128, 40_960, 151_669, tie_word_embeddings=True)
GPUS = {card.name: (card.bf16_tflops, card.gb_per_s) for card in CARDS if card.name in ("A100, 80 GB", "H100")}
SHARE, MEMORY = 0.4, 80
WORK = Work(
    rows=1, length=2048, blocks=256, accumulate=64, steps=2300, prompts=100_000, prompt_tokens=512, answer_tokens=1024,
    answer_batch=256, attention="flex",
)  # fmt: skip


def options(tflops: float, gbps: float) -> str:
    """The command line of WORK on such a machine."""
    w = WORK
    return (
        f"--length {w.length} --rows {w.rows} --blocks {w.blocks} --accumulate {w.accumulate} --steps {w.steps} "
        f"--prompts {w.prompts} --max-new {w.answer_tokens} --batch {w.answer_batch} --attention {w.attention} "
        f"--dtype bfloat16 --tflops {tflops:g} --gbps {gbps:g} --memory {MEMORY} --share {SHARE}"
    )


def estimate() -> str:
    """A row a part of the memory, then a row a GPU."""
    records = {name: plan(QWEN3_06B, WORK, Rates(t * 1e12, b * 1e9), 2, SHARE) for name, (t, b) in GPUS.items()}
    first = next(iter(records.values()))
    held = [[what, f"{size / (1 << 30):.2f}"] for what, size in first["memory"].items() if size]
    times = [
        [name, f"{s['rollouts'] / 3600:.1f}", f"{s['a step']:.1f}", f"{s['diffusion'] / 3600:.1f}"]
        for name, s in ((name, record["seconds"]) for name, record in records.items())
    ]
    count = first["parameters"]
    said = (
        f"Base {count['base']:,} parameters, diffusion view {count['diffusion']:,} ({count['share']:.1%} of both); "
        f"{first['step operations'] / 1e12:,.0f} TFLOP a step."
    )
    return "\n\n".join(
        (
            said,
            table(["memory of the diffusion stage", "GiB"], held),
            table(["GPU, by its datasheet", "rollouts, h", "a step, s", "diffusion, h"], times),
        )
    )


def floors() -> str:
    """Bytes and launches by shape, then a row per card: the least an AR step and a cycle take by its datasheet."""
    found = {shape: summary(config, 2) for shape, config in SHAPES.items()}
    moved = [
        [shape, *(f"{f['bytes'][kind] / 1e9:.2f}" for kind in ("step", "cycle")), *f["launches"].values()]
        for shape, f in found.items()
    ]
    times = [
        [card.name, f"{card.gb_per_s:,}", *(_pair(f["floor_ms_by_datasheet"][card.name]) for f in found.values())]
        for card in CARDS
    ]
    first = table(["shape", "GB a step", "GB a cycle", "launches a step", "launches a cycle"], moved)
    second = table(["card", "GB/s", *(f"{shape}: step / cycle, ms" for shape in found)], times)
    return f"{first}\n\n{second}\n\nbfloat16, behind {CONTEXT} positions; by datasheet, nothing here was measured."


def _pair(least: dict[str, float]) -> str:
    return f"{least['step']:.2f} / {least['cycle']:.2f}"
