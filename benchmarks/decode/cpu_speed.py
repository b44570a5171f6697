"""Orthrus, its AR baseline, plain PyTorch, llama.cpp and transformers: same AR weights, prompts and stop rule, one run.

    python -m benchmarks.decode.cpu_speed                # needs requirements-bench.txt
    python -m benchmarks.decode.cpu_speed --quick        # a minute: does it run, not how fast

With each number of threads every way answers every prompt in each round; the first round warms up, and so does one more
answer whenever the way changes: threads of the way before may still be spinning. A way's figure is
the median over rounds of tokens per second of wall time, everything counted; a ratio is the median of the ratios
within a round. The price of detail is small beside the noise of a round: there the levels answer each prompt straight
after one another, every prompt in every order, and the median is over all those pairs, with the interval that nine of
ten such medians would fall into (bootstrap). `targets` puts what was wanted beside what was found.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from importlib.metadata import version
from itertools import islice, permutations
from pathlib import Path
from statistics import median
from typing import Any

import torch
import transformers

from benchmarks.decode.peers import LlamaCpp, Way, by_llama_cpp, by_transformers
from benchmarks.harness import RESULTS, facts, table, thread_counts, write
from orthrus.checkpoints.loading import LoadedModel, load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.corpus import generate
from orthrus.decoding.engine import decode, decode_ar
from orthrus.evaluation.domains import dialogue
from orthrus.trace import Trace

AR, FULL, PACED = "AR", "Orthrus", "Orthrus, paced"
TORCH_AR, TORCH_FULL = "AR, engine torch", "Orthrus, engine torch"
GENERATE, LOOKUP = "transformers generate", "transformers generate, prompt lookup"
LLAMA = {numbers: f"llama.cpp, {numbers}" for numbers in ("float16", "float32")}
EASY, HARD = "math", "stories"
DETAILS = (0, 1)
PAIRS = 48  # of answers behind the price of a level of detail: every prompt in each order
PRICED = 8  # prompts they are of


def ours(lm: LoadedModel, decoder: Callable, config: DecodeConfig, told: bool = False) -> Way:
    """Seconds from the prompt's ids to the last token, as peers are timed; `told`: of everything, events included."""

    def run(messages: Any) -> tuple[list[int], float]:
        began = time.perf_counter()
        events = list(decoder(lm, messages, config))
        spent = time.perf_counter() - began
        trace = Trace.of(events)
        if not told:
            spent = (list(trace.ar_ms)[-1] if trace.ar_ids else trace.done.t_prefill + trace.done.t_decode) / 1e3
        return list(trace.ar_ids or trace.token_ids), spent

    return run


def detailed(detail: int) -> str:
    return f"{FULL}, detail {detail}"


def our_ways(lm: LoadedModel, limit: int, told: bool = False) -> dict[str, Way]:
    def config(**more: Any) -> DecodeConfig:
        return DecodeConfig(limit, instrument_share=1e9, **{"detail": -1, **more})

    return {
        AR: ours(lm, decode_ar, config(), told),
        FULL: ours(lm, decode, config(), told),
        PACED: ours(lm, decode, config(draft="auto"), told),
    } | {detailed(detail): ours(lm, decode, config(detail=detail), told) for detail in DETAILS}


def other_ways(plain: LoadedModel, engines: dict[str, LlamaCpp], limit: int) -> dict[str, Way]:
    """Plain PyTorch of this project, transformers, and llama.cpp in each number format."""
    config = DecodeConfig(limit, detail=-1)
    found = {
        TORCH_AR: ours(plain, decode_ar, config),
        TORCH_FULL: ours(plain, decode, config),
        GENERATE: by_transformers(plain, "sdpa", "dynamic", limit),
        LOOKUP: by_transformers(plain, "sdpa", None, limit, prompt_lookup_num_tokens=10),
    }
    return found | {LLAMA[numbers]: by_llama_cpp(plain, engine, limit) for numbers, engine in engines.items()}


def measure(timed: dict[str, Way], priced: dict[str, Way], domain: str, args: argparse.Namespace) -> dict[str, Any]:
    """One domain: rates, ratios within a round, and how many texts equal AR's."""
    prompts = [dialogue(e) for e in islice(generate(domain, args.seed, "test"), args.prompts)]
    rounds: list[dict[str, float]] = []
    for number in range(args.rounds + 1):
        answers = {}
        for name, run in timed.items():
            run(prompts[0])  # the threads of the way before have gone to rest, this one's have come
            answers[name] = [run(prompt) for prompt in prompts]
        rates = {
            n: sum(len(ids) for ids, _ in found) / sum(spent for _, spent in found) for n, found in answers.items()
        }
        if number:
            rounds.append(rates)
    texts = {name: [ids for ids, _ in found] for name, found in answers.items()}
    prices: dict[str, Any] = {}
    if domain == EASY:
        asked = [dialogue(e) for e in islice(generate(domain, args.seed, "test"), PRICED)]
        prices = prices_of_detail(priced, asked, 1 if args.quick else PAIRS)
    ways = {
        name: {
            "tokens_per_s": round(median(r[name] for r in rounds), 1),
            "over_ar": round(median(r[name] / r[AR] for r in rounds), 3),
            "same_text": sum(a == b for a, b in zip(texts[name], texts[AR], strict=True)),
        }
        for name in timed
    }
    counts = {"prompts": len(prompts), "tokens": sum(map(len, texts[AR]))}
    return counts | {"ways": ways, "ratios": ratios(rounds) | prices}


