"""The endpoints on the running page, over gradio_client and over plain HTTP; what an operator's tools see; SIGTERM."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
import urllib.request

import pytest
import torch

from orthrus.config import DRAFTS
from orthrus.events import EVENTS, from_json
from orthrus.trace import Trace
from tests.running import PATIENCE_S, ROOT, make_assets, running, until

gradio_client = pytest.importorskip("gradio_client")
SECRET = "say nothing of what I wrote here"
# decode_events over plain HTTP: temperature, top_k, top_p, seed, coupling, block_size, engine, detail, compare, draft
REST = [0, None, None, 1, "gumbel", None, "auto", 0, False, "chain"]
LIMITS = {"ORTHRUS_NEW_TOKENS": "200", "ORTHRUS_PROMPT_CHARS": "300", "ORTHRUS_RUNS_PER_MINUTE": "500"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("app")
    make_assets(found)
    return found


@pytest.fixture(scope="module")
def app(folder):
    with running(folder, **LIMITS) as found:
        assert until(lambda: "ok" in found.get("/healthz").text, PATIENCE_S), found.log
        yield found


@pytest.fixture(scope="module")
def client(app):
    return gradio_client.Client(f"http://127.0.0.1:{app.port}", verbose=False)


def metrics(app) -> dict[str, float]:
    lines = (line for line in app.get("/metrics").text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def events(items) -> Trace:
    """The trace of a stream's events, each checked against the schema."""
    return Trace.of(from_json(item) for item in items if item["type"] in EVENTS)


def call(app, name: str, values: list) -> str:
    """What an endpoint answers over plain HTTP, which has no defaults: those that /info names are filled in."""
    known = json.loads(app.get("/gradio_api/info").text)["named_endpoints"][f"/{name}"]["parameters"]
    return app.call(name, values + [p["parameter_default"] for p in known[len(values) :]])


def stream(text: str) -> list[tuple[str, object]]:
    """An event stream's text as (event, decoded data)."""
    return [(name, json.loads(data)) for name, data in re.findall(r"event: (\w+)\ndata: (.*)\n", text)]


def test_events_are_streamed_typed_and_whole(client):
    trace = events(client.submit(SECRET, 24, compare=True, api_name="/decode_events"))
    assert trace.done.n_tokens == 24 and trace.lossless.verdict == "identical" and len(trace.ar_ids) == 24
    alone = events(client.submit(SECRET, 24, draft="tree", api_name="/decode_events"))
    assert alone.token_ids == trace.token_ids and not alone.ar_ids
    assert any(each.draft.shape == "tree" for each in alone.cycles)


def test_the_endpoints_say_their_types(app):
    known = json.loads(app.get("/gradio_api/info").text)["named_endpoints"]
    names = {
        "/decode_events",
        "/lossless_check",
        "/race_drafters",
        "/verify_block",
        "/attention_shares",
        "/list_recordings",
        "/explain_cycle",
    }
    assert names <= known.keys()
    given = {p["parameter_name"]: p for p in known["/decode_events"]["parameters"]}
    assert given["max_new_tokens"]["type"] == {"type": "integer"} and given["temperature"]["parameter_default"] == 0.0
    assert not given["prompt"]["parameter_has_default"] and "visitor" not in given and "request" not in given


def test_the_page_of_the_endpoints_names_each_with_its_parameters(app):
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    known = json.loads(app.get("/gradio_api/info").text)["named_endpoints"]
    for name, found in known.items():
        if name != "/decode_view":  # the page's own
            section = text.split(f"### `{name}`")[1].split("\n### ")[0]
            assert [p["parameter_name"] for p in found["parameters"]] == re.findall(r"^\| `(\w+)` \|", section, re.M)


def test_plain_http_gets_the_same(app, client):
    text = call(app, "decode_events", [SECRET, 24])
    found = stream(text)
    assert found[-1][0] == "complete" and {name for name, _ in found[:-1]} <= {"generating", "heartbeat"}
    assert events(data[0] for name, data in found if name == "generating").done.n_tokens == 24
    ((_, data),) = [each for each in stream(app.call("list_recordings", [])) if each[0] == "complete"]
    assert data == [client.predict(api_name="/list_recordings")]


def test_drafters_race_on_one_prompt(client):
    values = {"max_new_tokens": 24, "temperature": 0.9, "coupling": "rejection"}
    *_, race = client.submit(SECRET, **values, api_name="/race_drafters")
    lanes = {each["draft"]: each for each in race["lanes"]}
    assert list(lanes) == ["ar", *DRAFTS] and lanes["tree"]["code"] == "chain-only"
    assert "refused" not in lanes["chain"] and lanes["chain"]["tokens"] <= 24
    *_, race = client.submit(SECRET, 24, api_name="/race_drafters")
    assert {each["identical"] for each in race["lanes"]} == {24} == {race["tokens"]}
    assert all(each["steps"]["tokens"][0] == 1 and sum(each["steps"]["tokens"]) == 24 for each in race["lanes"])


