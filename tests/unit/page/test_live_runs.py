"""Live runs: one run at a time, stoppable at any moment, every failure a sentence; no model and no page needed."""

import errno
import gc
import json
import logging
import threading
import time
import weakref
from dataclasses import replace

import pytest

from orthrus.errors import OrthrusError
from orthrus.events import Lossless, RunStart
from orthrus.server import run_manager
from orthrus.server.limits import Limits
from orthrus.server.run import Run
from orthrus.server.run_manager import RunManager
from orthrus.server.updates import QueuePosition, Update
from orthrus.server.worker import WorkerError
from orthrus.trace import Trace
from tests import synthetic
from tests.backend import Backend
from viz.language import say
from viz.page import live_run, measuring, stream
from viz.page.live_run import LiveRuns
from viz.page.stream import Film
from viz.player import frames as player


def scripted(model, request, cancel):
    """A decoder that writes `limit` synthetic tokens, looks at its flag between events, and can be told to fail."""
    prompt, limit = request
    if not prompt.strip():
        raise OrthrusError("prompt-empty", "the prompt is empty; write at least one word")
    if prompt == "explode":
        raise RuntimeError("a kernel went wrong")
    events = synthetic.events(tokens=limit)
    for event in events[:-1]:
        if cancel.is_set():
            break
        yield event
        if prompt == "slowly":
            time.sleep(0.01)
    else:
        yield events[-1]


@pytest.fixture(autouse=True)
def heartbeat(monkeypatch):
    """A silent run yields soon enough for tests that take one item of it."""
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.4)


@pytest.fixture
def live():
    made = LiveRuns(RunManager(Backend(scripted)))
    made.manager.open()
    return made


def frames(updates):
    return [frame for each in updates if each.message for frame in json.loads(each.message)["frames"]]


def spoken(run):
    """The next sentence of a run that goes on."""
    return next(updates.status for updates in run if updates.status)


def said(updates):
    return [each.status for each in updates if each.status]


def test_a_run_reaches_the_player_complete_and_in_order(live):
    updates = list(live.run("me", ("go", 90)))
    messages = [json.loads(each.message) for each in updates if each.message]
    assert [m["seq"] for m in messages] == list(range(len(messages))) and len({m["run"] for m in messages}) == 1
    assert [m["end"] for m in messages] == [False] * (len(messages) - 1) + [True]
    want = json.loads(player.dumps(player.tape(Trace.of(synthetic.events(tokens=90)))))
    assert frames(updates) == want
    assert "90 tokens in " in said(updates)[-1] and not any(each.failed for each in updates)


def test_what_arrives_together_travels_together(live):
    updates = list(live.run("me", ("go", 90)))
    assert sum(bool(each.message) for each in updates) < len(frames(updates)) / 3


def test_stop_ends_a_run_and_says_what_there_is(live):
    live.enter("me")
    run = live.run("me", ("slowly", 2000))
    for each in run:
        if each.message:
            break
    assert live.stop("me")
    rest = list(run)
    assert said(rest)[-1].startswith("Stopped after ") and json.loads(rest[-1].message)["end"]
    assert not live.stop("me"), "nothing is running any more"


def test_stop_before_the_run_began_is_heard(live):
    live.enter("me")
    live.stop("me")
    assert said(live.run("me", ("go", 20))) == ["Stopped before it began."]
    assert frames(live.run("me", ("go", 20))), "the next run is not stopped by it"


def test_asking_again_stops_the_run_before(live):
    live.enter("me")
    first = live.run("me", ("slowly", 200))
    next(first)
    live.enter("me")
    assert said(first)[-1].startswith("Stopped after ")
    assert frames(live.run("me", ("go", 20)))


def test_a_closed_page_frees_the_device(live):
    run = live.run("gone", ("slowly", 300))
    next(run)
    run.close()
    assert frames(live.run("me", ("go", 12)))


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [("  ", "The prompt is empty; write at least one word."), ("explode", "The run failed (RuntimeError).")],
)
def test_a_failure_is_a_sentence_and_the_desk_goes_on(live, prompt, sentence):
    (updates,) = [each for each in live.run("me", (prompt, 10)) if each.failed]
    assert updates.status.startswith(sentence)
    assert frames(live.run("me", ("go", 10)))