def ratios(rounds: list[dict[str, float]]) -> dict[str, float]:
    """What the targets speak about, as medians of ratios within a round."""
    wanted = {
        "AR over llama.cpp float16": (AR, LLAMA["float16"]),
        "AR over llama.cpp float32": (AR, LLAMA["float32"]),
        "AR over transformers": (AR, GENERATE),
        "AR over engine torch": (AR, TORCH_AR),
        "Orthrus over llama.cpp float16": (FULL, LLAMA["float16"]),
        "paced over AR": (PACED, AR),
        "Orthrus over AR": (FULL, AR),
    }
    return {
        name: round(median(r[over] / r[under] for r in rounds), 3)
        for name, (over, under) in wanted.items()
        if under in rounds[0]
    }


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


WANTED = (  # domain or None for each, ratio, at least
    (None, "AR over llama.cpp float16", 2.0),
    (EASY, "Orthrus over llama.cpp float16", 1.5),
    (None, "paced over AR", 0.97),
)


def targets(by_threads: dict[str, Any]) -> list[dict[str, Any]]:
    """What was wanted, what was found, whether that is met. What was not measured is left out."""
    return [
        {"target": name, "domain": domain, "threads": int(threads)}
        | {"wanted": least, "found": ratio, "met": ratio >= least}
        for threads, domains in by_threads.items()
        for only, name, least in WANTED
        for domain, found in domains.items()
        if only in (None, domain) and (ratio := found["ratios"].get(name)) is not None
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--domains", default=f"{EASY},{HARD}")
    parser.add_argument("--threads", default="", help="numbers of threads, by comma (default: 1 and all cores)")
    parser.add_argument("--prompts", type=int, default=3)
    parser.add_argument("--max-new-tokens", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true", help="this project's compiled engine alone")
    parser.add_argument("--quick", action="store_true", help="one prompt, one round, 16 tokens")
    parser.add_argument("--out", type=Path, default=RESULTS / "cpu-speed.json")
    args = parser.parse_args()
    if args.quick:
        args.prompts, args.rounds, args.max_new_tokens = 1, 1, 16
    counts = thread_counts(args.threads)
    transformers.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as folder:
        result = facts(__doc__) | {"rounds": args.rounds, "max_new_tokens": args.max_new_tokens}
        result |= everything(args, counts, {} if args.no_peers else gguf_files(args.model, Path(folder)))
    if not args.no_peers:
        result["versions"]["llama-cpp-python"] = version("llama-cpp-python")
    result["targets"] = targets(result["threads"])
    for found in result["targets"]:
        print(" ".join(map(str, found.values())))
    write(result, args.out)
    return 0


def gguf_files(source: str, folder: Path) -> dict[str, Path]:
    from benchmarks.decode.gguf_file import write_gguf

    files = {numbers: folder / f"{numbers}.gguf" for numbers in LLAMA}
    for numbers, path in files.items():
        write_gguf(source, path, numbers)
    return files


def everything(args: argparse.Namespace, counts: list[int], files: dict[str, Path]) -> dict[str, Any]:
    plain = None if args.no_peers else load_model(args.model, "cpu", engine="torch")
    by_threads: dict[str, Any] = {}
    for threads in counts:
        torch.set_num_threads(threads)
        lm = load_model(args.model, "cpu", threads=threads)
        timed, priced = our_ways(lm, args.max_new_tokens), our_ways(lm, args.max_new_tokens, told=True)
        context = lm.config.max_position_embeddings
        with ExitStack() as opened:
            if plain:
                engines = {
                    numbers: opened.enter_context(closing(LlamaCpp(path, threads, context)))
                    for numbers, path in files.items()
                }
                timed |= other_ways(plain, engines, args.max_new_tokens)
            by_threads[str(threads)] = {d: measure(timed, priced, d, args) for d in args.domains.split(",")}
        for domain, found in by_threads[str(threads)].items():
            print(f"\n{threads} threads, {domain}: {found['ratios']}")
            rows = [[name, *row.values()] for name, row in found["ways"].items()]
            print(table(["way", "tokens/s", "over AR", "same text"], rows), flush=True)
    about = {"id": lm.id, "revision": lm.revision, "dtype": str(lm.model.dtype).removeprefix("torch.")}
    return {"engine": lm.engine, "model": about, "block_size": lm.config.block_size, "threads": by_threads}


if __name__ == "__main__":
    sys.exit(main())
