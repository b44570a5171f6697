"""Two replicas of the page behind nginx with the stored configuration: who goes where, and what a death costs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from string import Template
from types import SimpleNamespace
from urllib.request import Request, urlopen

import pytest
import yaml

from orthrus.events import from_json
from orthrus.trace import Trace
from tests.running import PATIENCE_S, ROOT, App, free_port, make_assets, running, until

DEPLOY = ROOT / "docs" / "deploy"
NGINX = os.environ.get("NGINX") or shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_nginx = pytest.mark.skipif(not NGINX, reason="the replicas' tests need nginx; NGINX names it")


@contextmanager
def nginx(folder: Path, ports: list[int]) -> Iterator[App]:
    """nginx with docs/deploy/nginx.conf.template, in front of these ports."""
    port, servers = free_port(), " ".join(f"server 127.0.0.1:{p} max_fails=1 fail_timeout=1s;" for p in ports)
    template = (DEPLOY / "nginx.conf.template").read_text(encoding="utf-8")
    site = Template(template).safe_substitute(PORT=f"127.0.0.1:{port}", REPLICAS=servers)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    head = f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\n"
    text = f"{head}http {{\naccess_log off;\n{paths}{site}}}\n"
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    with (folder / "nginx.log").open("wb") as out:
        process = subprocess.Popen([str(NGINX), "-c", str(folder / "nginx.conf")], stdout=out, stderr=out)
    app = App(port, folder / "nginx.log", process)
    try:
        assert until(lambda: replica_of(app, "anyone") is not None, PATIENCE_S), app.log
        yield app
    finally:
        process.terminate()
        process.wait(30)


def replica_of(proxy: App, visitor: str, code: str = "") -> str | None:
    """Which process answers this visitor: gradio names each by a random number."""
    try:
        reply = proxy.ask(
            "GET", "/gradio_api/app_id" + (f"?class={code}" if code else ""), Cookie=f"orthrus_replica={visitor}"
        )
    except OSError:
        return None
    return reply.text if reply.status == 200 else None


@pytest.fixture(scope="module")
def replicas(tmp_path_factory):
    """A namespace of two running apps and the proxy in front of them."""
    with ExitStack() as stack:
        apps = []
        for number in range(2):
            folder = tmp_path_factory.mktemp(f"replica{number}")
            make_assets(folder)
            apps.append(stack.enter_context(running(folder, FORWARDED_ALLOW_IPS="127.0.0.1")))
        proxy = stack.enter_context(nginx(tmp_path_factory.mktemp("nginx"), [app.port for app in apps]))
        yield SimpleNamespace(apps=apps, proxy=proxy)


def whole_run(proxy: App, prompt: str) -> Trace:
    """A run asked for by a program, which keeps no cookie; its events must fold into one trace."""
    from gradio_client import Client

    client = Client(f"http://127.0.0.1:{proxy.port}", verbose=False)
    events = [item for item in client.submit(prompt, 16, api_name="/decode_events") if item["type"] != "waiting"]
    return Trace.of(from_json(item) for item in events)


@needs_nginx
@pytest.mark.slow
def test_visitors_spread_and_stay(replicas):
    found = {f"visitor{n}": replica_of(replicas.proxy, f"visitor{n}") for n in range(24)}
    assert len(set(found.values())) == 2 and None not in found.values()
    assert {name: replica_of(replicas.proxy, name) for name in found} == found


@needs_nginx
@pytest.mark.slow
def test_a_new_visitor_gets_a_cookie_and_an_old_one_keeps_it(replicas):
    new = replicas.proxy.get("/")
    assert new.status == 200 and new.head["set-cookie"].startswith("orthrus_replica=")
    assert "set-cookie" not in replicas.proxy.ask("GET", "/", Cookie="orthrus_replica=mine").head


@needs_nginx
@pytest.mark.slow
def test_a_class_stays_together(replicas):
    """Wherever its pupils were before; the address with the code moves each of them for good."""
    assert len({replica_of(replicas.proxy, f"pupil{n}", "KWT7") for n in range(24)}) == 1
    moved = replicas.proxy.ask("GET", "/?class=KWT7", Cookie="orthrus_replica=pupil1").head["set-cookie"]
    assert moved.startswith("orthrus_replica=class-KWT7;")
    assert replica_of(replicas.proxy, "class-KWT7") == replica_of(replicas.proxy, "pupil1", "KWT7")


def act(proxy: App, name: str, body: dict, token: str = "", visitor: str = "teacher"):
    path, head = (
        f"/gradio_api/class/{name}?class=BCDFGH",
        {"x_class_token": token, "Cookie": f"orthrus_replica={visitor}"},
    )
    return proxy.ask("POST", path, json.dumps(body).encode(), content_type="application/json", **head)


def next_state(stream) -> dict:
    """The next state of a class's stream, as it comes."""
    while not (line := stream.readline()).startswith(b"event: state"):
        assert line, "the stream has ended"
    return json.loads(stream.readline().removeprefix(b"data: "))