def test_a_block_is_verified(client):
    whole = client.predict(SECRET, 30, api_name="/lossless_check")
    assert whole["verdict"] == "identical" and whole["tokens"] == whole["tokens_identical"] == 30
    found = client.predict(SECRET, "abc", "", "torch", api_name="/verify_block")
    assert [slot["text"] for slot in found["slots"]] == ["a", "b", "c"] and found["n_draft"] == 3
    statuses = [slot["status"] for slot in found["slots"]]
    kept = found["n_accept"]
    assert statuses == ["accepted"] * kept + ["refused", "discarded", "discarded"][: 3 - kept]
    assert found["next"]["id"] == found["slots"][kept]["ar"]["id"] if kept < 3 else found["next"]["kind"] == "bonus"


def test_shares_of_attention_are_of_every_layer_and_slot(client):
    found = client.predict([7, 40, 41, 42], 3, [50, 51, 52], None, api_name="/attention_shares")
    draft, verify = torch.tensor(found["draft"]), torch.tensor(found["verify"])
    assert draft.shape == (2, 8, 7) and verify.shape == (2, 3, 7) and found["engine"] == "torch"
    assert torch.allclose(draft.sum(-1), torch.ones(2, 8), atol=1e-4)
    assert not verify[..., found["buckets"].index("right")].any()


def test_what_the_model_itself_would_write_is_accepted():
    from orthrus.config import DecodeConfig
    from orthrus.decoding.engine import decode_ar
    from orthrus.decoding.verify_block import verify_block
    from tests.tiny import tiny_model

    found = None
    for seed in range(30):  # bytes that are text by themselves, and no end of turn
        lm = tiny_model(seed)
        trace = Trace.of(decode_ar(lm, "Hello", DecodeConfig(6)))
        text = lm.tokenizer.decode(trace.ar_ids)
        if tuple(lm.tokenizer.encode(text, add_special_tokens=False)) == tuple(trace.ar_ids) and "<" not in text:
            written, proposal = text[:2], text[2:5]
            found = verify_block(lm, "Hello", written, proposal)
            break
    assert (
        found
        and found["n_accept"] == 3
        and found["next"]
        == {
            "id": trace.ar_ids[5],
            "text": found["next"]["text"],
            "kind": "bonus",
        }
    )
    wrong = verify_block(lm, "Hello", written, proposal[0] + ("x" if proposal[1] != "x" else "y") + proposal[2])
    assert [slot["status"] for slot in wrong["slots"]] == ["accepted", "refused", "discarded"]
    assert wrong["next"]["text"] == proposal[1] and wrong["next"]["kind"] == "correction"


def test_a_cycle_is_explained(client):
    (card,) = client.predict(api_name="/list_recordings")
    found = client.predict(card["name"], 1, api_name="/explain_cycle")
    assert found["slots"][0]["status"] == "anchor" and set(found["says"]) == {"draft", "verify", "commit"}
    assert sum(slot["status"] == "accepted" for slot in found["slots"]) == found["accepted"]
    assert found["committed"] == found["accepted"] + (found["next"] is not None)


