"""What a terminal gets from the command lines: escaped, whole, one line for an error; how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orthrus import console
from orthrus.cli import main, parsed
from orthrus.trace import Trace
from orthrus.trace.files import save
from tests import synthetic
from tests.refusals import refused
from tests.running import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
LINE = 300  # characters of an ordinary refusal


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("traces") / "run.jsonl.gz"
    save(Trace.of(synthetic.events(tokens=60)), path)
    return path


def command(*arguments: str | bytes | Path, given: bytes = b"", **environ: str) -> subprocess.CompletedProcess[bytes]:
    """`python -m orthrus` with these arguments."""
    surroundings = os.environ | environ
    asked = [sys.executable, "-m", "orthrus", *arguments]
    return subprocess.run(asked, cwd=ROOT, env=surroundings, input=given, capture_output=True, timeout=PATIENCE_S)


def one_line(made: subprocess.CompletedProcess[bytes]) -> str:
    """The sentence of a refusal: nothing else was printed, and the code is 2."""
    assert made.returncode == 2 and made.stdout == b"", made
    line = made.stderr.decode()
    assert line.startswith("error: ") and line.endswith("\n") and line.count("\n") == 1, line
    return line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ordinary\ttext\nof 👩🏽‍🚀 lines", "ordinary\ttext\nof 👩🏽‍🚀 lines"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b2J\x07\r\x00\x7f", "\\x9b2J\\x07\\x0d\\x00\\x7f"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("a\udcff\ud83d", "a\\udcff\\ud83d"),
    ],
)
def test_a_terminal_obeys_nothing_of_a_text(text, shown):
    assert console.printable(text) == shown and console.printable(shown) == shown


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_is_whole_in_any_encoding(encoding, monkeypatch, tmp_path):
    value = {"text": "é 中 👩🏽‍🚀 \x1b[2J \x9b \x7f \u202e \ud83d"}
    with (tmp_path / "out").open("w", encoding=encoding, errors="strict") as out:
        monkeypatch.setattr(sys, "stdout", out)
        print(console.as_json(value), file=out)
        monkeypatch.undo()
    line = (tmp_path / "out").read_bytes()
    assert json.loads(line.decode(encoding)) == value
    assert not set(line) & {0x1B, 0x7F} and b"\xc2\x9b" not in line


def test_a_console_without_a_character_gets_its_number(recorded):
    made = command("replay", recorded, "--json", PYTHONIOENCODING="ascii")
    assert made.returncode == 0 and made.stderr == b""
    assert json.loads(made.stdout)["text"] == json.loads(command("replay", recorded, "--json").stdout)["text"]
    plain = command("replay", recorded, PYTHONIOENCODING="ascii")
    assert plain.returncode == 0 and plain.stdout.isascii() and plain.stdout.count(b"\n") > 10


def test_a_closed_pipe_ends_quietly(recorded):
    asked = [sys.executable, "-m", "orthrus", "replay", str(recorded), "--json"]
    process = subprocess.Popen(asked, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(PATIENCE_S) == console.CLOSED_PIPE


def test_ctrl_c_is_one_line_and_code_130(tmp_path):
    """The command waits for its prompt, so that it is met at work and not while it starts or ends."""
    asked = [sys.executable, "-X", "importtime", "-m", "orthrus", "generate", "-"]
    process = subprocess.Popen(asked, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for line in process.stderr:
        if b"orthrus.config.messages" in line:  # the last module it needs before it reads
            break
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    said = [line for line in process.stderr.read().splitlines() if not line.startswith(b"import time:")]
    assert process.wait(PATIENCE_S) == 130 and said == [b"stopped"]


def test_ctrl_c_in_the_midst_of_a_run(monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("orthrus.cli._model", interrupted)
    assert main(["generate", "Hello"]) == 130
    assert capsys.readouterr() == ("", "stopped\n")


def test_bytes_that_are_no_text_are_refused():
    assert "UTF-8" in one_line(command("generate", b"\xff"))
    assert "line 2 is not UTF-8" in one_line(command("generate", "-", given=b"ok\n\xff\n"))


def test_an_error_s_line_obeys_nothing_either():
    line = one_line(command("generate", "x", "--coupling", "\x1b[31m\n"))
    assert "\x1b" not in line


def test_standard_input_is_the_prompt(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr("orthrus.cli._model", lambda args: "model")
    monkeypatch.setattr("orthrus.decoding.engine.decode", lambda lm, prompt, config: seen.append(prompt) or [])
    monkeypatch.setattr("orthrus.cli.standard_input", lambda: "Say \nhello")
    with pytest.raises(AttributeError):  # no event, so no end of a run to tell of
        main(["generate", "-"])
    assert seen == ["Say \nhello"]


UNHEEDED = [
    ("evaluate", "--temperature", "0.8"),
    ("evaluate", "--coupling", "gumbel"),
    ("replay", "x", "--model", "y"),
    ("replay", "x", "--threads", "1"),
    ("doctor", "--seed", "1"),
    ("doctor", "--max-new-tokens", "8"),
    ("lossless", "--domain", "math"),
    ("generate", "x", "--prompts", "3"),
]


@pytest.mark.parametrize("arguments", UNHEEDED, ids=" ".join)
def test_a_verb_refuses_options_it_does_not_heed(arguments):
    with refused("usage", arguments[-2]):
        parsed(arguments)


BOUNDS = [
    (("generate", "x", "--threads", "-1"), "out-of-range", "256"),
    (("generate", "x", "--threads", "0"), "out-of-range", "256"),
    (("generate", "x", "--threads", "99999999"), "out-of-range", "256"),
    (("doctor", "--threads", "x"), "out-of-range", "'x'"),
    (("generate", "x", "--seed", "x"), "wrong-type", "seed"),
    (("evaluate", "--prompts", "many"), "wrong-type", "prompts"),
    (("frobnicate",), "usage", "frobnicate"),
    ((), "usage", "verb"),
    (("trace", "x"), "usage", "--out"),
]


@pytest.mark.parametrize(("arguments", "code", "named"), BOUNDS, ids=range(len(BOUNDS)))
def test_options_have_bounds(arguments, code, named):
    with refused(code, named):
        parsed(arguments)


@pytest.mark.parametrize("prompt", ["-3x+5=20", "-x=5", "-7"])
def test_a_prompt_like_an_option_gets_a_hint(prompt):
    assert parsed(["generate", "--", prompt]).prompt == prompt
    if prompt != "-7":  # a negative number is no option for the parser
        with refused("usage", f"{prompt!r}", "--"):
            parsed(["generate", prompt])


@pytest.mark.parametrize("arguments", [("--help",), ("doctor", "--help"), ("replay", "--help")], ids=" ".join)
def test_help_looks_at_no_variable(arguments):
    made = command(*arguments, GRADIO_SERVER_PORT="abc", ORTHRUS_THREADS="x")
    assert made.returncode == 0 and made.stdout.startswith(b"usage:") and made.stderr == b""


def test_a_bad_variable_stops_the_verbs_that_heed_it(recorded):
    assert command("replay", recorded, GRADIO_SERVER_PORT="abc", ORTHRUS_THREADS="x").returncode == 0
    assert "ORTHRUS_THREADS" in one_line(command("doctor", ORTHRUS_THREADS="x"))


@pytest.fixture
def no_model(monkeypatch):
    """Work before the check would be seen."""

    def loaded(*_):
        raise AssertionError("the model was loaded first")

    monkeypatch.setattr("orthrus.checkpoints.loading.load_model", loaded)


EARLY = [
    (("trace", "x", "--out", "/nonexistent/x.jsonl.gz"), "'/nonexistent'"),
    (("trace", "x", "--out", "."), "folder"),
    (("trace", " ", "--out", "x.jsonl.gz"), "prompt"),
    (("generate", "x", "--device", "cpu:x"), "'cpu:x'"),
    (("generate", "x", "--device", "cuda:-1"), "'cuda:-1'"),
    (("generate", "x", "--dtype", "int4"), "'int4'"),
    (("generate", "x", "--engine", "quick"), "'quick'"),
    (("generate", "x", "--temperature", "-1"), "-1"),
    (("evaluate", "--prompts", "0"), "0"),
    (("evaluate", "--split", "all"), "'all'"),
    (("evaluate", "--domain", "poetry"), "'poetry'"),
    (("lossless", "--prompts", "0"), "0"),
    (("lossless", "--temperature", "1", "--coupling", "rejection"), "rejection"),
    (("replay", "x.jsonl.gz", "--html", "/nonexistent/x.html"), "'/nonexistent'"),
]


@pytest.mark.parametrize(("arguments", "named"), EARLY, ids=range(len(EARLY)))
def test_what_is_wrong_is_found_before_any_work(no_model, capsys, arguments, named):
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and named in err and len(err) < LINE


def test_training_s_command_line_ends_in_one_line_too(tmp_path, capsys):
    from orthrus.training.__main__ import main as train

    bad = (["nothing"], ["ar", "--ar-steps", "-1"], ["ar", "--ar-lr", "nan"], ["adopt"], ["plan", "--base"])
    for arguments in bad:
        assert train([*arguments, "--out", str(tmp_path)] if arguments[-1] != "--base" else arguments) == 2
        assert capsys.readouterr().err.count("\n") == 1
