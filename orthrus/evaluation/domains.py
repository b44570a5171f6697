"""Evaluation per domain: acceptance, correctness and speed on held-out prompts, with both lanes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from orthrus import checks
from orthrus.checkpoints.loading import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.corpus import DOMAINS, SPLITS, generate, grade, splits
from orthrus.corpus.base import Example
from orthrus.corpus.reworded import is_refusal
from orthrus.decoding.engine import run_both
from orthrus.decoding.run_info import describe_host
from orthrus.evaluation.totals import RunTotals, ratio
from orthrus.trace import Trace


@dataclass
class DomainTotals:
    """Sums over the prompts of one domain."""

    runs: RunTotals = field(default_factory=RunTotals)
    exact: int = 0
    refused: int = 0  # declined, and that was no right answer
    bearing: int = 0
    bearing_accepted: int = 0
    lengths: list[int] = field(default_factory=list)

    def add(self, trace: Trace, example: Example) -> None:
        self.runs.add(trace)
        right = grade(example, trace.text)
        self.exact += right
        self.refused += not right and is_refusal(trace.text)
        self.lengths.append(len(trace.tokens))
        for accepted in _bearing_tokens(trace, example.prompt):
            self.bearing += 1
            self.bearing_accepted += accepted

    def figures(self) -> dict[str, Any]:
        """Means over cycles and passes; tokens/s over whole answers, prefill included."""
        runs = self.runs
        return {
            "prompts": runs.prompts,
            "acceptance_length": runs.acceptance_length,
            "tokens_per_cycle": ratio(runs.tokens - runs.prompts, runs.cycles),
            "tpf": runs.tpf,
            "exact": self.exact,
            "refused": self.refused,
            "ar_identical": runs.identical,
            "ar_tokens_per_s": ratio(runs.tokens * 1e3, runs.ar_ms),
            "orthrus_tokens_per_s": ratio(runs.tokens * 1e3, runs.orthrus_ms),
            "speedup": runs.speedup,
            "accepted_share": ratio(runs.accepted, runs.tokens),
            "answer_bearing_accepted_share": ratio(self.bearing_accepted, self.bearing),
            "median_tokens": sorted(self.lengths)[len(self.lengths) // 2],
        }


def evaluate(
    lm: LoadedModel,
    domain: str,
    prompts: int,
    seed: int,
    config: DecodeConfig,
    split: str = "test",
    note: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Decode `prompts` held-out prompts of `domain` ("all": of every domain) through both lanes.

    Raises OrthrusError for an unknown domain or split, or fewer than one prompt.
    """
    checks.whole("prompts", prompts, 1)
    checks.whole("seed", seed, 0)
    chosen = DOMAINS if domain == "all" else (domain,)
    if domain == "all" and split in SPLITS:
        chosen = tuple(d for d in chosen if split in splits(d))
    examples = {d: list(islice(generate(d, seed, split), prompts)) for d in chosen}
    _drain(run_both(lm, "Count from 1 to 9.", config))  # warm-up, not counted
    tallies = {}
    for name, domain_examples in examples.items():
        tallies[name] = DomainTotals()
        for example in domain_examples:
            tallies[name].add(Trace.of(run_both(lm, dialogue(example), config)), example)
        note(f"[evaluate] {name}: {tallies[name].figures()}")
    host = describe_host(lm.model.device.type, lm.model.threads)
    head = {"domain": domain, "split": split, "seed": seed, "dtype": str(lm.model.dtype).removeprefix("torch.")}
    head |= {"block_size": config.block_size or lm.config.block_size, "engine": lm.engine, "model": lm.revision}
    head |= {"device": host.device, "threads": host.threads, "date": date.today().isoformat()}
    if domain != "all":
        return head | tallies[domain].figures()
    domains = {name: tally.figures() for name, tally in tallies.items()}
    return head | _over_domains(domains) | {"domains": domains}


def _over_domains(domains: dict[str, dict]) -> dict[str, Any]:
    """Counts summed, figures averaged with equal weight for each domain."""
    rows = list(domains.values())
    summed = {"prompts", "exact", "refused", "ar_identical"}
    return {
        key: sum(r[key] for r in rows)
        if key in summed
        else round(sum(numbers) / len(numbers), 3)
        if (numbers := [r[key] for r in rows if r[key] is not None])
        else None
        for key in rows[0]
    }


def dialogue(example: Example) -> list[dict[str, str]]:
    """The example's turns up to the answer that is asked for."""
    return [{"role": role, "content": content} for role, content in example.messages[:-1]]


def _drain(events: Iterator) -> None:
    for _ in events:
        pass


_BEARING = re.compile(r"\d+(?:\.\d+)?|[A-Za-z]+_\w+|[A-ZÀ-Þ][\w-]+")


def _bearing_tokens(trace: Trace, prompt: str) -> Iterator[bool]:
    """For every answer-bearing token of the text, whether it was an accepted proposal.

    Answer-bearing: digits and numbers, identifiers with an underscore, capitalised words that occur in the prompt.
    """
    bearing = set(_BEARING.findall(prompt))
    text, spans = "", []
    for token in trace.tokens:
        piece = trace.data([token.id]).decode("utf-8", "replace")
        spans.append((len(text), len(text) + len(piece), token.status == "accepted"))
        text += piece
    marks = [m.span() for m in _BEARING.finditer(text) if m[0][0].isdigit() or "_" in m[0] or m[0] in bearing]
    for start, end, accepted in spans:
        if any(start < b and a < end for a, b in marks):
            yield accepted
