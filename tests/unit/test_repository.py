"""The files around the code agree with each other, and say nothing about the machine they were written on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it along where Python has no tomllib

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 32 * 2**20
FOREIGN = {
    "a package registry's address": r"(?:pypi|npmjs|crates)\.(?:org|io|com)|pythonhosted\.|download\.pytorch",
    "a path of somebody's machine": r"(?<![\w.$~-])/(?:work|root|opt|mnt|Users|home/\w+)/\w",
    "a note to somebody who was there": r"\b(?:session|issue|ticket|task) (?:#\d|\d|No\. ?\d)|\bPR ?#\d|\(#\d+\)",
}


@lru_cache
def tracked() -> tuple[Path, ...]:
    """What git tracks, or would on the next `git add`; in a copy without git, all but caches and environments."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
        found = [ROOT / name for name in names if name]
    except (OSError, subprocess.CalledProcessError):
        skipped = ("__pycache__", ".git", ".venv", "node_modules", "runs", "build", "dist")
        found = [
            path
            for path in ROOT.rglob("*")
            if not any(p in skipped or p.endswith(("_cache", ".egg-info", ".hypothesis")) for p in path.parts)
        ]
    return tuple(path for path in found if path.is_file())


def requirements(name: str) -> set[str]:
    lines = (line.split(" #")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return {normal(line) for line in lines if line and not line.startswith(("#", "-r"))}


def normal(requirement: str) -> str:
    return re.sub(r"\s+", "", requirement).replace('"', "'").lower()


@lru_cache
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def front_matter() -> dict[str, str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.startswith("---\n"), "a Space reads the README's front matter from its first line on"
    lines = text.split("---\n")[1].splitlines()
    return {key: value.strip().strip('"') for key, _, value in (line.partition(":") for line in lines) if value.strip()}


def foreign(text: str) -> list[str]:
    """What a text says that nobody else can understand."""
    return [f"{what}: {m[0]}" for what, pattern in FOREIGN.items() for m in re.finditer(pattern, text)]


def test_a_space_and_a_package_install_the_same():
    extras = project()["project"]["optional-dependencies"]
    package = {normal(r) for r in [*project()["project"]["dependencies"], *extras["demo"]]}
    assert requirements("requirements.txt") == package
    assert requirements("requirements-dev.txt") == {normal(r) for r in extras["dev"]}
    assert requirements("requirements-bench.txt") == {normal(r) for r in extras["bench"]}
    assert "-r requirements.txt" in (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()


def test_the_front_matter_agrees_with_the_requirements():
    head = front_matter()
    assert head["sdk_version"] in wanted("gradio") and (ROOT / head["thumbnail"]).is_file()
    assert head["sdk"] == "gradio" and (ROOT / head["app_file"]).is_file()
    assert head["license"] == project()["project"]["license"].lower() == "apache-2.0"
    base = rf"^ARG BASE=python:{re.escape(head['python_version'])}\.\d+-slim-"
    assert re.search(base, (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(head["short_description"]) <= 60, "a Space refuses a longer one"


def wanted(name: str) -> SpecifierSet:
    """The versions of a package that requirements.txt takes."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return next(each.specifier for each in found if each.name == name)


@pytest.mark.parametrize(
    ("name", "installed"),
    [
        *(("torch", "2.10.0+cu128"), ("torch", "2.11.0+cu128"), ("gradio", "6.31.0"), ("gradio", "6.40.1")),
        *(("huggingface-hub", "1.20.0"), ("huggingface-hub", "2.4.0")),
    ],
)
def test_what_a_space_brings_along_stays(name, installed):
    assert installed in wanted(name)


def test_a_space_downloads_nothing_that_its_hardware_does_not_load():
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    head = front_matter()
    assert head["suggested_hardware"] == "cpu-basic" and "preload_from_hub" not in text
    assert "  - mcp-server" in text.splitlines() and re.fullmatch(r"\d+[mh]", head["startup_duration_timeout"])
    assert head["python_version"] in ("3.10", "3.12"), "those that ZeroGPU has"


def test_the_license_is_whole():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.lstrip().startswith("Apache License") and "END OF TERMS AND CONDITIONS" in text


def test_versions_agree():
    import orthrus

    assert project()["project"]["version"] == orthrus.__version__


def test_the_check_script_runs_and_runs_what_the_readme_names():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n") and "set -euo pipefail" in text
    table = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Test lanes")[1]
    for lane in re.findall(r"`(?:\w+=1 )?python (-m pytest[^`]*)`", table):
        command = rf'"\$python" {re.escape(lane)}( --reruns 1)?$'
        assert lane.endswith("-m gpu") or re.search(command, text, re.MULTILINE), lane


def ci_steps() -> set[str]:
    return set(re.findall(r"^run_(\w+)\(\)", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE))


def test_every_step_of_the_check_script_has_a_name():
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    listed = re.search(r"^steps=\((.+)\)$", text, re.MULTILINE)[1].split()
    assert {*listed, "gpu"} == ci_steps() and "gpu" not in listed, "a GPU is asked for by name only"


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program on Windows")
def test_a_step_that_does_not_exist_is_refused():
    done = subprocess.run([str(ROOT / ".ci" / "run"), "lnit"], capture_output=True, text=True)
    assert done.returncode == 2 and "there is no step 'lnit'" in done.stderr and "lint types" in done.stderr


def workflow_commands() -> dict[str, list[str]]:
    """name of the file -> every line its jobs run."""
    found = {}
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
        found[path.name] = [line for run in runs for line in run.splitlines()]
    return found


def test_workflows_run_steps_of_the_check_script_and_nothing_else():
    commands = workflow_commands()
    assert commands.keys() == {"ci.yml", "gpu.yml"}
    asked = {name: [line.split() for line in lines] for name, lines in commands.items()}
    assert all(words[0] == ".ci/run" and words[1:] for lines in asked.values() for words in lines)
    named = {step for lines in asked.values() for words in lines for step in words[1:]}
    assert named == ci_steps()
    assert asked["gpu.yml"] == [[".ci/run", "gpu"]]


def test_workflows_use_actions_of_one_major_version():
    uses = [
        line.split("uses:")[1].strip()
        for path in (ROOT / ".github" / "workflows").glob("*.yml")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert uses and all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", each) for each in uses)


def test_hooks_before_a_commit_are_tools_of_the_requirements():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    assert [hook["entry"].split()[0] for hook in hooks[0]["hooks"]] == ["ruff", "ruff", "lint-imports"]


def test_every_verb_runs_a_file_that_exists():
    for name, task in project()["tool"]["poe"]["tasks"].items():
        words = task["cmd"].split()
        files = [word for word in words if word.endswith(".py") or word.startswith(".ci/")]
        assert all((ROOT / file).is_file() for file in files) and task["help"], name


def test_no_file_is_too_large_for_an_ordinary_repository():
    assert [p.relative_to(ROOT).as_posix() for p in tracked() if p.stat().st_size > LARGEST] == []


def test_no_text_speaks_of_the_place_it_was_written_in():
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # weights and pictures
        found += [f"{path.relative_to(ROOT).as_posix()}: {what}" for what in foreign(text)]
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "see https://files.python" + "hosted.org/x",
        "cp /" + "work/main/x .",
        "as agreed in session" + " 12",
        "closes issue" + " #3",
    ],
)
def test_a_text_that_does_is_found(text):
    assert len(foreign(text)) == 1


@pytest.mark.parametrize("text", ["the task 'copy'", "one session per visitor", "tests/work/x", "$HOME/work/x"])
def test_ordinary_words_are_left_alone(text):
    assert foreign(text) == []


HOOKS = ("build_wheel", "build_sdist", "build_editable")


@pytest.mark.parametrize("hook", [*HOOKS, *(f"get_requires_for_{hook}" for hook in HOOKS)])
def test_no_package_can_be_built_and_the_reason_is_said(hook):
    """A wheel would put a top-level `kernels` beside the hub's own; the model lies outside of any package."""
    named = project()["build-system"]
    assert named["requires"] == [] and named["backend-path"] == [".ci"]
    script = f"import sys; sys.path[:0] = ['.ci']; import {named['build-backend']} as b; b.{hook}('x')"
    made = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 1 and "pip install -r requirements.txt" in made.stderr
    assert "Traceback" not in made.stderr


def test_ci_fetches_what_the_tests_of_the_published_tokenizer_need():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "-m tests.qwen3" in script and "ORTHRUS_QWEN3_TOKENIZER" in script
