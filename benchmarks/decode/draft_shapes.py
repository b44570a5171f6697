"""What each shape of draft is worth: the same held-out prompts through AR, chain, tree, lookup, one pass and auto.

    python -m benchmarks.decode.draft_shapes              # every domain; twenty minutes on one core

Counts are exact: they are the same on every machine, but for auto, whose choices follow what passes cost here. Then
the ways take turns on each of the first prompts, so that a slow moment hits all of them, and their means are
compared. The time of one-pass is left out, because here its lanes are computed behind the verify pass, one by one.
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import accumulate, islice
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from benchmarks.harness import RESULTS, facts, table, write
from orthrus.checkpoints.loading import LoadedModel, load_model
from orthrus.config import DRAFTS, EMBEDDED_MODEL, DecodeConfig
from orthrus.corpus import DOMAINS, generate
from orthrus.decoding.engine import decode, decode_ar
from orthrus.evaluation.domains import dialogue
from orthrus.evaluation.totals import ratio
from orthrus.trace import Trace


def counts_of(trace: Trace) -> Counter[str]:
    """What one run did: cycles, tokens, passes, rows verified, proposals accepted, and the shapes drafted."""
    shapes = Counter(f"shape_{draft.drafter}" for draft in trace.drafts)
    sums = trace.sums
    return shapes + Counter(
        cycles=len(trace.verdicts),
        tokens=len(trace.token_ids),
        passes=1 + sums.passes_draft + len(trace.verdicts),
        written=sums.written,
        accepted=sums.accepted,
        drafts=sums.passes_draft,
        drafted=sum(draft.pass_rows for draft in trace.drafts),
    )


# The ways of one round on one prompt, the other way round in every second round. A run of AR takes 0.1 seconds, like a
# moment of another process, and auto differs from it by a few per cent: both need many more runs than the others.
PAIRS = ("ar", "auto") * 6
TURNS = ("chain", *PAIRS, "tree", *PAIRS, "lookup", *PAIRS)


def measure(lm: LoadedModel, domain: str, args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """One domain, a row per shape."""
    prompts = [dialogue(example) for example in islice(generate(domain, args.seed, "test"), args.counted)]
    written: list[int] = []  # tokens by prompt
    counts: dict[str, Counter[str]] = {draft: Counter() for draft in DRAFTS}
    same = Counter[str]()
    for prompt in prompts:  # this warms up, too
        alone = Trace.of(decode_ar(lm, prompt, DecodeConfig(args.max_new_tokens, detail=-1)))
        written.append(len(alone.ar_ids))
        for draft in DRAFTS:
            trace = Trace.of(decode(lm, prompt, DecodeConfig(args.max_new_tokens, detail=-1, draft=draft)))
            counts[draft] += counts_of(trace)
            same[draft] += trace.token_ids == tuple(alone.ar_ids)
    times = timed(lm, prompts[: enough(written, args.tokens)], args) if args.rounds else {}
    return {draft: row(counts[draft], same[draft], times.get(draft)) for draft in DRAFTS}


def timed(lm: LoadedModel, prompts: list[Any], args: argparse.Namespace) -> dict[str, float]:
    """Each way's time over AR's: of each prompt the mean of its ordinary runs, of these the sum."""
    spent: dict[str, list[list[float]]] = {way: [[] for _ in prompts] for way in dict.fromkeys(TURNS)}
    for number in range(args.rounds):
        for place, prompt in enumerate(prompts):
            for way in TURNS[:: -1 if number % 2 else 1]:
                spent[way][place].append(milliseconds(lm, prompt, way, args.max_new_tokens))
    sums = {way: sum(ordinary(runs) for runs in spent[way]) for way in spent}
    return {way: total / sums["ar"] for way, total in sums.items()}


def ordinary(runs: list[float]) -> float:
    """The mean without the shortest and the longest tenth.

    A machine that others use is fast and slow in turns: the median jumps between the two, this does not.
    """
    cut = len(runs) // 10
    return fmean(sorted(runs)[cut : len(runs) - cut])


def milliseconds(lm: LoadedModel, prompt: Any, way: str, most: int) -> float:
    """Prefill and decoding of one run."""
    if way == "ar":
        return list(Trace.of(decode_ar(lm, prompt, DecodeConfig(most, detail=-1))).ar_ms)[-1]
    done = Trace.of(decode(lm, prompt, DecodeConfig(most, detail=-1, draft=way))).done
    return done.t_prefill + done.t_decode


def enough(written: list[int], tokens: int) -> int:
    """How many of the prompts bring so many tokens, all if they do not: an edit's answer is a fifth as long as a story,
    and five of them were too few to time.
    """
    return next((i for i, total in enumerate(accumulate(written), 1) if total >= tokens), len(written))


def row(c: Counter[str], same: int, over_ar: float | None) -> dict[str, Any]:
    return {
        "tokens_per_cycle": ratio(c["tokens"], c["cycles"]),
        "accepted_per_row": ratio(c["accepted"], c["written"]),
        "rows_per_draft": ratio(c["drafted"], c["drafts"]),
        "passes_per_token": ratio(c["passes"], c["tokens"]),
        "tpf": ratio(c["tokens"], c["passes"]),
        "time_over_ar": None if over_ar is None else round(over_ar, 3),
        "same_text": same,
        "shapes": {name.removeprefix("shape_"): n for name, n in sorted(c.items()) if name.startswith("shape_")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--domains", default=",".join(DOMAINS))
    parser.add_argument("--counted", type=int, default=24, help="prompts decoded once, for the counts")
    parser.add_argument("--tokens", type=int, default=500, help="timed a round: the first prompts that bring so many")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--max-new-tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS / "draft-shapes.json")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    lm = load_model(args.model, "cpu", threads=args.threads)
    found: dict[str, Any] = {}
    for domain in args.domains.split(","):
        found[domain] = measure(lm, domain, args)
        print(f"\n{domain}")
        print(
            table(["draft", *list(found[domain]["chain"])], [[name, *r.values()] for name, r in found[domain].items()])
        )
    same = {
        "counted": args.counted,
        "tokens": args.tokens,
        "rounds": args.rounds,
        "threads": args.threads,
        "engine": lm.engine,
    }
    write(facts(__doc__) | same | {"max_new_tokens": args.max_new_tokens, "domains": found}, args.out)


if __name__ == "__main__":
    main()
