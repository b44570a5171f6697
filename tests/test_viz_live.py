"""The desk: one run at a time, stoppable at any moment, every failure a sentence; no model and no page needed."""

import json
import queue
import threading
import time
from dataclasses import replace

import pytest

from orthrus.events import Lossless, RunStart
from orthrus.trace import Trace
from tests import synthetic
from viz import live, player
from viz.live import Desk, News


def scripted(model, wish, cancel):
    """A decoder that writes `limit` synthetic tokens, looks at its flag between events, and can be told to fail."""
    prompt, limit = wish
    if not prompt.strip():
        raise ValueError("the prompt is empty; write at least one word")
    if prompt == "explode":
        raise RuntimeError("out of memory")
    events = synthetic.events(tokens=limit)
    for event in events[:-1]:
        if cancel.is_set():
            break
        yield event
        if prompt == "slowly":
            time.sleep(0.01)
    else:
        yield events[-1]


@pytest.fixture
def desk():
    made = Desk(lambda: "model", scripted)
    made.open()
    return made


def frames(news):
    return [frame for each in news if each.message for frame in json.loads(each.message)["frames"]]


def said(news):
    return [each.status for each in news if each.status]


def test_a_run_reaches_the_player_complete_and_in_order(desk):
    news = list(desk.run("me", ("go", 90)))
    messages = [json.loads(each.message) for each in news if each.message]
    assert [m["seq"] for m in messages] == list(range(len(messages))) and len({m["run"] for m in messages}) == 1
    assert [m["end"] for m in messages] == [False] * (len(messages) - 1) + [True]
    want = json.loads(player.dumps(player.tape(Trace.of(synthetic.events(tokens=90)))))
    assert frames(news) == want
    assert said(news)[-1].startswith("90 tokens in ") and not any(each.failed for each in news)


def test_what_arrives_together_travels_together(desk):
    news = list(desk.run("me", ("go", 90)))
    assert sum(bool(each.message) for each in news) < len(frames(news)) / 3


def test_stop_ends_a_run_and_says_what_there_is(desk):
    desk.enter("me")
    run = desk.run("me", ("slowly", 200))
    for each in run:
        if each.message:
            break
    assert desk.stop("me")
    rest = list(run)
    assert said(rest)[-1].startswith("Stopped after ") and json.loads(rest[-1].message)["end"]
    assert not desk.stop("me"), "nothing is running any more"


def test_stop_before_the_run_began_is_heard(desk):
    desk.enter("me")
    desk.stop("me")
    assert said(desk.run("me", ("go", 20))) == ["Stopped before it began."]
    assert frames(desk.run("me", ("go", 20))), "the next run is not stopped by it"


def test_asking_again_stops_the_run_before(desk):
    desk.enter("me")
    first = desk.run("me", ("slowly", 200))
    next(first)
    desk.enter("me")
    assert said(first)[-1].startswith("Stopped after ")
    assert frames(desk.run("me", ("go", 20)))


def test_a_closed_page_frees_the_device(desk):
    run = desk.run("gone", ("slowly", 300))
    next(run)
    run.close()
    assert frames(desk.run("me", ("go", 12)))


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [("  ", "The prompt is empty; write at least one word."), ("explode", "The run failed (RuntimeError).")],
)
def test_a_failure_is_a_sentence_and_the_desk_goes_on(desk, prompt, sentence):
    (news,) = [each for each in desk.run("me", (prompt, 10)) if each.failed]
    assert news.status.startswith(sentence)
    assert frames(desk.run("me", ("go", 10)))


def test_runs_of_two_visitors_never_overlap():
    busy, overlaps = threading.Lock(), []

    def decode(model, wish, cancel):
        overlaps.append(not busy.acquire(blocking=False))
        yield from scripted(model, ("slowly", 30), cancel)
        busy.release()

    desk = Desk(lambda: "model", decode)
    desk.open()
    threads = [threading.Thread(target=lambda i=i: list(desk.run(str(i), ("go", 30)))) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert overlaps == [False] * 3, "each alone"


def test_a_visitor_who_comes_before_the_model_waits_or_leaves():
    gate = threading.Event()
    desk = Desk(gate.wait, scripted)
    opening = threading.Thread(target=desk.open)
    opening.start()
    desk.enter("left")
    left = desk.run("left", ("go", 10))
    assert "still being loaded" in next(left).status
    desk.stop("left")
    assert said(left) == ["Stopped before it began."]
    gate.set()
    opening.join(10)
    assert frames(desk.run("me", ("go", 10)))


def test_a_model_that_does_not_load_leaves_a_sentence():
    def load():
        raise ValueError("'nowhere' is not a model folder")

    desk = Desk(load, scripted)
    desk.open()
    (news,) = [each for each in desk.run("me", ("go", 10)) if each.status]
    assert news.failed and news.status == "There is no live model: 'nowhere' is not a model folder."


def test_a_silent_run_still_has_a_heartbeat(monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.05)

    def decode(model, wish, cancel):
        time.sleep(0.3)
        yield from ()

    desk = Desk(lambda: "model", decode)
    desk.open()
    assert len(list(desk.run("me", ("go", 10)))) >= 3


def test_a_bad_form_waits_for_nobody():
    def read(form):
        raise ValueError("temperature is -1, it must be 0 or between 0.01 and 100")

    desk = Desk(threading.Event().wait, scripted, read)  # no model will ever be there
    (news,) = [each for each in desk.run("me", ("go", 10)) if each.status]
    assert news.failed and news.status == "Temperature is -1, it must be 0 or between 0.01 and 100."


def test_what_may_be_said_of_the_model_is_told_once_it_is_there():
    desk = Desk(lambda: "model", scripted, describe=lambda model: f"The {model} is exact here.")
    assert desk.about() is None
    desk.open()
    assert desk.about() == "The model is exact here."


def sampled(coupling):
    """A run that says it was sampled; the rest of it is as ever."""

    def decode(model, wish, cancel):
        for event in synthetic.events(tokens=20):
            if isinstance(event, RunStart):
                rule = {"mode": "sample", "coupling": coupling, "temperature": 0.8, "top_k": 20, "seed": 7}
                event = replace(event, params=replace(event.params, **rule))
            if not (isinstance(event, Lossless) and coupling == "rejection"):
                yield event

    return decode


def worked(desk):
    """The worker's sentences and frames, before those of one flush are merged."""
    out = queue.SimpleQueue()
    desk._work("form", threading.Event(), out)
    items = list(iter(out.get, None))
    drawn = [json.loads(frame) for item in items if isinstance(item, list) for frame in item]
    return [item.status for item in items if isinstance(item, News)], drawn


@pytest.mark.parametrize(
    ("coupling", "other", "badge"),
    [
        ("gumbel", "Seed 7 again, so the text must be the same.", "identical 20/20, seed 7"),
        ("rejection", "its text is another draw of the same distribution.", "equal in distribution"),
    ],
)
def test_a_sampled_run_says_what_runs_and_claims_no_more_than_was_compared(coupling, other, badge):
    desk = Desk(lambda: "model", sampled(coupling))
    desk.open()
    words, drawn = worked(desk)
    rule = f"sampling at temperature 0.8, top-k 20, seed 7, coupling {coupling}, block size 32"
    assert words[0] == f"Orthrus is writing ({rule}, fast mode)."
    assert any(other in each for each in words)
    facts = [change[3] for frame in drawn for change in frame["x"] if change[0] == "badges" and change[2] == "lossless"]
    assert [fact["text"] for fact in facts] == [badge]
    assert ("same seed" in facts[0]["about"]) is (coupling == "gumbel")
