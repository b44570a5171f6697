"""The embedded model and the recorded gallery: what is shipped is what is claimed."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from orthrus.config import EMBEDDED_MODEL, DecodeConfig
from orthrus.corpus import DOMAINS, generate
from orthrus.decoding.engine import decode, run_both
from orthrus.evaluation.domains import dialogue, evaluate
from orthrus.events import Params
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, load
from orthrus.trace.invariants import check
from orthrus.trace.metrics import measure

TRACES = sorted((EMBEDDED_MODEL.parent / "traces").glob(f"*{SUFFIX}"))


def test_folder_is_small_and_complete():
    files = {path.name: path.stat().st_size for path in EMBEDDED_MODEL.iterdir()}
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "README.md"} <= files.keys()
    assert sum(files.values()) <= 32e6


def test_weights_are_finite_and_the_views_differ():
    tensors = load_file(EMBEDDED_MODEL / "model.safetensors")
    assert all(torch.isfinite(t.float()).all() for t in tensors.values())
    twins = [n for n in tensors if "_proj_diff" in n]
    assert twins and not any(torch.equal(tensors[n], tensors[n.replace("_diff", "")]) for n in twins)


def test_tokenizer_reads_digits_one_by_one(mini):
    ids = mini.tokenizer.encode("1024 + 7", add_special_tokens=False)
    assert [mini.tokenizer.decode([i]) for i in ids] == ["1", "0", "2", "4", " +", " ", "7"]
    mask = mini.tokenizer.convert_ids_to_tokens(mini.config.mask_token_id)
    assert mask == "<|mask|>" and len(mini.tokenizer) == mini.config.vocab_size
    for text in ("naïve € 你好 🙂\n\tdef f(x):", "  two  blanks "):
        assert mini.tokenizer.decode(mini.tokenizer.encode(text, add_special_tokens=False)) == text


@pytest.mark.parametrize("domain", DOMAINS)
def test_orthrus_equals_ar_on_held_out_prompts(mini, domain):
    for example in islice(generate(domain, 7, "test"), 4):
        trace = Trace.of(run_both(mini, dialogue(example), DecodeConfig(max_new_tokens=200)))
        assert check(trace) == []
        assert trace.lossless.verdict == "identical", example.prompt


def test_math_is_mostly_right_and_drafts_are_accepted(mini):
    """Far below the model card's figures: this catches a broken export, not a bad day."""
    figures = evaluate(mini, "math", 12, 3, DecodeConfig(detail=-1))
    assert figures["exact"] >= 6 and figures["acceptance_length"] >= 3
    assert figures["ar_identical"] == 12


def test_gallery_spans_the_domains():
    assert len(TRACES) >= 8
    lengths = [measure(load(path)).acceptance_length for path in TRACES]
    assert max(lengths) > 2 * min(lengths)  # easy and hard text both there


def settings_of(params: Params) -> DecodeConfig:
    """What a recorded run was decoded with; a greedy one says no more than its length."""
    config = DecodeConfig(max_new_tokens=params.max_new_tokens)
    if params.mode == "greedy":
        return config
    rule = {"top_k": params.top_k, "top_p": params.top_p, "seed": params.seed, "coupling": params.coupling}
    return replace(config, temperature=params.temperature, **rule)


@pytest.mark.machine
@pytest.mark.parametrize("path", TRACES, ids=lambda p: p.name.removesuffix(SUFFIX))
def test_recorded_traces_hold_and_decode_again_to_the_same_ids(mini, path: Path):
    trace = load(path)
    assert check(trace) == []
    start = trace.start
    assert start.source == "recorded" and start.recorded_at and start.host.device
    assert start.model.revision == mini.revision
    messages = [{"role": m.role, "content": m.content} for m in start.prompt.messages]
    again = Trace.of(decode(mini, messages, settings_of(start.params)))
    assert tuple(again.token_ids) == tuple(trace.token_ids)
    assert tuple(again.start.prompt.ids) == tuple(start.prompt.ids)