def test_runs_of_two_visitors_never_overlap():
    busy, overlaps = threading.Lock(), []

    def decode(model, request, cancel):
        overlaps.append(not busy.acquire(blocking=False))
        yield from scripted(model, ("slowly", 30), cancel)
        busy.release()

    live = LiveRuns(RunManager(Backend(decode)))
    live.manager.open()
    threads = [threading.Thread(target=lambda i=i: list(live.run(str(i), ("go", 30)))) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert overlaps == [False] * 3, "each alone"


def test_with_two_workers_two_runs_go_side_by_side_and_the_third_waits():
    live = open_live(at_once=2)
    first, second = under_way(live, "first"), live.run("second", ("slowly", 300))
    while live.manager.queue.counts()[1] < 2:
        next(second)
    third = live.run("third", ("go", 12))
    assert spoken(third).startswith("You are next in line.")
    second.close()
    assert frames(third) and live.manager.queue.counts()[1] == 1
    first.close()


def test_a_visitor_who_comes_before_the_model_waits_or_leaves():
    gate = threading.Event()
    live = LiveRuns(RunManager(Backend(scripted, gate.wait)))
    opening = threading.Thread(target=live.manager.open)
    opening.start()
    live.enter("left")
    left = live.run("left", ("go", 10))
    assert "being loaded" in spoken(left)
    live.stop("left")
    assert said(left) == ["Stopped before it began."]
    gate.set()
    opening.join(10)
    assert frames(live.run("me", ("go", 10)))


def test_a_model_that_does_not_load_leaves_a_sentence():
    def load():
        raise OrthrusError("not-a-model", "'nowhere' is not a model folder")

    live = LiveRuns(RunManager(Backend(scripted, load)))
    live.manager.open()
    (updates,) = [each for each in live.run("me", ("go", 10)) if each.status]
    assert updates.failed and updates.status == "There is no live model: 'nowhere' is not a model folder."


def test_a_silent_run_still_has_a_heartbeat(monkeypatch):
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)

    def decode(model, request, cancel):
        time.sleep(0.3)
        yield from ()

    live = LiveRuns(RunManager(Backend(decode)))
    live.manager.open()
    assert len(list(live.run("me", ("go", 10)))) >= 3


def test_a_bad_form_waits_for_nobody():
    def read(form):
        raise OrthrusError("out-of-range", "temperature is -1, it must be 0 or between 0.01 and 100")

    live = LiveRuns(RunManager(Backend(scripted, threading.Event().wait)), read)  # no model will ever be there
    (updates,) = [each for each in live.run("me", ("go", 10)) if each.status]
    assert updates.failed and updates.status == "Temperature is -1, it must be 0 or between 0.01 and 100."


def test_what_may_be_said_of_the_model_is_told_once_it_is_there():
    live = LiveRuns(RunManager(Backend(scripted, describe=lambda model: f"The {model} is exact here.")))
    assert live.manager.about() is None
    live.manager.open()
    assert live.manager.about() == "The model is exact here."


def sampled(coupling):
    """A run that says it was sampled; the rest of it is as ever."""

    def decode(model, request, cancel):
        events = [e for e in synthetic.events(tokens=20) if not (isinstance(e, Lossless) and coupling == "rejection")]
        for number, event in enumerate(events):
            if isinstance(event, RunStart):
                rule = {"mode": "sample", "coupling": coupling, "temperature": 0.8, "top_k": 20, "seed": 7}
                event = replace(event, params=replace(event.params, **rule))
            yield replace(event, seq=number)

    return decode


