"""`python -m orthrus <verb>`: decode, record, replay, evaluate and inspect from the command line.

With --json one object goes to standard output and nothing else; progress and metrics go to standard error. Each verb
accepts only the options it uses. Exit codes: 0, 2 after one line that says what is wrong, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from orthrus import checks
from orthrus.config import DRAFTS, EMBEDDED_MODEL, ENGINES, MOST_THREADS, DecodeConfig
from orthrus.config.messages import turns_of
from orthrus.console import Parser, as_json, note, printable, run_command, standard_input
from orthrus.errors import OrthrusError
from orthrus.files import check_output
from orthrus.server.settings import settings_from_environment, whole_number
from orthrus.trace.metrics import measure

FROM_ENVIRONMENT = ("model", "device", "dtype", "threads", "engine")
DECODING = ("max_new_tokens", "block_size", "draft", "temperature", "top_k", "top_p", "seed", "coupling")
NUMBERS = ("max_new_tokens", "block_size", "temperature", "top_k", "top_p", "seed", "detail", "prompts")


def generate(args: argparse.Namespace) -> dict[str, Any]:
    """Stream the text, then print the metrics."""
    prompt, config = _prompt(args), _config(args, detail=-1)
    from orthrus.decoding.engine import decode  # takes seconds, so it comes after the cheap checks
    from orthrus.trace import Trace

    trace, shown = Trace(), 0
    for event in decode(_model(args), prompt, config):
        trace = trace.add(event)
        if not args.json and event.type in ("verdict", "done"):
            # A character may be split over two cycles: only whole text is shown until the end.
            text = trace.text if event.type == "done" else trace.text.rstrip("\ufffd")
            print(printable(text[shown:]), end="", flush=True)
            shown = len(text)
    if not args.json:
        print()
    return {"text": trace.text, "stop": trace.done.stop} | _figures(trace)


def trace(args: argparse.Namespace) -> dict[str, Any]:
    """Run both lanes and write the recorded trace."""
    from orthrus.decoding.engine import run_both
    from orthrus.trace import Trace
    from orthrus.trace.files import save

    prompt, config = _prompt(args), _config(args, detail=args.detail, instrument_share=1.0)
    check_output(args.out)
    lm = _model(args)
    for _ in run_both(lm, prompt, config):  # warm-up: the recording is of a machine at work
        pass
    run = Trace.of(run_both(lm, prompt, config))
    save(run, args.out)
    verdict = run.lossless.verdict if run.lossless else "equal in distribution"
    return {"file": str(args.out), "text": run.text, "lossless": verdict} | _figures(run)


def replay(args: argparse.Namespace) -> dict[str, Any]:
    """Read a recorded trace: its text, its metrics, and on request a page that plays offline."""
    from orthrus.trace.files import load
    from orthrus.trace.invariants import check

    if args.html:
        check_output(args.html)
    run = load(args.file)
    if args.html:
        from viz.export.html import export_html

        export_html(run, args.html)
    host = run.start.host.device if run.start else ""
    result = {"file": str(args.file), "text": run.text, "device": host, "recorded_at": run.start.recorded_at}
    return result | {"violations": check(run)} | _figures(run)


def lesson(args: argparse.Namespace) -> dict[str, Any]:
    """Write a lesson as one page that plays offline, with every run that it leads through."""
    from viz.export.lesson import export_lesson

    check_output(args.html)
    export_lesson(args.name, args.html, EMBEDDED_MODEL.parent, args.address)
    return {"lesson": args.name, "file": str(args.html)}


def evaluate(args: argparse.Namespace) -> dict[str, Any]:
    """Measure acceptance, right answers and speed on held-out prompts."""
    from orthrus.corpus import check_split, domain_module
    from orthrus.evaluation.domains import evaluate as run

    if args.domain != "all":
        domain_module(args.domain)
    check_split(args.split)
    config = _config(args, detail=-1)
    checks.whole("prompts", args.prompts, 1)
    return run(_model(args), args.domain, args.prompts, config.seed, config, args.split, note)


def lossless(args: argparse.Namespace) -> dict[str, Any]:
    """Lossless certificate: compare plain decoding with Orthrus on held-out prompts, every token and logit row."""
    from orthrus.evaluation.lossless import certify, check_request

    config = _config(args, detail=-1)
    check_request(args.prompts, config)
    return certify(_model(args), args.prompts, args.seed, config, note)


def doctor(args: argparse.Namespace) -> dict[str, Any]:
    """Show versions, device, dtype, threads and kernels in use."""
    from orthrus.diagnostics import report

    return report(_model(args))


def _prompt(args: argparse.Namespace) -> str:
    """The prompt (`-`: standard input), checked before any work begins."""
    # Python decodes argument bytes that are not UTF-8 to lone surrogates.
    if any("\udc80" <= character <= "\udcff" for character in args.prompt):
        raise OrthrusError("not-utf-8", "the prompt is not UTF-8; please type it again, or write it to a file in UTF-8")
    prompt = standard_input() if args.prompt == "-" else args.prompt
    turns_of(prompt)
    return prompt


def _model(args: argparse.Namespace):
    """Load the requested model; options are checked before weights are read."""
    import transformers

    from orthrus.checkpoints.loading import device_named, dtype_named, load_model

    transformers.logging.set_verbosity_error()
    device_named(args.device)
    if args.dtype != "auto":
        dtype_named(args.dtype)
    checks.one_of("engine", args.engine, ENGINES)
    lm = load_model(args.model, args.device, args.dtype, args.engine, args.threads)
    if lm.engine == "numba":
        from kernels.numba_common import compiled_before

        if not compiled_before():
            note("the engine is compiled for this CPU; this is done once and takes about 15 seconds")
    return lm


def _config(args: argparse.Namespace, **more: Any) -> DecodeConfig:
    return DecodeConfig(**{name: value for name, value in vars(args).items() if name in DECODING}, **more)


def _figures(run) -> dict[str, Any]:
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in asdict(measure(run)).items() if k != "survival"}


def parser() -> Parser:
    """The argument parser of all verbs. Numbers are read by `parsed`, by the same rules as the page's form."""
    top = Parser(prog="python -m orthrus", description="Dual-view decoding.")
    verbs = top.add_subparsers(dest="verb", required=True, parser_class=Parser)

    def verb(run: Callable[[argparse.Namespace], dict[str, Any]], *parents: Parser) -> Parser:
        subparser = verbs.add_parser(run.__name__, parents=list(parents), help=run.__doc__, description=run.__doc__)
        subparser.add_argument("--json", action="store_true", help="one JSON object on standard output, nothing else")
        subparser.set_defaults(run=run)
        return subparser

    model, block, seed, drawn = _model_options(), _block_options(), _seed_option(), _drawing_options()
    verb(generate, model, block, seed, drawn).add_argument("prompt", help="what to answer; - reads standard input")
    tracing = verb(trace, model, block, seed, drawn)
    tracing.add_argument("prompt", help="what to answer; - reads standard input")
    tracing.add_argument("--out", type=Path, required=True, help="file to write, .jsonl.gz")
    tracing.add_argument("--detail", default=1, help="-1, 0 or 1")
    replaying = verb(replay)
    replaying.add_argument("file", type=Path)
    replaying.add_argument("--html", type=Path, help="also write a page that plays this trace offline")
    teaching = verb(lesson)
    teaching.add_argument("name", help="a file of assets/lessons without .json")
    teaching.add_argument("--html", type=Path, required=True, help="file to write")
    teaching.add_argument("--address", default="", help="a page that the class can open: its QR codes lead there")
    evaluating = verb(evaluate, model, block, seed)
    evaluating.add_argument("--domain", default="all")
    evaluating.add_argument("--prompts", default=20)
    evaluating.add_argument(
        "--split", default="test", help="test, names, structures, reworded, outside, valid or train"
    )
    verb(lossless, model, block, seed, drawn).add_argument("--prompts", default=200)
    verb(doctor, model)
    return top


