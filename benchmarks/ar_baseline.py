"""The AR baseline against transformers' own generate: same weights, prompts, stop rule, one run.

    python benchmarks/ar_baseline.py --json

Every way decodes every prompt in turn, warm-up excluded; the figure is the median of tokens/s over the prompts.
transformers is measured with eager and sdpa attention, dynamic and static cache; the best of them is what counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
import transformers
from transformers import Qwen3Config, Qwen3ForCausalLM

from orthrus.baseline import decode_ar
from orthrus.chat import chat_ids
from orthrus.checkpoint import LoadedModel, load_model
from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.evaluate import dialogue
from orthrus.model import DIFF
from orthrus.session import describe_host
from orthrus.trace import Trace
from orthrus.training.corpus import generate

WAYS = [(attention, cache) for attention in ("eager", "sdpa") for cache in ("dynamic", "static")]


def transformers_model(lm: LoadedModel, attention: str) -> Qwen3ForCausalLM:
    """transformers' Qwen3 with the AR view's weights."""
    raw = lm.config.to_json()
    known = {
        k: raw[k] for k in raw if k not in ("architectures", "model_type", "block_size", "mask_token_id", "rope_theta")
    }
    model = Qwen3ForCausalLM(Qwen3Config(**known, attn_implementation=attention)).to(lm.model.dtype).eval()
    weights = {n: p for n, p in lm.model.named_parameters() if DIFF not in n}
    model.load_state_dict(weights, strict=False)
    model.generation_config.pad_token_id = lm.tokenizer.pad_token_id
    return model


def ours(lm: LoadedModel, limit: int) -> Callable:
    def run(messages) -> tuple[list[int], float]:
        trace = Trace.of(decode_ar(lm, messages, DecodeConfig(max_new_tokens=limit, detail=-1)))
        return list(trace.ar_ids), trace.ar_ms[-1] / 1e3  # the lane's own clock, as in every other figure

    return run


def theirs(lm: LoadedModel, attention: str, cache: str | None, limit: int, **more) -> Callable:
    """transformers' generate; `cache` None leaves the choice to it, as prompt lookup wants."""
    model = transformers_model(lm, attention)
    more |= {"cache_implementation": cache} if cache else {}

    def run(messages) -> tuple[list[int], float]:
        ids = torch.tensor([chat_ids(lm.tokenizer, [(m["role"], m["content"]) for m in messages])])
        began = time.perf_counter()
        out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=limit, **more)
        return out[0, ids.shape[1] :].tolist(), time.perf_counter() - began

    return run


def measure(lm: LoadedModel, prompts: list, limit: int) -> dict[str, float]:
    """Median tokens/s of every way."""
    ways = {"orthrus.baseline": ours(lm, limit)}
    ways |= {f"transformers {a}, {c} cache": theirs(lm, a, c, limit) for a, c in WAYS}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for i, prompt in enumerate([prompts[0], *prompts]):  # the first round warms up
        for name, run in ways.items():
            ids, seconds = run(prompt)
            if i:
                rates[name].append(len(ids) / seconds)
    return {name: round(statistics.median(r), 1) for name, r in rates.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", default=str(EMBEDDED_MODEL))
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--max-new-tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    if args.threads:
        torch.set_num_threads(args.threads)
    lm = load_model(args.model, "cpu", args.dtype, "fast")
    prompts = [dialogue(e) for e in islice(generate("math", 5, "test"), args.prompts)]
    rates = measure(lm, prompts, args.max_new_tokens)
    best = max(rate for name, rate in rates.items() if name.startswith("transformers"))
    host = describe_host("cpu")
    result = {
        "command": " ".join(["python", "benchmarks/ar_baseline.py", *sys.argv[1:]]),
        "device": host.device,
        "threads": torch.get_num_threads(),
        "torch": host.torch,
        "transformers": host.transformers,
        "dtype": args.dtype,
        "tokens_per_s": rates,
        "ratio_to_best_transformers": round(rates["orthrus.baseline"] / best, 2),
    }
    if args.json:
        print(json.dumps(result))
    else:
        for name, rate in rates.items():
            print(f"{name:32} {rate:8.1f} tokens/s")
        print(f"{'ratio to the best of them':32} {result['ratio_to_best_transformers']:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
