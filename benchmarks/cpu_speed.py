"""Orthrus, its AR baseline and transformers' generate on the same weights, prompts and stop rule, in one run.

    python benchmarks/cpu_speed.py
    python benchmarks/cpu_speed.py --quick        # a minute: does it run, not how fast

Every way answers every prompt in each round; the first round warms up. A way's figure is the median over rounds of
tokens per second of wall time, everything counted; a ratio is the median of the ratios within a round. The price of
detail is small beside the noise of a round: there the levels answer each prompt straight after one another, every
prompt in every order, and the median is over all those pairs, with the interval that nine of ten such medians would
fall into (bootstrap). `targets` puts what was wanted beside what was found.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from itertools import islice, permutations
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import transformers

from benchmarks.ar_baseline import WAYS, theirs
from benchmarks.harness import RESULTS, facts, table, use_threads, write
from orthrus.baseline import decode_ar
from orthrus.checkpoint import LoadedModel, load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.engine import decode
from orthrus.evaluate import dialogue
from orthrus.trace import Trace
from orthrus.training.corpus import generate

Way = Callable[[Any], tuple[list[int], float]]
AR, FULL, PACED = "AR", "Orthrus", "Orthrus, paced"
LOOKUP = "transformers sdpa, prompt lookup"
EASY, HARD = "math", "stories"
DETAILS = (0, 1)
PAIRS = 288  # of answers behind the price of a level of detail: every prompt four times in each order
PRICED = 12  # prompts they are of
SPEEDUP = {"float32": 1.8, "bfloat16": 2.5}  # wanted on EASY, over AR


def ours(lm: LoadedModel, decoder: Callable, config: DecodeConfig) -> Way:
    def run(messages) -> tuple[list[int], float]:
        began = time.perf_counter()
        events = list(decoder(lm, messages, config))
        spent = time.perf_counter() - began
        trace = Trace.of(events)
        return list(trace.ar_ids or trace.token_ids), spent

    return run


def detailed(detail: int) -> str:
    return f"{FULL}, detail {detail}"


def ways(lm: LoadedModel, limit: int, peers: bool) -> dict[str, Way]:
    """Everything that is timed, by name."""

    def config(**more: Any) -> DecodeConfig:
        return DecodeConfig(limit, instrument_share=1e9, **{"detail": -1, **more})

    found = {
        AR: ours(lm, decode_ar, config()),
        FULL: ours(lm, decode, config()),
        PACED: ours(lm, decode, config(pace=True)),
    } | {detailed(detail): ours(lm, decode, config(detail=detail)) for detail in DETAILS}
    if peers:
        found |= {f"transformers {a}, {c} cache": theirs(lm, a, c, limit) for a, c in WAYS}
        found[LOOKUP] = theirs(lm, "sdpa", None, limit, prompt_lookup_num_tokens=10)
    return found


def measure(lm: LoadedModel, domain: str, args: argparse.Namespace) -> dict[str, Any]:
    """One domain: rates, ratios to AR within a round, and how many texts equal AR's."""
    prompts = [dialogue(e) for e in islice(generate(domain, args.seed, "test"), args.prompts)]
    timed = ways(lm, args.max_new_tokens, not args.no_peers)
    rounds: list[dict[str, float]] = []
    same = dict.fromkeys(timed, 0)
    for number in range(args.rounds + 1):
        rates = {}
        texts: dict[str, list[list[int]]] = {}
        for name, run in timed.items():
            answers = [run(prompt) for prompt in prompts]
            texts[name] = [ids for ids, _ in answers]
            rates[name] = sum(len(ids) for ids, _ in answers) / sum(spent for _, spent in answers)
        if number:
            rounds.append(rates)
        same = {name: sum(a == b for a, b in zip(ids, texts[AR], strict=True)) for name, ids in texts.items()}
    prices: dict[str, Any] = {}
    if domain == EASY:
        asked = [dialogue(e) for e in islice(generate(domain, args.seed, "test"), PRICED)]
        prices = prices_of_detail(timed, asked, 1 if args.quick else PAIRS)
    return {
        name: {
            "K": block_of(name, lm),
            "tokens_per_s": round(median(r[name] for r in rounds), 1),
            "over_ar": round(median(r[name] / r[AR] for r in rounds), 3),
            "same_text": same[name],
        }
        for name in timed
    } | {"answers": {"tokens": sum(map(len, texts[AR])), "prompts": len(prompts)}, "ratios": prices | ratios(rounds)}