@pytest.mark.parametrize(
    ("name", "values", "code", "sentence"),
    [
        ("decode_events", ["  ", 8], "prompt-empty", "The prompt is empty; write at least one word."),
        (
            "decode_events",
            ["x" * 301, 8],
            "prompt-too-long",
            "The prompt has 301 characters",
        ),
        ("decode_events", ["x", 201], "too-many-tokens", "Max new tokens is 201, this page gives at most 200 a run."),
        ("lossless_check", ["x", 8, -1], "out-of-range", "Temperature is -1, it must be 0 or between 0.01 and 100."),
        ("verify_block", ["x", ""], "proposal-empty", "The proposal is empty; write at least one word."),
        (
            "verify_block",
            ["x", "123456789"],
            "proposal-too-long",
            "The proposal has 9 tokens, a block of this model holds 7.",
        ),
        (
            "verify_block",
            ["x", "y", "", "quick"],
            "unknown-choice",
            "Engine 'quick' is not one of auto, numba, triton, torch.",
        ),
        (
            "attention_shares",
            [[7], 1, [7] * 9, None],
            "proposal-too-long",
            "Block has 9 ids, at most 8 are taken here.",
        ),
        ("attention_shares", [[], 1, [7], None], "prompt-empty", "Before is empty"),
        ("explain_cycle", ["../../etc/passwd", 0], "unknown-recording", "There is no recording"),
        ("explain_cycle", ["01-easy-text", 999], "out-of-range", "Cycle is 999, this recording has cycles 0 to"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(app, name, values, code, sentence):
    found = stream(call(app, name, values))
    assert found[-1][0] == "error" and sentence in found[-1][1]["error"] and found[-1][1]["title"] == code, found


HOSTILE = [
    ("explain_cycle", ["01-easy-text", 1.5], "wrong-type"),
    ("explain_cycle", ["01-easy-text", None], "wrong-type"),
    ("explain_cycle", [5, 0], "wrong-type"),
    ("explain_cycle", ["01-easy-text"], "too-few-values"),
    ("verify_block", ["x", "\ud83d", "", "auto"], "half-character"),
    ("verify_block", [["x"], "y", "", "auto"], "wrong-type"),
    ("attention_shares", ["abc", 1, [7], None], "wrong-type"),
    ("attention_shares", [[7, "7"], 1, [7], None], "wrong-type"),
    ("attention_shares", [[7], 1, [10**400], None], "out-of-range"),
    ("attention_shares", [[7], 2, [7], None], "out-of-range"),
    ("attention_shares", [[7], 1, {"a": 1}, None], "wrong-type"),
    ("decode_events", [None, 8, *REST], "wrong-type"),
    ("decode_events", ["x", True, *REST], "wrong-type"),
    ("decode_events", ["x", 8, *REST[:-2], "yes", "chain"], "wrong-type"),
    ("decode_events", ["x", 8, *REST[:-3], 1.5, False, "chain"], "wrong-type"),
    ("decode_events", ["x", 8, *REST[:-1], "bush"], "unknown-choice"),
    ("decode_view", ["x", 8, 0, 1, "", "", "", 5, "gumbel", "auto"], "unknown-choice"),
    ("decode_view", ["x", 8, 0, 1, "", "", "", "full", ["q"], "auto"], "unknown-choice"),
]


@pytest.mark.parametrize(("name", "values", "code"), HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_is_sent_the_error_has_a_sentence_and_a_code(app, name, values, code):
    event, found = stream(app.call(name, values))[-1]
    assert event == "error" and found["error"] and found["title"] == code, found
    assert "Traceback" not in app.log


def test_an_operator_sees_runs_and_health(app, client):
    before = metrics(app)
    client.predict(SECRET, 20, api_name="/lossless_check")
    after = metrics(app)
    grown = {name: after[name] - before[name] for name in before if after[name] != before[name]}
    assert grown['orthrus_runs_total{outcome="done"}'] == 1 and grown["orthrus_tokens_total"] == 20
    assert after["orthrus_model_loaded"] == after["orthrus_healthy"] == 1
    assert app.get("/healthz").text == '{"status":"ok"}' and app.get("/metrics").head["content-type"].startswith(
        "text/"
    )


def test_a_client_that_stops_reading_takes_nothing_from_the_others(app, client):
    begun = json.loads(app.post("/gradio_api/call/decode_events", {"data": [SECRET, 200, *REST]}).text)["event_id"]
    with socket.create_connection(("127.0.0.1", app.port), timeout=PATIENCE_S) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        wire.sendall(f"GET /gradio_api/call/decode_events/{begun} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert wire.recv(64)  # it began to read, and stops
        assert events(client.submit(SECRET, 16, api_name="/decode_events")).done.n_tokens == 16
        assert app.get("/healthz").status == 200
    assert events(client.submit(SECRET, 16, api_name="/decode_events")).done


def test_a_closed_connection_frees_its_run(app):
    before = metrics(app)["orthrus_running_runs"]
    begun = json.loads(app.post("/gradio_api/call/decode_events", {"data": [SECRET, 200, *REST]}).text)["event_id"]
    reply = urllib.request.urlopen(
        f"http://127.0.0.1:{app.port}/gradio_api/call/decode_events/{begun}", timeout=PATIENCE_S
    )
    reply.readline()
    reply.close()
    assert before == 0 and until(lambda: metrics(app)["orthrus_running_runs"] == 0, PATIENCE_S)
    assert metrics(app)["orthrus_waiting_runs"] == 0


def test_the_log_is_json_with_run_ids_and_without_prompts(app):
    lines = [json.loads(line) for line in app.log.splitlines() if line.startswith("{")]
    ended = [line for line in lines if line["event"] == "run ended"]
    assert ended and all(re.fullmatch("[0-9a-f]{12}", line["run"]) and line["outcome"] for line in ended)
    assert SECRET not in app.log and "Traceback" not in app.log


def test_sigterm_lets_the_run_end_and_then_the_server(app, client):
    """The last test of this file, because it ends what the others talk to."""
    found, job = [], client.submit(SECRET, 200, compare=True, api_name="/decode_events")
    reader = threading.Thread(target=lambda: found.extend(job))
    reader.start()
    assert until(lambda: any(item["type"] == "draft" for item in list(found)), PATIENCE_S)
    app.process.send_signal(signal.SIGTERM)
    reader.join(PATIENCE_S)
    assert app.process.wait(PATIENCE_S) == 0
    assert events(found).done.stop in ("length", "eos", "capacity"), "the run under way was not cut off"
