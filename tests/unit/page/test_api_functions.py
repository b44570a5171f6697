"""The endpoints without a server: what they give, what they refuse, and the functions a web framework is handed."""

from __future__ import annotations

import inspect
import re
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from orthrus.events import EVENTS, from_json
from orthrus.server.limits import Limits
from orthrus.server.run_manager import RunManager
from orthrus.trace import Trace
from orthrus.trace.files import SUFFIX, save
from tests import synthetic
from tests.backend import Backend
from tests.refusals import refused
from viz.language import current, say, speaking
from viz.page.api import Endpoints, Visitor
from viz.page.endpoint import endpoint
from viz.page.recordings import recording

ME = Visitor("me", "10.0.0.1")


def decode(model, request, cancel):
    lanes = ("orthrus", "ar") if request.both else ("orthrus",)
    for event in synthetic.events(tokens=request.config.max_new_tokens, lanes=lanes):
        if cancel.is_set():
            return
        yield event
        if request.prompt == "slowly":
            time.sleep(0.02)


@pytest.fixture
def programs(tmp_path):
    manager = RunManager(Backend(decode), limits=Limits(new_tokens=500))
    manager.open()
    trace = Trace.of(synthetic.events(tokens=60))
    path = tmp_path / f"01-easy-text{SUFFIX}"
    save(trace, path)
    answer = lambda *given: {"given": given}  # noqa: E731
    made = Endpoints(manager, answer, answer, {"01-easy-text": (recording("01-easy-text", trace), path)})
    made.manager, made.trace = manager, trace
    return made


def test_the_events_are_those_of_the_run(programs):
    items = list(programs.decode_events(ME, "Hello", 40))
    trace = Trace.of(from_json(item) for item in items)
    assert trace.done.n_tokens == 40 and trace.lossless is None
    both = Trace.of(from_json(item) for item in programs.decode_events(ME, "Hello", 40, compare=True))
    assert both.lossless.verdict == "identical"


def test_who_waits_is_told_the_place_as_an_object(programs):
    first = programs.decode_events(Visitor("other", ""), "slowly", 400)
    next(first)
    waits = programs.decode_events(ME, "Hello", 12)
    assert next(waits) == {"type": "waiting", "number": 1, "seconds": None, "words": "You are next in line."}
    first.close()
    assert [item for item in waits if item["type"] in EVENTS][-1]["type"] == "done"


def test_a_closed_stream_frees_the_device(programs):
    stream = programs.decode_events(ME, "slowly", 400)
    next(stream)
    stream.close()
    assert programs.manager.queue.idle(10)


def test_a_check_is_a_summary(programs):
    found = programs.lossless_check(ME, "Hello", 40)
    assert found["verdict"] == "identical" and found["tokens"] == found["tokens_identical"] == 40
    assert found["text"] and found["passes"] and found["mode"] == "fast"


def test_a_check_that_takes_too_long_says_so(programs, monkeypatch):
    monkeypatch.setattr(programs.manager, "limits", Limits(run_seconds=1))
    with refused("run-ended"):
        programs.lossless_check(ME, "slowly", 500)


def test_a_block_is_handed_to_the_model_after_its_checks(programs):
    given = programs.verify_block(ME, "Hello", "a b", "c", "torch")
    assert given == {"given": ("model", "Hello", "c", "a b", "torch")}
    with refused("prompt-too-long"):
        programs.verify_block(ME, "Hello", "x" * 4001)
    with refused("unknown-choice"):
        programs.verify_block(ME, "Hello", "x", "", "quick")


def test_ids_are_handed_to_the_model_which_checks_them(programs):
    given = programs.attention_shares(ME, [1, 2], 1, [3], 0)
    assert given == {"given": ("model", [1, 2], 1, [3], 0)}


def test_a_block_needs_no_new_tokens_of_the_limit(programs, monkeypatch):
    monkeypatch.setattr(programs.manager, "limits", Limits(new_tokens=5))
    assert programs.verify_block(ME, "Hello", "c")["given"][1:4] == ("Hello", "", "c")


def test_the_gallery_waits_for_nobody():
    manager = RunManager(Backend(decode, threading.Event().wait))  # no model will ever be there
    assert Endpoints(manager, None, None, {}).list_recordings() == []