def _model_options() -> Parser:
    options = Parser(add_help=False)
    options.add_argument("--model", help="checkpoint folder or hub id (default: the embedded model)")
    options.add_argument("--device", help="auto, cpu or cuda")
    options.add_argument("--dtype", help="auto, float32, bfloat16 or float16")
    options.add_argument("--threads", help=f"CPU threads at most, 1 to {MOST_THREADS} (default: all cores)")
    options.add_argument("--engine", help="auto, numba (compiled, CPU), triton (GPU) or torch (plain PyTorch)")
    return options


def _block_options() -> Parser:
    options = Parser(add_help=False)
    options.add_argument("--max-new-tokens", default=DecodeConfig().max_new_tokens)
    options.add_argument("--block-size", help="anchor and guesses of a draft (default: the model's)")
    options.add_argument("--draft", default=DecodeConfig().draft, help=f"{', '.join(DRAFTS)}: where drafts come from")
    return options


def _seed_option() -> Parser:
    options = Parser(add_help=False)
    options.add_argument("--seed", default=DecodeConfig().seed)
    return options


def _drawing_options() -> Parser:
    options = Parser(add_help=False)
    options.add_argument("--temperature", default=DecodeConfig().temperature, help="0 is greedy")
    options.add_argument("--top-k", default=DecodeConfig().top_k)
    options.add_argument("--top-p", default=DecodeConfig().top_p)
    options.add_argument(
        "--coupling", default=DecodeConfig().coupling, help="how drafts are judged in sampling: gumbel or rejection"
    )
    return options


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Parsed arguments with numbers converted; a setting that is not given comes from its environment variable.

    Raises OrthrusError, with code `usage` for unknown arguments.
    """
    try:
        args = parser().parse_args(arguments)
    except OrthrusError as error:
        raise OrthrusError(error.code, f"{error}{_hint(arguments)}") from None
    given = vars(args)
    for name in NUMBERS:
        if given.get(name) is not None:
            given[name] = checks.numeral(name, given[name])
    if given.get("threads") is not None:
        args.threads = whole_number("threads", args.threads, 1, MOST_THREADS)
    missing = [name for name in FROM_ENVIRONMENT if given.get(name, "") is None]
    settings = settings_from_environment(names=missing)
    for name in missing:
        setattr(args, name, getattr(settings, name))
    return args


def _hint(arguments: Sequence[str]) -> str:
    """What to write for a prompt that looks like an option."""
    words = [word for word in arguments if word.startswith("-") and not word.startswith("--") and len(word) > 1]
    if not words or arguments[0] not in ("generate", "trace") or "--" in arguments:
        return ""
    return f"; if {checks.say(words[0])} is the prompt, put it last, behind --"


def main(arguments: Sequence[str] | None = None) -> int:
    return run_command(lambda: _main(sys.argv[1:] if arguments is None else arguments), arguments is None)


def _main(arguments: Sequence[str]) -> int:
    args = parsed(arguments)
    result = args.run(args)
    if args.json:
        print(as_json(result))
        return 0
    shown = sys.stderr if args.verb == "generate" else sys.stdout
    for key, value in result.items():
        if not (args.verb == "generate" and key == "text"):
            text = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
            print(printable(f"{key}: {text}"), file=shown)
    return 0
