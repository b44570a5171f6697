"""Nobody gets from the page to files, addresses, models or code: asked of the running app, request by request."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from urllib.parse import quote

import pytest

from orthrus.server import request_filter, security_headers
from orthrus.server.settings import settings_from_environment
from tests.refusals import refused
from tests.running import ROOT, make_assets, running
from viz.page import player_files
from viz.player import modules

SECRET = "hf_thisIsNoRealTokenButMustNotBeSeen"
NOVEL = "a prompt that nobody may find again"
CALL = "/gradio_api/call/decode_view"
HERE, SCRIPT = quote(str(ROOT)), quote(str(modules.STATIC / modules.ENTRY))  # a folder's name may hold anything


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    pytest.importorskip("gradio")
    folder = tmp_path_factory.mktemp("app")
    make_assets(folder)
    with running(folder, HF_TOKEN=SECRET, ORTHRUS_NOTHING=SECRET, ORTHRUS_MCP="0") as found:
        found.folder = folder
        yield found


def form(app, **changes) -> list:
    """The named function's inputs at their defaults, in order."""
    known = json.loads(app.get("/gradio_api/info").text)["named_endpoints"]["/decode_view"]["parameters"]
    values = {p["parameter_name"]: p.get("parameter_default", "") for p in known}
    assert changes.keys() <= values.keys()
    return list((values | {"max_new_tokens": 8} | changes).values())


# Paths


def test_the_player_s_scripts_are_served_and_nothing_beside_them(app):
    folder = f"{request_filter.PLAYER}{modules.version()}/"
    for name in (player_files.BUNDLE, player_files.PLOTLY):
        reply = app.get(f"{folder}{name}")
        assert reply.status == 200 and reply.head["content-type"].startswith("text/javascript")
        assert "immutable" in reply.head["cache-control"], "its address is another one whenever it is another file"
    assert app.get(f"{folder}{player_files.BUNDLE}").text == modules.bundle()
    unserved = ("export.html", "package.json", "page/page.js", "css/page.css", modules.ENTRY)
    assert all((modules.STATIC / name).is_file() for name in unserved)
    for beside in (
        *unserved,
        "",
        "player",
        "x/main.js",
        f"..%2fstatic%2f{modules.ENTRY}",
        f"player/../{modules.ENTRY}",
    ):
        assert app.get(f"{folder}{beside}").status == 404
    for other in (player_files.BUNDLE, f"0123456789abcdef/{player_files.BUNDLE}"):
        assert app.get(f"{request_filter.PLAYER}{other}").status == 404, "a file of another version"
    assert app.get(f"/gradio_api/file={SCRIPT}").status == 404


def test_no_address_of_the_page_holds_the_folder_it_lies_in(app):
    assert str(ROOT) not in app.get("/").text and str(ROOT) not in app.get("/config").text


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=app.py",
        f"/gradio_api/file={HERE}/app.py",
        f"/gradio_api/file={HERE}/README.md",
        f"/gradio_api/file={HERE}/viz/static/../../app.py",
        f"/gradio_api/file={SCRIPT}/../../../app.py",
        f"/gradio_api/file={SCRIPT}%00.py",
        f"/gradio_api/file=./{SCRIPT}",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=..%2f..%2f..%2fetc%2fpasswd",
        "/gradio_api/file=%252e%252e%252fapp.py",
        "/gradio_api/file=file:///etc/passwd",
        "/gradio_api/file/etc/passwd",
        "/file=/etc/passwd",
        "/static/../../../../../../etc/passwd",
        "/static/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/static/%5c..%5c..%5capp.py",
        "/static//etc/passwd",
        "/assets/..%2f..%2frequirements.txt",
        "/assets/%2e%2e/%2e%2e/index.html",
        "/gradio_api/custom_component/x/client/component/..%2f..%2fapp.py",
        "/config?deep_link=../../../etc/passwd",
        "/app.py",
        "/.git/config",
        "/assets/traces",
    ],
)
def test_no_path_leads_to_a_file(app, path):
    reply = app.get(path)
    assert reply.status == 404, reply
    assert "root:" not in reply.text and "import" not in reply.text and str(ROOT) not in reply.text


@pytest.mark.parametrize("door", ["file=", "proxy=", "file%3D"])
def test_no_address_is_fetched(app, door):
    with listening() as (port, heard):
        assert app.get(f"/gradio_api/{door}http://127.0.0.1:{port}/x").status == 404
        assert app.get(f"/gradio_api/{door}http:%2f%2f127.0.0.1:{port}/x").status == 404
    assert heard == []