def test_a_cycle_is_explained_as_the_trace_has_it(programs):
    (card,) = programs.list_recordings()
    for number, cycle in enumerate(programs.trace.cycles):
        found = programs.explain_cycle(card["name"], number)
        assert tuple(slot["status"] for slot in found["slots"]) == cycle.statuses()
        assert (found["accepted"], found["committed"]) == (cycle.accepted, cycle.verdict.n_commit)
        assert set(found["says"]) == {"draft", "verify", "commit"}
    with refused("out-of-range"):
        programs.explain_cycle(card["name"], number + 1)
    with refused("unknown-recording"):
        programs.explain_cycle("../secret")


class Request:
    """As a web framework's."""


class Failure(Exception):
    """As a web framework's: code and sentence."""


def made(method):
    return endpoint(method, Request, lambda request: Visitor(request.session, ""), Failure)


def test_an_endpoint_says_its_types_and_takes_its_visitor_from_the_request(programs):
    stream, single = made(programs.decode_events), made(programs.list_recordings)
    assert inspect.isgeneratorfunction(stream) and not inspect.isgeneratorfunction(single)
    parameters = inspect.signature(stream).parameters
    assert next(iter(parameters)) == "prompt" and list(parameters)[-1] == "request" and "visitor" not in parameters
    assert parameters["max_new_tokens"].annotation is int and parameters["request"].annotation is Request
    assert inspect.signature(stream).return_annotation == Iterator[dict] and "Args:" in stream.__doc__
    values = [p.default if p.default is not p.empty else "Hello" for p in parameters.values()][:-1]
    items = list(stream(*values, SimpleNamespace(session="me")))
    assert items[-1]["type"] == "done" and single(SimpleNamespace(session="me"))


def test_the_page_hears_its_own_language_and_any_other_client_english(programs):
    def of(session, spoken):
        return SimpleNamespace(session=session, spoken=spoken)

    def function(method):
        return endpoint(method, Request, lambda asked: Visitor(asked.session, ""), Failure, lambda asked: asked.spoken)

    parameters = list(inspect.signature(function(programs.race_drafters)).parameters.values())
    values = [each.default for each in parameters[1:-1]]
    said = {}
    for spoken in ("en", "nl"):
        with pytest.raises(Failure) as failed:
            list(function(programs.race_drafters)(" ", *values, of("me", spoken)))
        code, said[spoken] = failed.value.args
        assert code == "prompt-empty"
        with speaking(spoken):
            assert said[spoken] == say("error.prompt-empty.one")
        texts = str(function(programs.explain_cycle)("01-easy-text", 0, of("me", spoken))["says"])
        assert bool(re.search(r"\d,\d+ ms", texts)) == (spoken == "nl")
    assert said["en"] != said["nl"] and current() == "en"


def test_an_endpoint_s_refusal_is_the_framework_s(programs):
    asked = SimpleNamespace(session="me")
    for given, code in (("nothing", "unknown-recording"), (None, "wrong-type"), ("\ud800", "half-character")):
        with pytest.raises(Failure) as failed:
            made(programs.explain_cycle)(given, 0, asked)
        assert failed.value.args[0] == code
    for cycle, code in (
        (1.5, "wrong-type"),
        ("x", "wrong-type"),
        (None, "wrong-type"),
        (True, "wrong-type"),
        (-1, "out-of-range"),
    ):
        with pytest.raises(Failure) as failed:
            made(programs.explain_cycle)("01-easy-text", cycle, asked)
        assert failed.value.args[0] == code and failed.value.args[1]
    parameters = inspect.signature(made(programs.decode_events)).parameters
    values = [p.default for p in parameters.values()][2:-1]
    with pytest.raises(Failure) as failed:
        next(made(programs.decode_events)("Hello", 501, *values, asked))
    assert failed.value.args == ("too-many-tokens", "Max new tokens is 501, this page gives at most 500 a run.")


def test_a_fault_that_no_caller_can_mend_has_a_code_and_a_sentence_too(programs, monkeypatch):
    monkeypatch.setattr("viz.page.api.load", lambda path: {}["gone"])
    with pytest.raises(Failure) as failed:
        made(programs.explain_cycle)("01-easy-text", 0, SimpleNamespace(session="me"))
    assert failed.value.args[0] == "internal-error" and "gone" not in failed.value.args[1]


HOSTILE = (None, 5, True, [], {}, "\ud83d", 1.5, "x" * 5000, float("nan"))


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_whatever_a_program_sends_for_a_block_ends_in_a_code(programs, place, value):
    values = ["Hello", "proposal", "written", "auto"]
    values[place] = value
    with pytest.raises(Failure) as failed:
        made(programs.verify_block)(*values, SimpleNamespace(session="me"))
    assert failed.value.args[0] in ("wrong-type", "half-character", "prompt-too-long") and failed.value.args[1]