def worked(live):
    """The run's sentences and frames, before those of one flush are merged."""
    run_ = Run("me")
    with live.manager.in_thread(run_, lambda: "form", live.pictures) as out:
        items = list(iter(out.get, None))
    drawn = [json.loads(frame) for item in items if isinstance(item, Film) for frame in item.frames]
    return [item.status for item in items if isinstance(item, Update)], drawn


@pytest.mark.parametrize(
    ("coupling", "other", "badge"),
    [
        ("gumbel", "Seed 7 again, so the text must be the same.", "identical 20/20, seed 7"),
        ("rejection", "its text is another draw of the same distribution.", "equal in distribution"),
    ],
)
def test_a_sampled_run_says_what_runs_and_claims_no_more_than_was_compared(coupling, other, badge, monkeypatch):
    monkeypatch.setattr(measuring, "EVERY_S", 0.0)  # a line with each event
    live = LiveRuns(RunManager(Backend(sampled(coupling))))
    live.manager.open()
    words, drawn = worked(live)
    rule = f"sampling at temperature 0.8, top-k 20, seed 7, coupling {coupling}, block size 32"
    assert words[0] == f"Orthrus is writing ({rule}, fast mode)."
    assert any(other in each for each in words)
    facts = [change[3] for frame in drawn for change in frame["x"] if change[0] == "badges" and change[2] == "lossless"]
    assert [fact["text"] for fact in facts] == [badge]
    assert ("same seed" in facts[0]["about"]) is (coupling == "gumbel")


def test_a_short_run_is_not_spoken_of_before_it_is_over(live):
    updates = [each for each in live.run("me", ("go", 40)) if each.message or each.status]
    (message,) = [json.loads(each.message) for each in updates]
    assert message["measuring"] is None and message["autoplay"] and message["end"] and message["frames"]


def test_a_long_run_gives_a_light_line_a_second_and_its_frames_at_the_end(live):
    *light, film = [json.loads(each.message) for each in live.run("me", ("slowly", 900)) if each.message]
    assert len(light) >= 3 and film["autoplay"] and film["end"] and film["frames"]
    assert all(each["measuring"]["lane"] in ("Orthrus", "AR") and not each["frames"] for each in light)
    assert light[0]["measuring"]["text"] == "", "no text in the first seconds"
    assert 0 < len(light[-1]["measuring"]["text"]) <= measuring.TAIL and light[-1]["measuring"]["tokens"] > 0


def test_lines_follow_the_clock_and_name_each_lane_once():
    now = [0.0]
    made, said, trace = measuring.Measuring(at_once=True, clock=lambda: now[0]), [], Trace()
    for event in synthetic.events(tokens=200):
        trace = trace.add(event)
        said += [(now[0], each) for each in made.lines(event, trace)]
        now[0] += 0.125
    lights = [(at, each) for at, each in said if isinstance(each, stream.Light)]
    assert [at for at, _ in lights] == [float(second) for second in range(len(lights))] and len(lights) > 5
    assert all((at > measuring.TEXT_S) is bool(each.text) for at, each in lights)
    words = [each.status for _, each in said if isinstance(each, Update)]
    assert len(words) == 2 and words[0].startswith("Orthrus") and "plain decoding" in words[1]
    assert {each.lane for _, each in lights} == {"Orthrus", "AR"}
    assert list(measuring.Measuring(at_once=False, clock=lambda: 0.0).lines(event, trace)) == []


def test_a_film_stands_still_from_the_click_unless_its_run_waits():
    live = open_live()
    run, waits = under_way(live), live.run("second", ("go", 12))
    first = json.loads(next(waits).message)
    assert first["measuring"] is None and not first["end"], "the film goes on while the run waits"
    run.close()
    begun = next(json.loads(each.message) for each in waits if each.message)
    assert begun["measuring"] is not None or begun["frames"]
    (refused,) = [json.loads(each.message) for each in live.run("me", (" ", 12)) if each.message]
    assert refused["end"] and not refused["frames"] and refused["measuring"] is None