@needs_nginx
@pytest.mark.slow
def test_a_class_s_moment_comes_through_at_once_wherever_its_pupils_were(replicas):
    moment = {"run": "01-easy-text", "cycle": 3, "phase": "draft", "tab": "x", "playing": False, "hidden": False}
    token = json.loads(act(replicas.proxy, "open", {}).text)["token"]
    with ExitStack() as stack:
        address = f"http://127.0.0.1:{replicas.proxy.port}/gradio_api/class/follow?class=BCDFGH"
        asked = [Request(address, headers={"Cookie": f"orthrus_replica=pupil{n}"}) for n in range(6)]
        pupils = [stack.enter_context(urlopen(each, timeout=PATIENCE_S)) for each in asked]
        assert [next_state(pupil)["moment"] for pupil in pupils] == [None] * 6
        assert act(replicas.proxy, "show", {**moment, "speed": 1}, "wrong").status == 403
        assert act(replicas.proxy, "show", {**moment, "speed": 1}, token).status == 200
        assert [next_state(pupil)["moment"]["cycle"] for pupil in pupils] == [3] * 6
        assert act(replicas.proxy, "end", {}, token).status == 200
        assert [pupil.read().endswith(b"event: ended\ndata: {}\n\n") for pupil in pupils] == [True] * 6
    assert act(replicas.proxy, "show", {**moment, "speed": 1}, token).status == 404


@needs_nginx
@pytest.mark.slow
def test_a_stream_comes_through_whole_and_a_dead_replica_costs_one_reconnect(replicas):
    assert whole_run(replicas.proxy, "2 + 2").done is not None
    where = {n: replica_of(replicas.proxy, f"v{n}") for n in range(24)}
    victim = replicas.apps[0]
    lost = victim.get("/gradio_api/app_id").text
    victim.process.send_signal(signal.SIGKILL)
    victim.process.wait()
    now = {n: replica_of(replicas.proxy, f"v{n}") for n in range(24)}
    assert len(set(now.values())) == 1 and lost not in now.values()
    assert all(now[n] == before for n, before in where.items() if before != lost)  # the others did not move
    assert whole_run(replicas.proxy, "3 + 3").done is not None


def test_compose_and_kubernetes_name_the_same_replicas_and_template():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    replicas = [name for name in compose["services"] if name.startswith("page-")]
    proxy = compose["services"]["proxy"]
    assert [f"server {name}:7860 " in proxy["environment"]["REPLICAS"] for name in replicas] == [True] * 3
    assert proxy["volumes"][0].startswith("./nginx.conf.template:")
    parts = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))
    pages = next(part for part in parts if part["kind"] == "StatefulSet")
    nginx_env = next(part for part in parts if part["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"][
        0
    ]["env"]
    servers = next(each["value"] for each in nginx_env if each["name"] == "REPLICAS")
    assert servers.count("server page-") == pages["spec"]["replicas"] == len(replicas)


def test_the_manifest_is_what_kubernetes_accepts():
    validate = pytest.importorskip("kubernetes_validate").validate
    for part in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")):
        validate(part, "1.31", strict=True)
    assert json.dumps(part)  # there was at least one
