"""benchmarks/results/ablations.json as tables and bars: docs/training.md and docs/plots/ are filled from here."""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks.report.tables import measured, table

TITLE = "Tokens per pass by variant, a dot per seed"

# What the paper reports (arXiv 2605.12825), in tokens a pass where it gives numbers.
PAPER = (
    ("one drafting pass / several", "6.35 / 3.53 TPF", ("recipe", "1"), ("multi-step", "4")),
    ("forward KL / cross-entropy", "KL is better", ("recipe", "1"), ("cross-entropy", "1")),
    ("K = 32 / K = 16", "–", ("recipe", "1"), ("K=16", "1")),
    ("K = 32 / K = 8", "–", ("recipe", "1"), ("K=8", "1")),
    ("own answers / corpus text", "own answers are used", ("recipe", "1"), ("corpus", "1")),
    ("uniform rows / early and reached rows", "uniform is used", ("recipe", "1"), ("reached", "1")),
)


class Bar(NamedTuple):
    """A measured quantity over the seeds."""

    name: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return sum(self.values) / len(self.values)

    @property
    def spread(self) -> float:
        """Half the distance between the seeds' least and most."""
        return (max(self.values) - min(self.values)) / 2

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.spread:.2f}" if len(self.values) > 1 else f"{self.mean:.2f}"


def found(result: dict[str, Any]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(variant, drafting passes) -> the rows of its seeds, in the order they were measured first."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in result["rows"]:
        for passes in row["decoded"]:
            groups.setdefault((row["variant"], passes), []).append(row)
    return groups


def bar(rows: list[dict[str, Any]], passes: str, figure: str, name: str = "") -> Bar:
    return Bar(name, tuple(row["decoded"][passes][figure] for row in rows))


def label(variant: str, passes: str) -> str:
    return variant if passes == "1" else f"{variant}, {passes} drafting passes"


def bars(result: dict[str, Any]) -> list[Bar]:
    """TPF of every row."""
    return [bar(rows, passes, "tpf", label(name, passes)) for (name, passes), rows in found(result).items()]


def rows_of(result: dict[str, Any]) -> str:
    """A row a variant and number of drafting passes."""
    lines = []
    for (variant, passes), rows in found(result).items():
        held = Bar("", tuple(row["held_out"]["accepted"] for row in rows))
        shown = str(held) if passes == "1" else ""
        figures = [bar(rows, passes, name) for name in ("acceptance_length", "tpf")]
        lines.append([label(variant, passes), rows[0]["about"], rows[0]["K"], shown, *figures, len(rows)])
    head = ["row", "what is changed", "K", "agreed in a row, held-out", "accepted a cycle", "TPF", "seeds"]
    return table(head, lines)


def beside_the_paper(result: dict[str, Any]) -> str:
    """TPF of each pair the paper speaks of."""
    groups, lines = found(result), []
    for question, said, ours, theirs in PAPER:
        if ours in groups and theirs in groups:
            pair = [bar(groups[key], key[1], "tpf") for key in (ours, theirs)]
            apart = abs(pair[0].mean - pair[1].mean) > pair[0].spread + pair[1].spread
            lines.append([question, said, f"{pair[0]} / {pair[1]}", "yes" if apart else "no"])
    return table(["question", "paper", "here, TPF", "further apart than the seeds"], lines)


@measured("ablations")
def ablations(f: dict[str, Any]) -> str:
    """Both tables, the plot, and where they were measured."""
    budget, machine, versions = f["budget"], f["machine"], f["versions"]
    where = (
        f"{budget['steps']} steps of {budget['blocks']} blocks a row, {budget['decoded_prompts']} prompts a domain "
        f"decoded; {machine['device']}, {machine['simd']}, threads: {f['threads']}; torch {versions['torch']}; model "
        f"{f['model']}; commit {f['commit']}; {f['measured_at'][:10]}; `{f['command']}`."
    )
    plot = f"![{TITLE}](plots/ablations.svg)"
    return "\n\n".join((rows_of(f), plot, beside_the_paper(f), where))