def test_an_address_in_a_form_is_not_fetched_either(app):
    """The framework fetches what a file record names, before any function sees it."""
    with listening() as (port, heard):
        record = {"path": f"http://127.0.0.1:{port}/x", "meta": {"_type": "gradio.FileData"}}
        for prompt in (record, [record], {"deeper": [[record]]}, {"url": record["path"], "meta": record["meta"]}):
            assert app.post(CALL, {"data": form(app, prompt=prompt)}).status == 400
        escaped = json.dumps({"data": form(app, prompt=record)}).replace('"path"', r'"\u0070ath"').encode()
        assert app.post(CALL, escaped).status == 400
    assert heard == []


class listening:
    """A port of our own and the connections it was offered."""

    def __enter__(self):
        self.socket, self.heard = socket.create_server(("127.0.0.1", 0)), []
        threading.Thread(target=self._listen, daemon=True).start()
        return self.socket.getsockname()[1], self.heard

    def _listen(self):
        while True:
            try:
                self.heard.append(self.socket.accept()[1])
            except OSError:
                return

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


# Doors of the framework that the page does not use


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/stream/x"),
        ("POST", "/gradio_api/vibe-edit"),
        ("POST", "/login"),
        ("GET", "/gradio_api/vibe-code"),
        ("GET", "/gradio_api/deep_link?session_hash=x"),
        ("GET", "/gradio_api/dev/reload"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/gradio_api/mcp/"),
        ("GET", "/gradio_api/upload_progress?upload_id=x"),
        ("GET", "/monitoring"),
        ("GET", "/monitoring/summary"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("PUT", "/config"),
        ("DELETE", "/"),
        ("TRACE", "/"),
    ],
)
def test_a_door_that_the_page_does_not_use_is_shut(app, method, path):
    reply = app.ask(method, path, b"{}" if method == "POST" else None, content_type="application/json")
    assert reply.status == 404, reply


def test_an_upload_leaves_nothing_behind(app):
    body = b'--x\r\ncontent-disposition: form-data; name="files"; filename="a.py"\r\n\r\nprint()\r\n--x--\r\n'
    for path in ("/gradio_api/upload", CALL, "/gradio_api/queue/join"):
        reply = app.ask("POST", path, body, content_type="multipart/form-data; boundary=x")
        assert reply.status in (404, 415), reply
    assert [p for p in (app.folder / "temporary").rglob("*") if p.is_file()] == []


def test_of_all_the_framework_s_routes_only_these_are_open():
    """A later version's new door is shut until somebody adds it to the gate, or this list tells of it."""
    gradio = pytest.importorskip("gradio")
    with gradio.Blocks() as page:
        gradio.Textbox()
    paths = gradio.routes.App.create_app(page).openapi()["paths"]
    found = {(method.upper(), path.rstrip("/") or "/") for path, methods in paths.items() for method in methods}
    opened = {(m, path) for m, path in found if admits(m, re.sub(r"\{[^}]*\}", "x", path))}
    assert {m for m, _ in opened} == {"GET", "HEAD", "POST"}
    api = {path.removeprefix(request_filter.API) for m, path in opened if path.startswith(request_filter.API)}
    assert {p for _, p in opened if not p.startswith(request_filter.API)} <= {
        *("/", "/config", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json"),
        *("/assets/{path}", "/static/{path}"),
    }
    assert api <= {
        *("/info", "/openapi.json", "/app_id", "/theme.css", "/startup-events", "/cancel", "/reset"),
        *("/queue/join", "/queue/data", "/queue/status", "/heartbeat/{session_hash}", "/run/{api_name}"),
        *("/call/{api_name}", "/call/v2/{api_name}", "/call/{api_name}/{event_id}", "/call/v2/{api_name}/{event_id}"),
    }
    assert len(opened) > 20 and len(found - opened) > 25


def admits(method: str, path: str, body: bytes = b"{}", **scope) -> bool:
    async def receive():
        return {"type": "http.request", "body": body}

    request = {"type": "http", "method": method, "path": path, "headers": [], **scope}
    try:
        asyncio.run(request_filter.Gate(None).admitted(request, receive))
    except request_filter.RequestRefused:
        return False
    return True


@pytest.mark.parametrize(
    ("path", "root", "open_"),
    [
        ("/gradio_api/player/b.js", "", True),
        ("/demo/gradio_api/player/1/a/b.js", "/demo", True),
        ("/demo/config/", "/demo/", True),
        ("/gradio_api/player/../file=/a/b.js", "", False),
        ("/demo/config", "", False),
        ("/static/a//b", "", False),
        ("/static/./b", "", False),
    ],
)
def test_paths_are_taken_as_they_are(path, root, open_):
    assert admits("GET", path, root_path=root) is open_


# Bodies


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 5_000 + b"]" * 5_000, 400),
        (b"[" * 500_000, 400),
        (b'{"data":' + b"[" * 20 + b"]" * 20 + b"}", 400),
        (b'{"data":[NaN]}', 400),
        (b'{"data":[' + b"9" * 5_000 + b"]}", 400),
        (b'{"data":["\xff"]}', 400),
        (b'{"data":[' + b"1," * 20_000 + b"1]}", 400),
        (b"not json", 400),
        (b" " * (request_filter.MAX_BODY_BYTES + 1), 413),
        (b'{"data":"x"}', 422),
        (b"null", 422),
        (b"", 422),
        (b'{"data":["x"],"fn_index":9999,"session_hash":"x"}', 400),
    ],
)
def test_a_body_that_does_not_fit_is_refused_in_one_sentence(app, body, status):
    path = "/gradio_api/queue/join" if b"fn_index" in body else CALL
    reply = app.post(path, body)
    assert reply.status == status, reply
    assert len(reply.text) < 500 and "Traceback" not in reply.text and ".py" not in reply.text


