"""Reports of a finished training run: evaluation on its validation prompts, model card, upload to the hub."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from orthrus.checkpoints.folder import read_config
from orthrus.checkpoints.hub import PATTERNS
from orthrus.checkpoints.loading import load_model
from orthrus.checkpoints.safetensors_io import read_json
from orthrus.config import DecodeConfig
from orthrus.decoding.engine import run_both
from orthrus.decoding.run_info import describe_host
from orthrus.errors import OrthrusError
from orthrus.evaluation.totals import RunTotals
from orthrus.trace import Trace
from orthrus.training.snapshots import TrainingStopped


def evaluate_run(
    out: Path, device: str, dtype: str, prompts: int, max_new: int, note: Callable[[str], None]
) -> dict[str, Any]:
    """Evaluate both lanes on the first `prompts` validation prompts; writes evaluation.json and returns its record."""
    lm = load_model(out / "checkpoint", device, dtype)
    asking = (out / "answers" / "valid.jsonl").read_text(encoding="utf-8").splitlines()[:prompts]
    config = DecodeConfig(max_new_tokens=min(max_new, lm.config.max_position_embeddings // 2), detail=-1)
    totals = RunTotals()
    for line in asking:
        trace = Trace.of(run_both(lm, json.loads(line)["messages"], config))
        totals.add(trace)
        note(
            f"[evaluate] {totals.prompts} of {len(asking)}: {len(trace.tokens)} tokens in {len(trace.verdicts)} cycles"
        )
    host = describe_host(lm.model.device.type, lm.model.threads)
    counts = ("prompts", "tokens", "passes", "cycles", "accepted", "identical")
    figures = {name: getattr(totals, name) for name in counts} | {
        "acceptance_length": totals.acceptance_length,
        "tpf": totals.tpf,
        "speedup": totals.speedup,
        "max_new_tokens": config.max_new_tokens,
        "block_size": lm.config.block_size,
        "dtype": str(lm.model.dtype).removeprefix("torch."),
        "engine": lm.engine,
        "device": host.device,
        "date": date.today().isoformat(),
        "checkpoint": lm.revision,
    }
    (out / "evaluation.json").write_text(json.dumps(figures, indent=2) + "\n")
    return figures


def write_card(out: Path, license_name: str) -> Path:
    """README.md of the run's checkpoint, from run.json, the answers, the training's last record and evaluation.json."""
    run, answers = read_json(out / "run.json"), read_json(out / "answers" / "about.json")
    c = read_config(out / "checkpoint")
    if not (out / "evaluation.json").exists():
        raise OrthrusError("stage-missing", f"{out} has no figures yet: run `evaluate` first")
    figures = read_json(out / "evaluation.json")
    metrics = (out / "diffusion" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    last = [record for line in metrics if "valid_kl" in (record := json.loads(line))][-1]
    front = ["---", f"license: {license_name}", "pipeline_tag: text-generation"]
    front += [f"base_model: {run['id']}"] if run["id"].count("/") == 1 else []
    front += ["tags: [orthrus, speculative-decoding, dual-view, qwen3]", "---"]
    shape = (
        f"{c.num_hidden_layers} layers, {c.hidden_size} wide, {c.num_attention_heads} heads over "
        f"{c.num_key_value_heads} key-value heads of {c.head_dim}, vocabulary {c.vocab_size}, block {c.block_size}, "
        f"mask token {c.mask_token_id}"
    )
    body = [
        f"# A diffusion view for {run['id']}",
        "",
        f"The AR view is {run['id']} (revision {run['revision']}), every tensor bit for bit. A second attention in",
        "every layer, trained by forward KL from the AR view on its own greedy answers, drafts blocks that the AR view",
        "verifies.",
        "",
        shape + ".",
        "",
        "## Training",
        "",
        f"- answers of at most {answers['max_new']} tokens, prompts {answers['prompts']}, seed {answers['seed']}",
        f"- {last['step']} steps; KL on held-out answers {last['valid_kl']:.4g} nats",
        "",
        "## Figures",
        "",
        f"Greedy, {figures['dtype']}, engine {figures['engine']}, on {figures['prompts']} prompts of the run's",
        f"validation split, at most {figures['max_new_tokens']} new tokens, {figures['device']}, {figures['date']}.",
        "",
        "| acceptance length | TPF | speed against AR here | AR-identical | prompts |",
        "|--|--|--|--|--|",
        f"| {figures['acceptance_length']} | {figures['tpf']} | {figures['speedup']} | {figures['identical']} | "
        f"{figures['prompts']} |",
    ]
    path = out / "checkpoint" / "README.md"
    path.write_text("\n".join([*front, *body]) + "\n", encoding="utf-8")
    return path


def upload(folder: Path, repo: str, public: bool) -> str:
    """Upload a checkpoint to the hub; returns its URL. Only files of the published format are sent.

    Raises TrainingStopped, in one sentence, if the hub refuses or cannot be reached.
    """
    if not (folder / "README.md").is_file():
        raise OrthrusError("stage-missing", f"{folder} has no model card yet: run `card` first")
    from huggingface_hub import HfApi, errors

    try:
        api = HfApi()
        api.create_repo(repo, private=not public, exist_ok=True)
        sent = api.upload_folder(repo_id=repo, folder_path=folder, allow_patterns=[*PATTERNS, "README.md"])
    except (errors.HfHubHTTPError, errors.HFValidationError, OSError) as error:
        raise TrainingStopped(f"the hub did not take {repo}: {error}") from error
    return str(sent)