def test_drawing_is_nobody_else_s_wait(monkeypatch):
    """The worker is free for the next run before the frames of this one are made."""
    free, real = [], live_run.film

    def film(told, plays):
        free.append(live.manager.queue.counts()[1] == 0)
        return real(told, plays)

    live = open_live()
    monkeypatch.setattr(live_run, "film", film)
    assert frames(live.run("me", ("go", 40))) and free == [True]
    assert "orthrus_run_seconds_count 1.0\n" in live.manager.metrics()


# Waiting


def open_live(decode=scripted, recover=lambda: "", **more):
    live = LiveRuns(RunManager(Backend(decode, recover=recover), **more))
    live.manager.open()
    return live


def under_way(live, visitor="first", tokens=300):
    """A run that has the device."""
    run = live.run(visitor, ("slowly", tokens))
    while not live.manager.queue.counts()[1]:
        next(run)
    return run


def test_who_waits_is_told_the_place_and_then_the_time():
    live = open_live()
    first, second, third = under_way(live), live.run("second", ("go", 12)), live.run("third", ("go", 12))
    assert spoken(second) == say("live.waiting", place="You are next in line.")
    assert spoken(third) == say("live.waiting", place="You are number 2 in line.")
    first.close()
    assert frames(second) and frames(third)
    again, fourth = under_way(live), live.run("fourth", ("go", 12))
    assert spoken(fourth).startswith("You are next in line, about ")
    again.close()


def test_a_waiting_run_ends_within_200_ms_of_stop_and_leaves_the_line():
    live = open_live()
    run = under_way(live)
    live.enter("me")
    mine = live.run("me", ("go", 12))
    next(mine)
    live.stop("me")
    began = time.monotonic()
    assert said(mine)[-1] == "Stopped before it began." and time.monotonic() - began < 0.2
    assert live.manager.queue.counts() == (0, 1)
    run.close()


def test_stop_is_heard_within_200_ms_of_the_pass_under_way():
    pass_s = 0.3

    def decode(model, request, cancel):
        for event in synthetic.events(tokens=200):
            if cancel.is_set():
                return
            yield event
            time.sleep(pass_s)

    live = open_live(decode)
    live.enter("me")
    run = live.run("me", ("go", 200))
    while not next(run).message:
        pass
    live.stop("me")
    began = time.monotonic()
    assert said(run)[-1].startswith("Stopped after ") and time.monotonic() - began < pass_s + 0.2


def test_a_closed_page_leaves_the_line_too():
    live = open_live()
    run, gone = under_way(live), live.run("gone", ("go", 12))
    next(gone)
    gone.close()
    until = time.monotonic() + 10
    while live.manager.queue.counts()[0] and time.monotonic() < until:
        time.sleep(0.01)
    assert live.manager.queue.counts() == (0, 1)
    run.close()


def test_a_visitor_who_turns_away_hears_no_more_of_the_run():
    live = open_live()
    live.enter("me")
    run = live.run("me", ("slowly", 300))
    while not next(run).message:
        pass
    live.forget("me")
    assert list(run) == [Update(None, None)] and frames(live.run("me", ("go", 12))), "the next run is shown again"
    live.forget("nobody")


def test_too_many_waiting_runs_get_value_and_limit():
    live = open_live(limits=Limits(waiting=1))
    run, waits = under_way(live), live.run("second", ("go", 12))
    next(waits)
    (updates,) = [each for each in live.run("third", ("go", 12)) if each.failed]
    assert updates.status.startswith("1 runs are waiting, this server lets 1 wait; ")
    run.close()
    assert frames(waits), "who waits is not disturbed"


def test_a_run_over_its_time_is_stopped_and_told_so():
    live = open_live(limits=Limits(run_seconds=1))
    last = said(live.run("me", ("slowly", 5000)))[-1]
    assert last.startswith("Stopped after ") and ": a run may take 1 s here." in last
    assert 'orthrus_runs_total{outcome="overtime"} 1.0\n' in live.manager.metrics()


