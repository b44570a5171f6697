"""How the default lane is spread over processes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import conftest

TESTPATHS, ARGS = pytest.Config.ArgsSource.TESTPATHS, pytest.Config.ArgsSource.ARGS


def processes(monkeypatch, source=TESTPATHS, xdist=True, cores=2, worker=False, **asked) -> tuple[int | None, str]:
    """(numprocesses, dist) after the hook."""
    given = {"numprocesses": None, "dist": "no", "usepdb": False, "collectonly": False, "markexpr": "not ui"}
    config = SimpleNamespace(option=SimpleNamespace(**given | asked), args_source=source)
    config.pluginmanager = SimpleNamespace(hasplugin=lambda name: xdist and name == "xdist")
    monkeypatch.setattr(conftest.os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    if worker:
        monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    conftest.pytest_cmdline_main(config)
    return config.option.numprocesses, config.option.dist


def test_the_default_lane_takes_the_cores_a_file_at_a_time(monkeypatch):
    assert processes(monkeypatch) == (2, "loadfile")
    assert processes(monkeypatch, cores=64) == (conftest.MOST_PROCESSES, "loadfile")


@pytest.mark.parametrize(
    "asked",
    [
        {"source": ARGS},
        {"xdist": False},
        {"cores": 1},
        {"worker": True},
        {"numprocesses": 0},
        {"usepdb": True},
        {"collectonly": True},
        {"markexpr": "ui"},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_whatever_else_is_asked_for_is_left_alone(monkeypatch, asked):
    found, dist = processes(monkeypatch, **asked)
    assert found == asked.get("numprocesses") and dist == "no"
