"""The command line: one JSON object on standard output, a sentence and exit code 2 for bad input."""

from __future__ import annotations

import json

import pytest
import torch

from orthrus.checkpoints.folder import save_checkpoint
from orthrus.cli import main
from orthrus.console import printable
from orthrus.model.dual_view import Orthrus
from orthrus.trace.files import load
from tests.tiny import byte_tokenizer, random_weights, tiny_config


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint of random weights with room for the corpus's prompts in bytes."""
    where = tmp_path_factory.mktemp("model")
    save_checkpoint(random_weights(Orthrus(tiny_config(max_position_embeddings=2048))), where, torch.float32)
    byte_tokenizer().save_pretrained(where)
    return str(where)


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_generate_prints_the_text_alone_or_one_object(capsys, folder):
    common = ("--model", folder, "--dtype", "float32", "--max-new-tokens", "12")
    code, text, notes = run(capsys, "generate", "Hello", *common)
    assert code == 0 and "tpf:" in notes
    code, out, notes = run(capsys, "generate", "Hello", *common, "--json")
    answer = json.loads(out)
    assert text == printable(answer["text"]) + "\n" and answer["tokens"] == 12 and answer["stop"] == "length"
    assert "acceptance_length" in answer and "tokens_per_s" in answer


def test_trace_then_replay(capsys, folder, tmp_path):
    file = tmp_path / "run.jsonl.gz"
    common = ("--model", folder, "--dtype", "float32", "--max-new-tokens", "12", "--json")
    code, out, _ = run(capsys, "trace", "Hello", "--out", file, *common)
    made = json.loads(out)
    assert code == 0 and made["lossless"] == "identical"
    assert load(file).start.source == "recorded" and load(file).start.params.detail == 1
    code, out, _ = run(capsys, "replay", file, "--json")
    again = json.loads(out)
    assert code == 0 and again["text"] == made["text"] and again["violations"] == []


def test_evaluate_has_its_keys(capsys, folder):
    arguments = ("--domain", "math", "--prompts", "2", "--model", folder, "--dtype", "float32", "--max-new-tokens", "9")
    code, out, _ = run(capsys, "evaluate", *arguments, "--json")
    figures = json.loads(out)
    wanted = "domain prompts seed dtype acceptance_length tokens_per_cycle tpf exact ar_identical ar_tokens_per_s"
    assert code == 0 and {*wanted.split(), "orthrus_tokens_per_s", "speedup"} <= figures.keys()
    assert figures["prompts"] == figures["ar_identical"] == 2


def test_evaluate_asks_what_was_written_by_hand(capsys, folder):
    arguments = ("--domain", "all", "--model", folder, "--dtype", "float32", "--max-new-tokens", "4", "--json")
    code, out, _ = run(capsys, "evaluate", "--split", "outside", "--prompts", "60", *arguments)
    figures = json.loads(out)
    assert code == 0 and list(figures["domains"]) == ["chat"] and figures["prompts"] == 60
    assert figures["exact"] == figures["refused"] == 0  # four tokens are no honest sentence


def test_doctor_names_versions_and_device(capsys, folder):
    code, out, _ = run(capsys, "doctor", "--model", folder, "--json")
    report = json.loads(out)
    release = torch.__version__.partition("+")[0]  # PyPI's wheels leave out in their metadata what they were built for
    assert code == 0 and report["packages"]["torch"].partition("+")[0] == release and report["device"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("generate", " "), "the prompt is empty"),
        (("generate", "x" * 3000), "the model's context holds 2048"),
        (("generate", "x", "--max-new-tokens", "0"), "max new tokens is 0, it must be 1 or more"),
        (("generate", "x", "--max-new-tokens", "9999"), "max new tokens is 9999, the model's context is 2048"),
        (("generate", "x", "--dtype", "int4"), "dtype 'int4' is not one of"),
        (("generate", "x", "--device", "abacus"), "device 'abacus' is not one of auto, cpu, cuda"),
        (("evaluate", "--domain", "poetry"), "unknown domain 'poetry'; known: math"),
        (("evaluate", "--prompts", "0"), "prompts is 0, it must be 1 or more"),
        (("evaluate", "--domain", "math", "--split", "all"), "unknown split 'all'"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_code_2(capsys, folder, arguments, sentence):
    code, out, err = run(capsys, *arguments, "--model", folder, "--json")
    assert code == 2 and out == "" and sentence in err and "Traceback" not in err


def test_bad_files_are_sentences_too(capsys, folder, tmp_path):
    code, _, err = run(capsys, "generate", "x", "--model", tmp_path / "none")
    assert code == 2 and "is not a model folder" in err
    bad = tmp_path / "bad.jsonl.gz"
    bad.write_bytes(b"no trace at all")
    code, _, err = run(capsys, "replay", bad)
    assert code == 2 and "bad.jsonl.gz" in err and "Traceback" not in err
    code, _, err = run(capsys, "replay", tmp_path / "missing.jsonl.gz")
    assert code == 2 and "missing.jsonl.gz" in err
