"""Every code that an error can have stands in docs/api.md, and every code that stands there is raised somewhere."""

from __future__ import annotations

import ast
import pickle
import re
from pathlib import Path

import pytest

from orthrus.config.compatibility import UnsupportedCheckpoint
from orthrus.errors import EngineUnavailable, OrthrusError
from orthrus.server.limits import LimitExceeded
from orthrus.training.snapshots import TrainingStopped

ROOT = Path(__file__).resolve().parents[2]
# What takes a code as its first argument: the exceptions, and the functions that make a web framework's.
RAISED = {"OrthrusError", "LimitExceeded", "NoSuchClass", "NotTheTeacher", "refusal", "failure", "__init__"}
CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


def codes_raised() -> dict[str, str]:
    """code -> the file that raises it."""
    files = [path for folder in ("orthrus", "viz") for path in (ROOT / folder).rglob("*.py")]
    found = {}
    for path in [*files, ROOT / "app.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found |= dict.fromkeys(codes_of(node), path.name)
    return found


def codes_of(call: ast.Call) -> list[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    coded = call.args[:1] if name in RAISED else call.args[2:] if name == "getattr" else []
    constants = [arg.value for arg in coded if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return [code for code in constants if CODE.fullmatch(code) or (name in RAISED and code == "usage")]


def codes_documented() -> set[str]:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").split("## Errors")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE))


def test_the_page_for_programs_lists_every_code():
    raised, documented = codes_raised(), codes_documented()
    assert len(raised) > 40
    assert {code: file for code, file in raised.items() if code not in documented} == {}
    assert documented - raised.keys() == set()


def test_a_code_is_read_off_a_call():
    call = ast.parse('raise OrthrusError("a-b", f"{x}")').body[0].exc
    assert codes_of(call) == ["a-b"] and codes_of(ast.parse('f("a-b")').body[0].value) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OrthrusError("prompt-empty", "the prompt is empty"), "prompt-empty"),
        (LimitExceeded("queue-full", "48 runs are waiting"), "queue-full"),
        (UnsupportedCheckpoint("no"), "checkpoint-unsupported"),
        (EngineUnavailable("no"), "engine-unavailable"),
        (TrainingStopped("no"), "training-stopped"),
    ],
)
def test_every_error_has_a_code_and_survives_another_process(error, code):
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(error, ValueError) and error.code == code
    assert (type(again), again.code, str(again)) == (type(error), code, str(error))