def test_runs_do_not_cross():
    """Each visitor's frames are those of its own request, whoever else is served meanwhile."""
    live, found = open_live(), {}

    def visit(tokens):
        found[tokens] = frames(live.run(f"visitor {tokens}", ("go", tokens)))

    threads = [threading.Thread(target=visit, args=(tokens,)) for tokens in range(20, 32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for tokens, drawn in found.items():
        want = json.loads(player.dumps(player.tape(Trace.of(synthetic.events(tokens=tokens)))))
        assert drawn == want, tokens
    assert len(found) == 12


# Faults: a sentence for the visitor, a line in the log, and the next run is served


class OutOfMemoryError(RuntimeError):
    """As torch names it."""


def failing(error, after=8):
    """A decoder that fails in the middle of a cycle; the next run is an ordinary one."""
    left = [error]

    def decode(model, request, cancel):
        held = [bytearray(1000)]  # what a failing frame holds must be free when the live cleans up
        for number, event in enumerate(synthetic.events(tokens=60)):
            if number == after and left:
                raise left.pop()
            yield event
        del held

    return decode


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (WorkerError("worker-lost", "worker-lost", "The process ended. kernel"), "The process ended."),
        (WorkerError("out-of-memory", "OutOfMemoryError", "CUDA out of memory"), "The device ran out of memory"),
        (WorkerError("run-failed", "ZeroDivisionError", "in kernel 7"), "The run failed (ZeroDivisionError)."),
        (OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "The device ran out of memory in this run."),
        (MemoryError(), "The device ran out of memory in this run."),
        (RuntimeError("an illegal instruction in kernel 7"), "The run failed (RuntimeError)."),
    ],
)
def test_a_fault_in_mid_cycle(error, told, caplog):
    cleaned = []
    live = open_live(failing(error), recover=lambda: cleaned.append(gc.collect()) or "")
    with caplog.at_level(logging.INFO):
        updates = list(live.run("me", ("a secret prompt", 60)))
    last = [each for each in updates if each.status][-1]
    assert last.failed and last.status.startswith(told) and "kernel 7" not in last.status
    assert json.loads(updates[-1].message)["end"], "the player is told that this was all"
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.exc_info[1] is error and line.run and "secret" not in caplog.text
    assert len(cleaned) == 1
    assert frames(live.run("me", ("go", 60))) and live.manager.health() == (True, "ok")
    kind = getattr(error, "kind", type(error).__name__)
    assert f'orthrus_errors_total{{kind="{kind}"}} 1.0\n' in live.manager.metrics()


def test_a_value_error_in_mid_run_is_a_fault_and_not_the_visitor_s():
    live = open_live(failing(ValueError("seq 7 cannot follow seq 5")))
    last = said(live.run("me", ("go", 60)))[-1]
    assert last.startswith("The run failed (ValueError).") and "seq" not in last
    assert 'orthrus_runs_total{outcome="failed"} 1.0\n' in live.manager.metrics()


def test_what_a_failed_run_held_is_free_when_the_desk_cleans_up(monkeypatch):
    class Held:
        pass

    seen = []

    def decode(model, request, cancel):
        held = Held()
        seen.append(weakref.ref(held))
        yield synthetic.events(tokens=12)[0]
        raise RuntimeError("out of memory")

    def recover():
        gc.collect()
        seen.append(seen[0]() is None)
        return ""

    monkeypatch.setattr(run_manager.log, "disabled", True)  # a record that is kept would hold the error
    list(open_live(decode, recover=recover).run("me", ("go", 12)))
    assert seen[1:] == [True]


def test_a_device_that_is_lost_is_said_and_fails_the_health_check():
    live = open_live(failing(RuntimeError("unspecified launch failure")), recover=lambda: "the GPU is gone")
    list(live.run("me", ("go", 60)))
    assert live.manager.health() == (False, "the GPU is gone") and "orthrus_healthy 0.0\n" in live.manager.metrics()
    (updates,) = [each for each in live.run("me", ("go", 60)) if each.status]
    assert updates.failed and updates.status == "The GPU is gone."


