"""The lossless certificate: both lanes on many held-out prompts, compared token by token and logit row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from itertools import islice
from typing import Any

from orthrus import checks
from orthrus.checkpoints.loading import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.corpus import DOMAINS, generate
from orthrus.corpus.base import Example
from orthrus.decoding.block_size import Costs
from orthrus.decoding.engine import run_both
from orthrus.decoding.pass_costs import ROWS, assumed
from orthrus.decoding.run_info import describe_host
from orthrus.errors import OrthrusError
from orthrus.trace import Trace

COUNTS = ("prompts", "identical", "rows_compared", "rows_equal")
EACH = tuple(1 + (n - 1) / 8 for n in ROWS)
ASSUMED = Costs(ROWS, EACH, EACH)  # what passes cost for auto here: plain steps, lookups and trees of any size pay


def check_request(prompts: int, config: DecodeConfig) -> None:
    """Raises OrthrusError for fewer than one prompt and for a configuration whose two texts need not agree."""
    checks.whole("prompts", prompts, 1)
    if not config.same_text:
        raise OrthrusError(
            "not-comparable", "rejection sampling equals AR in distribution only; greedy and gumbel write the same text"
        )


def certify(
    lm: LoadedModel, prompts: int, seed: int, config: DecodeConfig, note: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Decode `prompts` prompts of the test split, spread over the domains, through both lanes and compare.

    identical: prompts whose texts agree token for token. rows_equal of rows_compared: logit rows of verify passes that
    equal, bit for bit, the row plain decoding computed alone; rows after a divergence have other inputs and are left
    out. shapes: the cycles by what was drafted. `auto` gets assumed prices, so that the result does not depend on the
    machine, on which it might take plain steps alone. Raises OrthrusError for fewer than one prompt and for rejection
    sampling, whose texts need not agree.
    """
    check_request(prompts, config)
    domains: dict[str, dict[str, int]] = {}
    divergences: list[dict[str, Any]] = []
    shapes: Counter[str] = Counter()
    block = config.block_size or lm.config.block_size
    with assumed(lm.model, block, ASSUMED) if config.draft == "auto" else nullcontext():
        for domain, share in zip(DOMAINS, shares(prompts, len(DOMAINS)), strict=True):
            examples = islice(generate(domain, seed, "test"), share)
            domains[domain] = _compared(lm, domain, examples, config, shapes, divergences)
            note(f"[lossless] {domain}: {domains[domain]}")
    total = {name: sum(counts[name] for counts in domains.values()) for name in COUNTS}
    total |= {"shapes": dict(sorted(shapes.items()))}
    return total | _circumstances(lm, seed, config) | {"domains": domains, "divergences": divergences}


def _compared(
    lm: LoadedModel,
    domain: str,
    examples: Iterable[Example],
    config: DecodeConfig,
    shapes: Counter[str],
    divergences: list[dict[str, Any]],
) -> dict[str, int]:
    """COUNTS of one domain; its cycles and divergences are added to `shapes` and `divergences`."""
    counts = dict.fromkeys(COUNTS, 0)
    for example in examples:
        messages = [{"role": role, "content": content} for role, content in example.messages[:-1]]
        trace = Trace.of(run_both(lm, messages, config))
        verdict = trace.lossless
        shapes.update(draft.drafter for draft in trace.drafts)
        row = (1, int(verdict.first_div is None), verdict.rows_compared, verdict.rows_equal)
        counts = {name: counts[name] + more for name, more in zip(COUNTS, row, strict=True)}
        if verdict.first_div is not None:
            divergences.append(divergence(trace, domain, example))
    return counts


def _circumstances(lm: LoadedModel, seed: int, config: DecodeConfig) -> dict[str, Any]:
    host = describe_host(lm.model.device.type, lm.model.threads)
    return {
        "engine": lm.engine,
        "promise": lm.promise,
        "row_check": lm.check.words if lm.check else None,
        "dtype": str(lm.model.dtype).removeprefix("torch."),
        "device": host.device,
        "threads": host.threads,
        "torch": host.torch,
        "model": lm.id,
        "revision": lm.revision,
        "seed": seed,
        "max_new_tokens": config.max_new_tokens,
        "temperature": config.temperature,
        "top_k": config.top_k if config.sampled else None,
        "top_p": config.top_p if config.sampled else None,
        "coupling": config.coupling if config.sampled else None,
        "draft": config.draft,
        "prices": "assumed" if config.draft == "auto" else None,
    }


def divergence(trace: Trace, domain: str, example: Example) -> dict[str, Any]:
    """First divergence of two texts: position counts generated tokens; gap is the larger one of both passes."""
    verdict = trace.lossless
    gaps = [gap for gap in (verdict.gap_block, verdict.gap_single) if gap is not None]
    return {
        "domain": domain,
        "prompt": example.prompt,
        "position": verdict.first_div,
        "orthrus": _token(trace, trace.token_ids, verdict.first_div),
        "ar": _token(trace, tuple(trace.ar_ids), verdict.first_div),
        "gap": max(gaps, default=None),
        "verdict": verdict.verdict,
    }


def _token(trace: Trace, ids: tuple[int, ...], position: int) -> dict[str, Any] | None:
    """The token, or None if that text had ended."""
    return {"id": ids[position], "text": trace.glyph(ids[position]).s} if position < len(ids) else None


def shares(total: int, parts: int) -> list[int]:
    """Split `total` into `parts` whole numbers that differ by one at most, the larger ones first."""
    return [total // parts + (i < total % parts) for i in range(parts)]
