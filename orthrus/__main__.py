"""`python -m orthrus <verb>`: decode, record, replay, evaluate and inspect from the command line.

With --json one object goes to standard output and nothing else; progress and metrics go to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orthrus.config import ENGINES, DecodeConfig, settings_from_environment


def generate(args: argparse.Namespace) -> dict[str, Any]:
    """Stream the text, then print the metrics."""
    from orthrus.engine import decode
    from orthrus.trace import Trace

    trace, shown = Trace(), 0
    for event in decode(_model(args), args.prompt, _config(args, detail=-1)):
        trace = trace.add(event)
        if not args.json and event.type in ("verdict", "done"):
            # A character may be split over two cycles: only whole text is shown until the end.
            text = trace.text if event.type == "done" else trace.text.rstrip("\ufffd")
            print(text[shown:], end="", flush=True)
            shown = len(text)
    if not args.json:
        print()
    return {"text": trace.text, "stop": trace.done.stop} | _figures(trace)


def trace(args: argparse.Namespace) -> dict[str, Any]:
    """Run both lanes and write the recorded trace."""
    from orthrus.lossless import run_both
    from orthrus.recording import save
    from orthrus.trace import Trace

    lm, config = _model(args), _config(args, detail=args.detail, instrument_share=1.0)
    for _ in run_both(lm, args.prompt, config):  # warm-up: the recording is of a machine at work
        pass
    run = Trace.of(run_both(lm, args.prompt, config))
    save(run, args.out)
    verdict = run.lossless.verdict if run.lossless else "equal in distribution"
    return {"file": str(args.out), "text": run.text, "lossless": verdict} | _figures(run)


def replay(args: argparse.Namespace) -> dict[str, Any]:
    """Read a recorded trace: its text, its metrics, and on request a page that plays offline."""
    from orthrus.invariants import check
    from orthrus.recording import load

    run = load(args.file)
    if args.html:
        from viz.export import export_html

        export_html(run, args.html)
    host = run.start.host.device if run.start else ""
    made = {"file": str(args.file), "text": run.text, "device": host, "recorded_at": run.start.recorded_at}
    return made | {"violations": check(run)} | _figures(run)


def evaluate(args: argparse.Namespace) -> dict[str, Any]:
    """Acceptance, right answers and speed on held-out prompts."""
    from orthrus.evaluate import evaluate as run
    from orthrus.training.corpus import domain_module

    if args.domain != "all":
        domain_module(args.domain)
    config = DecodeConfig(args.max_new_tokens, args.block_size, detail=-1, pace=args.pace)
    return run(_model(args), args.domain, args.prompts, args.seed, config, args.split, _note)


def lossless(args: argparse.Namespace) -> dict[str, Any]:
    """The certificate: plain decoding against Orthrus on held-out prompts, every token and every logit row."""
    from orthrus.certificate import certify

    return certify(_model(args), args.prompts, args.seed, _config(args, detail=-1), _note)


def doctor(args: argparse.Namespace) -> dict[str, Any]:
    """Versions, device, dtype, threads and kernels in use."""
    from orthrus.doctor import report

    return report(_model(args))


def _model(args: argparse.Namespace):
    import transformers

    from orthrus.checkpoint import load_model

    transformers.logging.set_verbosity_error()
    return load_model(args.model, args.device, args.dtype, args.engine, args.threads)


def _config(args: argparse.Namespace, **more: Any) -> DecodeConfig:
    asked = ("max_new_tokens", "block_size", "pace", "temperature", "top_k", "top_p", "seed", "coupling")
    return DecodeConfig(**{name: getattr(args, name) for name in asked}, **more)


def _figures(run) -> dict[str, Any]:
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(run.metrics()).items() if k != "survival"}


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    defaults = settings_from_environment()
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--model", default=defaults.model, help="checkpoint folder or hub id (default: the embedded model)"
    )
    common.add_argument("--device", default=defaults.device, help="auto, cpu or cuda")
    common.add_argument("--dtype", default=defaults.dtype, help="auto, float32, bfloat16 or float16")
    common.add_argument("--threads", type=int, default=defaults.threads, help="CPU threads at most (0: all cores)")
    common.add_argument("--max-new-tokens", type=int, default=DecodeConfig().max_new_tokens)
    common.add_argument("--block-size", type=int, help="anchor and guesses of a draft (default: the model's)")
    common.add_argument("--pace", action="store_true", help="draft only as far as it pays, measured in the run")
    common.add_argument("--engine", default=defaults.engine, help=", ".join(ENGINES) + " (plain PyTorch)")
    common.add_argument("--temperature", type=float, default=DecodeConfig().temperature, help="0 is greedy")
    common.add_argument("--top-k", type=int, default=DecodeConfig().top_k)
    common.add_argument("--top-p", type=float, default=DecodeConfig().top_p)
    common.add_argument(
        "--coupling", default=DecodeConfig().coupling, help="how drafts are judged in sampling: gumbel or rejection"
    )
    common.add_argument("--seed", type=int, default=DecodeConfig().seed)
    common.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else")

    top = argparse.ArgumentParser(prog="python -m orthrus", description="Dual-view decoding.")
    verbs = top.add_subparsers(dest="verb", required=True)

    def verb(run: Callable[[argparse.Namespace], dict[str, Any]]) -> argparse.ArgumentParser:
        sub = verbs.add_parser(run.__name__, parents=[common], help=run.__doc__, description=run.__doc__)
        sub.set_defaults(run=run)
        return sub

    verb(generate).add_argument("prompt")
    tracing = verb(trace)
    tracing.add_argument("prompt")
    tracing.add_argument("--out", type=Path, required=True, help="file to write, .jsonl.gz")
    tracing.add_argument("--detail", type=int, default=1, help="-1, 0 or 1")
    replaying = verb(replay)
    replaying.add_argument("file", type=Path)
    replaying.add_argument("--html", type=Path, help="also write a page that plays this trace offline")
    evaluating = verb(evaluate)
    evaluating.add_argument("--domain", default="all")
    evaluating.add_argument("--prompts", type=int, default=20)
    evaluating.add_argument("--split", default="test", help="test, names, structures, valid or train")
    proving = verb(lossless)
    proving.add_argument("--prompts", type=int, default=200)
    verb(doctor)
    return top


def main(arguments: list[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    try:
        result = args.run(args)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        shown = sys.stderr if args.verb == "generate" else sys.stdout
        for key, value in result.items():
            if not (args.verb == "generate" and key == "text"):
                print(
                    f"{key}: {json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value}",
                    file=shown,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