def test_a_full_disk_spoils_the_record_and_not_the_run(caplog):
    def keep(trace):
        kept.append(trace.text)
        if len(kept) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    kept = []
    live = open_live(keep=keep)
    with caplog.at_level(logging.INFO):
        first, second = said(live.run("me", ("go", 40)))[-1], said(live.run("me", ("go", 40)))[-1]
    assert "40 tokens in " in first and first.endswith("It could not be recorded: no space left on device.")
    assert "recorded" not in second and len(kept) == 2
    assert [r.message for r in caplog.records if r.levelno == logging.ERROR] == ["the run was not recorded"]
    assert 'orthrus_errors_total{kind="record"} 1.0\n' in live.manager.metrics()


def test_a_clock_that_jumps_in_mid_run_changes_nothing(monkeypatch):
    def decode(model, request, cancel):
        for number, event in enumerate(synthetic.events(tokens=60)):
            if number % 5 == 0:
                moved = real() + (86_400 if number % 2 else -86_400)
                monkeypatch.setattr(time, "time", lambda moved=moved: moved)
            yield event

    real = time.time
    live = open_live(decode, limits=Limits(run_seconds=60))
    assert "60 tokens in " in said(live.run("me", ("go", 60)))[-1]
    assert 'orthrus_runs_total{outcome="done"} 1.0\n' in live.manager.metrics()


def test_a_reader_that_stops_reading_keeps_the_device_no_longer_than_its_run():
    live = open_live()
    stuck = under_way(live, tokens=120)  # and never read again
    assert frames(live.run("me", ("go", 12)))
    assert frames(stuck), "what was made waits for it"


def test_a_server_that_is_asked_to_end_lets_the_run_end_and_takes_nobody(caplog):
    live, found = open_live(), {}
    run, waits = under_way(live, tokens=120), live.run("second", ("go", 12))
    spoken(waits)
    readers = [
        threading.Thread(target=lambda n=n, r=r: found.update({n: said(r)}))
        for n, r in (("run", run), ("waits", waits))
    ]
    for reader in readers:
        reader.start()
    assert live.manager.drain(60)
    (late,) = [each for each in live.run("third", ("go", 12)) if each.failed]
    for reader in readers:
        reader.join(10)
    assert "120 tokens in " in found["run"][-1], "the run under way ended by itself"
    assert found["waits"] == ["The server is being restarted; please try again in a minute."]
    assert late.status == found["waits"][0] and live.manager.health()[0] is False


def test_a_run_that_takes_longer_than_the_drain_is_stopped_and_told_so():
    live, found = open_live(), []
    run = under_way(live, tokens=3000)
    reader = threading.Thread(target=lambda: found.extend(said(run)))
    reader.start()
    assert live.manager.drain(0.2)
    reader.join(10)
    assert ": the server is being restarted." in found[-1]


def test_every_run_is_counted_once_and_logged_by_its_id(caplog):
    live = open_live()
    with caplog.at_level(logging.INFO):
        list(live.run("me", ("go", 90)))
        list(live.run("me", ("  ", 10)))
    metrics = live.manager.metrics()
    trace = Trace.of(synthetic.events(tokens=90))
    assert 'orthrus_runs_total{outcome="done"} 1.0\n' in metrics and 'outcome="refused"} 1.0\n' in metrics
    assert "orthrus_tokens_total 90.0\n" in metrics and f"orthrus_cycles_total {len(trace.verdicts)}.0\n" in metrics
    assert (
        f"orthrus_accepted_total {trace.sums.accepted}.0\n" in metrics
        and "orthrus_first_event_seconds_count 1.0\n" in metrics
    )
    ended = [record for record in caplog.records if record.message == "run ended"]
    assert [record.outcome for record in ended] == ["done", "refused"] and ended[0].run != ended[1].run


def test_a_place_reads_as_a_sentence():
    assert QueuePosition(1, None).words == "You are next in line."
    assert QueuePosition(3, 11.6).words == "You are number 3 in line, about 12 s."
    assert QueuePosition(1, 0.0).words == "You are next in line, about 1 s."