def prices_of_detail(timed: dict[str, Way], prompts: list[Any], pairs: int) -> dict[str, Any]:
    """How much longer an answer takes with each level of detail than with none, as a share of the time with none."""
    orders, found = list(permutations([FULL, *map(detailed, DETAILS)])), {detail: list[float]() for detail in DETAILS}
    for number in range(pairs):
        order = orders[number // len(prompts) % len(orders)]
        spent = {name: timed[name](prompts[number % len(prompts)])[1] for name in order}
        for detail in DETAILS:
            found[detail].append(spent[detailed(detail)] / spent[FULL] - 1)
    return {f"price of detail {detail}": round(median(shares), 3) for detail, shares in found.items()} | {
        f"price of detail {detail}, nine of ten": nine_of_ten(shares) for detail, shares in found.items()
    }


def nine_of_ten(values: list[float], draws: int = 1000) -> list[float]:
    """The interval that nine of ten medians of as many values, drawn from these, fall into (bootstrap)."""
    rng = random.Random(1)
    medians = sorted(median(rng.choices(values, k=len(values))) for _ in range(draws))
    return [round(medians[draws // 20], 3), round(medians[-draws // 20], 3)]


def block_of(way: str, lm: LoadedModel) -> str:
    """The positions a cycle may cover."""
    if way == AR or way.startswith("transformers"):
        return "11" if way == LOOKUP else "1"
    return f"1 to {lm.config.block_size}" if way == PACED else str(lm.config.block_size)


def targets(dtypes: dict[str, Any]) -> list[dict[str, Any]]:
    """What was wanted, what was found, whether that is met. Targets whose domain or peer was left out are missing."""
    found: list[dict[str, Any]] = []

    def target(what: str, dtype: str, wanted: float, measured: float | None, least: bool = True) -> None:
        if measured is not None:
            met, bound = (measured >= wanted, "at least") if least else (measured <= wanted, "at most")
            row = {"target": what, "dtype": dtype, "bound": bound, "wanted": wanted, "found": measured, "met": met}
            found.append(row)

    for dtype, domains in dtypes.items():
        easy, hard = domains.get(EASY, {}), domains.get(HARD, {})
        if easy:
            target(f"{EASY}: Orthrus over AR", dtype, SPEEDUP.get(dtype, 1.8), easy[FULL]["over_ar"])
            target(f"{EASY}: paced over unpaced", dtype, 1.0, easy["ratios"]["paced over unpaced"])
            for detail, most in zip(DETAILS, (0.03, 0.10), strict=True):
                price = easy["ratios"][f"price of detail {detail}"]
                target(f"{EASY}: price of detail {detail}", dtype, most, price, least=False)
            target("AR over the best transformers", dtype, 1.5, easy["ratios"].get("AR over the best transformers"))
        if hard:
            target(f"{HARD}: paced over AR", dtype, 0.97, hard[PACED]["over_ar"])
    return found


def ratios(rounds: list[dict[str, float]]) -> dict[str, float]:
    """What the targets speak about."""
    peers = [name for name in rounds[0] if name.startswith("transformers") and "lookup" not in name]
    found = {"paced over unpaced": round(median(r[PACED] / r[FULL] for r in rounds), 3)}
    if peers:
        found["AR over the best transformers"] = round(median(r[AR] / max(r[p] for p in peers) for r in rounds), 3)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--mode", default="fast")
    parser.add_argument("--domains", default=f"{EASY},{HARD}")
    parser.add_argument("--threads", type=int, default=0, help="0: the quickest number for the format, by a probe")
    parser.add_argument("--prompts", type=int, default=3)
    parser.add_argument("--max-new-tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true", help="leave transformers out")
    parser.add_argument("--quick", action="store_true", help="one prompt, one round, 16 tokens")
    parser.add_argument("--out", type=Path, default=RESULTS / "cpu-speed.json")
    args = parser.parse_args()
    if args.quick:
        args.prompts, args.rounds, args.max_new_tokens = 1, 1, 16
    transformers.logging.set_verbosity_error()
    result = facts(__doc__) | {"mode": args.mode, "rounds": args.rounds, "max_new_tokens": args.max_new_tokens}
    found, result["threads"] = {}, {}
    for dtype in args.dtypes.split(","):
        result["threads"][dtype] = use_threads(args.threads, args.model, dtype)
        lm = load_model(args.model, "cpu", dtype, args.mode)
        result |= {"model": {"id": lm.id, "revision": lm.revision}, "block_size": lm.config.block_size}
        found[dtype] = {domain: measure(lm, domain, args) for domain in args.domains.split(",")}
        for domain, figures in found[dtype].items():
            rows = [[name, *row.values()] for name, row in figures.items() if "over_ar" in row]
            print(f"\n{dtype}, {domain}: {figures['ratios']}")
            print(table(["way", "K", "tokens/s", "over AR", "same text"], rows), flush=True)
    result |= {"dtypes": found, "targets": targets(found)}
    for found in result["targets"]:
        print(" ".join(map(str, found.values())))
    write(result, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
