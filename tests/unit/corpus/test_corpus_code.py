"""The code domain: every answer is in the house style, its example calls are true, and it is short enough."""

from __future__ import annotations

import ast
import contextlib
import io
import random
import re

from orthrus.corpus import code_domain, domain_module, grade
from orthrus.corpus.code_fixed import FIXED

GUARD = '\n\n\nif __name__ == "__main__":\n    '


def samples(count: int, seed: str = "test") -> list:
    module = domain_module("code")
    return [module.sample(random.Random(f"{seed}/{index}")) for index in range(count)]


def test_the_comments_are_what_the_main_guard_prints():
    """Runs the corpus's own code only; a model's text is parsed and never run."""
    for answer in {example.answer for example in samples(1000)} | {one.code for one in FIXED}:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(answer, "example", "exec"), {"__name__": "__main__"})
        comments = [line.split("  # ", 1)[1] for line in answer.splitlines() if "  # " in line]
        assert printed.getvalue().splitlines() == comments, answer


def test_house_style_has_type_hints_a_docstring_and_a_main_guard():
    for example in samples(1000):
        assert example.answer.count(GUARD) == 1
        for node in ast.walk(tree := ast.parse(example.answer)):
            if isinstance(node, ast.FunctionDef):
                assert node.returns is not None, example.answer
                assert all(one.annotation for one in node.args.args if one.arg != "self"), example.answer
        assert ast.get_docstring(tree.body[0]).endswith("."), example.answer
        assert max(map(len, example.answer.splitlines())) <= 100, example.answer


def test_an_own_name_is_rare_and_is_used():
    found = samples(2000)
    named = [e for e in found if (asked := re.search(r" (?:called|named) ([a-z]\w*)", e.prompt)) and asked[1]]
    assert 0.05 < len(named) / len(found) < 0.15
    for example in named:
        name = re.search(r" (?:called|named) ([a-z]\w*)", example.prompt)[1]
        assert example.answer.startswith(f"def {name}(") and f"print({name}(" in example.answer


def test_the_same_task_has_the_same_answer_in_every_wording():
    answers: dict[str, set[str]] = {}
    for example in samples(3000):
        if not re.search(r" (?:called|named) ", example.prompt):
            answers.setdefault(example.answer.split("\n")[0], set()).add(example.answer)
    parts = {one.name for one in FIXED}
    assert all(len(found) == 1 for head, found in answers.items() if head[4:].split("(")[0] in parts)


def test_grade_sees_every_comment():
    for example in samples(100):
        for spot in re.finditer(r"# .*", example.answer):
            assert not grade(example, f"{example.answer[: spot.start()]}# wrong{example.answer[spot.end() :]}")


def test_presets_are_unchanged_requests():
    assert all(preset.startswith("Write a Python ") for preset in code_domain.PRESETS)