def test_a_body_without_a_length_is_bounded_too(app):
    with socket.create_connection(("127.0.0.1", app.port), timeout=60) as wire:
        wire.sendall(f"POST {CALL} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        try:
            for _ in range(2 * request_filter.MAX_BODY_BYTES // 0x10000):
                wire.sendall(chunk)
        except OSError:
            pass  # the server has hung up, which is right
        assert b" 413 " in wire.recv(100)


@pytest.mark.parametrize("path", ["/gradio_api/call/nothing", "/gradio_api/run/nothing", "/gradio_api/call/v2/nothing"])
def test_an_unknown_name_is_refused_without_a_traceback(app, path):
    reply = app.post(path, {"data": ["x"]})
    assert reply.status == 400 and "fits nothing" in reply.text
    assert "Traceback" not in app.log


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": None},
        {"prompt": 7},
        {"prompt": {"a": [1]}},
        {"prompt": "x" * 100_000},
        {"max_new_tokens": "abc" * 1_000},
        {"max_new_tokens": 10**400},
        {"max_new_tokens": [1, 2]},
        {"seed": {"a": 1}},
        {"seed": 1e308},
        {"temperature": "inf"},
        {"top_p": "nan"},
        {"block_size": "-5"},
        {"coupling": "../../etc/passwd"},
        {"engine": "http://127.0.0.1/"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_value_that_does_not_fit_ends_in_a_sentence(app, changes):
    said = app.call("decode_view", form(app, **changes))
    assert 'role=\\"alert' in said or "event: error" in said or "prompt" in changes
    assert "Traceback" not in said and "The run failed" not in said and len(said) < 400_000


@pytest.mark.parametrize(
    "name", ["../../app.py", "/etc/passwd", "01-easy-text.jsonl.gz", "https://example.org/x", "\x00", ""]
)
def test_a_recording_s_name_is_no_path(app, name):
    """Names are looked up among those that were found when the page started."""
    said = app.call("explain_cycle", [name, 0])
    assert "unknown-recording" in said and "error" in said, said


def test_a_form_with_too_few_values_is_told_so(app):
    assert "values, the request has 1." in app.call("decode_view", [NOVEL])


def test_what_a_visitor_wrote_comes_back_as_text(app):
    said = app.call("decode_view", form(app, max_new_tokens="<img src=x onerror=alert(1)>"))
    assert "&lt;img src=x" in said and "<img" not in said


# Traces left behind, addresses, headers


def test_no_prompt_is_kept_and_no_secret_is_said(app):
    said = app.call("decode_view", form(app, prompt=NOVEL))
    assert "forward passes" in said
    app.call("decode_view", [NOVEL])
    app.post("/gradio_api/call/" + SECRET, {"data": [NOVEL]})
    assert re.search(r"failed: \w+Error in ", app.log)  # the log is there, and speaks
    assert NOVEL not in app.log
    for path in ("/", "/config", "/gradio_api/info", "/gradio_api/openapi.json"):
        assert SECRET not in app.get(path).text
    assert app.log.count(SECRET) == app.log.count(f"/gradio_api/call/{SECRET}")  # only as the visitor's own address
    left = [p for p in (app.folder / "temporary").rglob("*") if p.is_file()]
    assert left == []


def test_the_page_says_that_prompts_are_not_kept(app):
    assert "are not kept" in app.get("/config").text


def test_only_this_machine_reaches_it_unless_asked(app):
    assert settings_from_environment({}).host == "127.0.0.1"
    with pytest.raises(OSError):  # 0.0.0.0 would take this address, too
        socket.create_connection(("127.0.0.2", app.port), timeout=5).close()


@pytest.mark.parametrize(
    "path", ["/", "/config", "/theme.css", "/nothing", f"{request_filter.PLAYER}{modules.version()}/{modules.ENTRY}"]
)
def test_every_reply_has_the_headers(app, path):
    head = app.get(path).head
    assert head["x-content-type-options"] == "nosniff" and head["referrer-policy"] == "same-origin"
    rules = dict(rule.split(" ", 1) for rule in head["content-security-policy"].split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == rules["frame-ancestors"] == "'self'"
    assert "'unsafe-inline'" not in rules["script-src"] and "http" not in head["content-security-policy"]
    assert ("sha256" in rules["script-src"]) is (path == "/")


# The layers by themselves


@pytest.mark.parametrize("wanted", ["'self'", "'none'", "'self' https://huggingface.co https://*.example.org:8443"])
def test_who_may_frame_the_page_can_be_set(wanted):
    assert f"frame-ancestors {wanted}" in security_headers.policy(security_headers.frame_origins(wanted))


@pytest.mark.parametrize("wanted", ["", "self", "https://a.b; script-src *", "*", "https://a/b", "https://a\r\nx: y"])
def test_what_is_no_origin_is_refused(wanted):
    with refused("frame-origin"):
        security_headers.frame_origins(wanted)


def test_a_space_may_be_shown_by_its_hub():
    assert settings_from_environment({"SPACE_ID": "a/b"}).framed_by.split() == ["'self'", "https://huggingface.co"]
    assert settings_from_environment({"SPACE_ID": "a/b", "ORTHRUS_FRAMED_BY": "'none'"}).framed_by == "'none'"


def test_a_script_is_named_as_browsers_count_it():
    # the example of the content policy standard
    assert (
        security_headers.digest(b"alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    )
    assert security_headers.digest(b"a\r\nb") == security_headers.digest(b"a\nb")


def test_a_document_in_parts_is_read_whole_and_its_headers_replaced():
    async def document(scope, receive, send):
        head = [(b"content-type", b"text/html"), (b"Referrer-Policy", b"unsafe-url")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for part in (b"<script>al", b"ert(1)</scr", b"ipt><script src='x'></script>"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    sent = []

    async def send(part):
        sent.append(part)

    asyncio.run(security_headers.Headers(document)({"type": "http"}, None, send))
    start, body = sent
    assert body["body"] == b"<script>alert(1)</script><script src='x'></script>"
    names = [name.lower() for name, _ in start["headers"]]
    assert len(names) == len(set(names))
    assert security_headers.digest(b"alert(1)").encode() in dict(start["headers"])[b"content-security-policy"]
    assert dict(start["headers"])[b"content-security-policy"].count(b"sha256") == 1


def test_a_failure_behind_the_gate_shows_no_traceback(caplog):
    async def broken(scope, receive, send):
        raise KeyError(NOVEL)

    sent = []

    async def send(part):
        sent.append(part)

    scope = {"type": "http", "method": "GET", "path": "/config", "headers": []}
    asyncio.run(request_filter.Gate(broken)(scope, None, send))
    assert sent[0]["status"] == 500 and NOVEL.encode() not in sent[1]["body"]
    assert "KeyError in test_security.py" in caplog.text and NOVEL not in caplog.text


def test_no_socket_of_another_kind_is_opened():
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(part):
        sent.append(part)

    asyncio.run(request_filter.Gate(None)({"type": "websocket", "path": "/"}, receive, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
