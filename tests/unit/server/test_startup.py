"""What is told before anything is loaded: settings, address, environment; and that a proxy is for other machines."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from orthrus.errors import OrthrusError
from orthrus.server import startup
from orthrus.server.settings import Settings, mounted_at, settings_from_environment, settings_of
from tests.running import PATIENCE_S, ROOT, free_port, make_assets, own, running, until
from viz.page import player_files
from viz.player import modules

QUICK_S = 20  # on a busy machine; a start that imports the framework or loads a model is longer


def starts(*arguments: str, **environ: str) -> subprocess.CompletedProcess:
    """`python app.py` in a process of its own; for what ends by itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORTHRUS_", "GRADIO_"))}
    command = [sys.executable, "-X", "importtime", "app.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=kept | environ, capture_output=True, text=True, timeout=QUICK_S)


def told(done: subprocess.CompletedProcess) -> str:
    """The one line it says, code 2, and nothing heavy imported."""
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert not {"gradio", "torch", "transformers"} & imported
    [line] = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
    assert done.returncode == 2 and done.stdout == ""
    return line


@pytest.mark.parametrize(
    ("arguments", "environ", "named"),
    [
        (("--port", "0"), {}, ("--port", "'0'", "65535")),
        (("--port", "70000"), {}, ("--port", "'70000'")),
        ((), {"ORTHRUS_PORT": "99²"}, ("ORTHRUS_PORT", "'99²'")),
        ((), {"GRADIO_SERVER_PORT": "abc"}, ("GRADIO_SERVER_PORT", "'abc'")),
        ((), {"GRADIO_NUM_PORTS": "many"}, ("GRADIO_NUM_PORTS", "'many'")),
        ((), {"GRADIO_DEFAULT_CONCURRENCY_LIMIT": "abc"}, ("GRADIO_DEFAULT_CONCURRENCY_LIMIT", "'abc'")),
        (("--host", "nonsense.invalid"), {}, ("--host", "GRADIO_SERVER_NAME", "'nonsense.invalid'")),
        (("--host", "http://127.0.0.1"), {}, ("--host", "'http://127.0.0.1'")),
        (("--host", "203.0.113.7"), {}, ("--host", "'203.0.113.7'", "this machine")),
        (("--host", ""), {}, ("--host",)),
        ((), {"GRADIO_ROOT_PATH": "/a b"}, ("GRADIO_ROOT_PATH", "'/a b'")),
        (("--device", "tpu"), {}, ("--device", "'tpu'", "cuda")),
        ((), {"ORTHRUS_DTYPE": "int8"}, ("ORTHRUS_DTYPE", "'int8'", "bfloat16")),
        (("--traces", "nowhere"), {}, ("--traces", "'nowhere'")),
        (("--records", "README.md"), {}, ("--records", "'README.md'")),
        (("--framed-by", "everybody"), {}, ("--framed-by", "'everybody'")),
        ((), {"GRADIO_TEMP_DIR": "README.md/x"}, ("GRADIO_TEMP_DIR", "'README.md/x'")),
        (("--prot", "1"), {}, ("--prot",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_bad_setting_ends_at_once_with_one_sentence(arguments, environ, named):
    said = told(starts(*arguments, **environ))
    assert all(word in said for word in named), said


def test_a_port_that_is_taken_is_told_at_once():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = told(starts("--port", port))
    assert port in said and "--port" in said and "GRADIO_SERVER_PORT" in said


def test_an_option_wins_over_a_bad_variable_and_help_needs_neither():
    assert settings_of(["--port", "81"], {"GRADIO_SERVER_PORT": "abc", "ORTHRUS_PORT": "x"}).port == 81
    done = subprocess.run(
        [sys.executable, "app.py", "--help"],
        cwd=ROOT,
        env=os.environ | {"GRADIO_SERVER_PORT": "abc", "ORTHRUS_WAITING": "x"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and "--root-path" in done.stdout and done.stderr == ""


def test_the_command_line_has_no_use_for_the_page_s_variables():
    env = os.environ | {"GRADIO_SERVER_PORT": "abc", "ORTHRUS_WAITING": "x", "GRADIO_ROOT_PATH": " "}
    done = subprocess.run(
        [sys.executable, "-m", "orthrus", "--help"], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_only_the_named_settings_are_read():
    environ = {"ORTHRUS_DEVICE": "cpu", "ORTHRUS_PORT": "x", "ORTHRUS_WAITING": "x"}
    assert settings_from_environment(environ, names=("device", "threads")) == Settings(device="cpu")
    with pytest.raises(OrthrusError) as error:
        settings_from_environment(environ)
    assert error.value.code == "out-of-range"


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"ORTHRUS_MCP": "perhaps"}, "unknown-choice"),
        ({"ORTHRUS_ENGINE": "quick"}, "unknown-choice"),
        ({"ORTHRUS_DEVICE": "cuda:"}, "unknown-choice"),
        ({"ORTHRUS_PORT": "9" * 5000}, "out-of-range"),
        ({"ORTHRUS_PORT": "-1"}, "out-of-range"),
        ({"GRADIO_ROOT_PATH": "/a/../b"}, "root-path-bad"),
    ],
)
def test_each_fault_has_its_code(environ, code):
    with pytest.raises(OrthrusError) as error:
        settings_from_environment(environ)
    assert error.value.code == code and len(str(error.value)) < 250


def test_the_framework_s_own_variables_are_heeded_after_ours():
    given = {"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "7861", "GRADIO_ROOT_PATH": "orthrus/"}
    made = settings_from_environment(given | {"ORTHRUS_PORT": " 7862 ", "GRADIO_MCP_SERVER": "False"})
    assert (made.host, made.port, made.root_path, made.mcp) == ("0.0.0.0", 7862, "/orthrus", False)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/orthrus", "/orthrus"),
        ("orthrus", "/orthrus"),
        ("/a//b/", "/a/b"),
        ("/", ""),
        ("https://h.example:8443/a/", "https://h.example:8443/a"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("/a?b", None),
        ("/a#b", None),
        ("/ü", None),
        ("/a/..", None),
        ("ftp://h/a", None),
        ("https:///a", None),
        ("/a\r\nx: y", None),
    ],
)
def test_a_root_path_is_a_plain_path_or_address(text, path):
    if path is None:
        with pytest.raises(OrthrusError) as error:
            mounted_at("--root-path", text)
        assert error.value.code == "root-path-bad"
    else:
        assert mounted_at("--root-path", text) == path


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EADDRINUSE, "port-taken"),
        (errno.EACCES, "port-forbidden"),
        (errno.EADDRNOTAVAIL, "host-elsewhere"),
        (errno.EAFNOSUPPORT, "host-elsewhere"),
        (errno.ENOBUFS, "address-unusable"),
    ],
)
def test_why_an_address_cannot_be_had(number, code):
    refused = startup.refusal(OSError(number, os.strerror(number)), "h.example", 80)
    assert refused.code == code
    assert "--port" in str(refused) or "--host" in str(refused) or "h.example" in str(refused)


def test_an_address_is_tried_and_left_free():
    port = free_port()
    startup.check_address("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(OrthrusError) as error:
            startup.check_address("localhost", port)
        assert error.value.code == "port-taken"


def test_ipv6_addresses_stand_in_brackets_where_a_url_is_made():
    assert [startup.for_url(host) for host in ("::1", "[::1]", "127.0.0.1", "localhost")] == [
        "[::1]",
        "[::1]",
        "127.0.0.1",
        "localhost",
    ]


def test_the_framework_finds_no_variable_that_would_win_over_the_page_s_arguments():
    given = {"GRADIO_DEBUG": "1", "GRADIO_SHARE": "true", "GRADIO_SERVER_PORT": "81", "GRADIO_TEMP_DIR": ".", "A": "b"}
    environ = {**given, "GRADIO_DEFAULT_CONCURRENCY_LIMIT": "none"}
    assert startup.begin(["--port", str(free_port())], environ).host == "127.0.0.1"
    framework = {name for name in environ if name.startswith("GRADIO_")}
    kept = {"GRADIO_TEMP_DIR", "GRADIO_SERVER_NAME", "GRADIO_ANALYTICS_ENABLED"}
    bounds = {"GRADIO_ANALYTICS_MAX_EVENTS", "GRADIO_ANALYTICS_CACHE_FREQUENCY"}
    assert framework == kept | bounds and environ["A"] == "b"


# Proxies


@pytest.mark.parametrize("given", [{}, {"NO_PROXY": "a.example, .b.example"}, {"no_proxy": "a.example"}])
def test_this_machine_goes_to_no_proxy_and_the_rest_still_does(given):
    environ = {"https_proxy": "http://proxy.example:3128", **given}
    startup.leave_loopback_alone(environ)
    hosts = environ["NO_PROXY"].split(",")
    assert environ["no_proxy"] == environ["NO_PROXY"] and {"127.0.0.1", "localhost", "::1"} <= set(hosts)
    assert {each for value in given.values() for each in re.split("[ ,]+", value)} <= set(hosts)
    assert environ["https_proxy"] == "http://proxy.example:3128"


def test_all_hosts_stay_all_hosts():
    environ = {"NO_PROXY": "*"}
    startup.leave_loopback_alone(environ)
    assert environ == {"NO_PROXY": "*"}


def test_no_proxy_is_known_while_the_framework_starts():
    before = {"HTTP_PROXY": "http://127.0.0.1:9", "all_proxy": "socks5://127.0.0.1:9", "no_proxy": "x", "A": "b"}
    environ = dict(before)
    with pytest.raises(KeyError), startup.direct(environ):
        assert environ == {"A": "b", "no_proxy": "*"}
        raise KeyError
    assert environ == before


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "odd://127.0.0.1:9"])
def test_a_download_through_a_proxy_of_an_unknown_kind_is_a_sentence(proxy, tmp_path):
    if proxy.startswith("socks") and find_spec("socksio"):
        pytest.skip("with socksio this proxy is known")
    code = "import sys; from orthrus.checkpoints.hub import locate\n"
    code += "try: locate('a/b')\nexcept ValueError as e: sys.exit(e.code)"
    env = os.environ | {"ALL_PROXY": proxy, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.stderr.strip().splitlines()[-1] == "hub-proxy"


@pytest.fixture(scope="module")
def assets(tmp_path_factory):
    pytest.importorskip("gradio")
    folder = tmp_path_factory.mktemp("assets")
    make_assets(folder)
    return folder


def test_the_page_starts_whatever_proxies_the_environment_names(assets):
    named = {"http_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"}
    with running(assets, **named, NO_PROXY="[::1],fe80::/10", GRADIO_SHARE="true", GRADIO_DEBUG="1") as app:
        assert app.get("/healthz").status in (200, 503)
        assert "Traceback" not in app.log and "gradio.live" not in app.log


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
def test_the_page_listens_on_an_ipv6_address(assets):
    try:
        startup.check_address("::1", port := free_port())
    except OrthrusError as error:
        pytest.skip(str(error))
    with running(assets, (*own(assets, port), "--host", "::1"), port, at="::1") as app:
        assert app.get("/config").status == 200 and app.get("/healthz").status in (200, 503)


def test_tools_are_served_if_their_extra_is_installed(assets):
    """Without a word about it; asked for and not installed, the page does not start."""
    with running(assets) as app:
        assert (app.get("/gradio_api/mcp/schema").status == 200) is (find_spec("mcp") is not None)
    if find_spec("mcp") is None:
        assert "--mcp" in told(starts("--mcp"))


NODE_IN_FRONT = """
import runpy, gradio
launch = gradio.Blocks.launch
gradio.Blocks.launch = lambda page, **how: launch(page, **{**how, "ssr_mode": True})
runpy.run_path("app.py", run_name="__main__")
"""


def node() -> str:
    """A Node that is new enough for the framework, "" for none."""
    found = os.environ.get("GRADIO_NODE_PATH") or shutil.which("node")
    said = found and subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    return found if said and int(said[1:].split(".")[0]) >= 24 else ""


@pytest.mark.skipif(not node(), reason="the framework's server in front needs Node 24; GRADIO_NODE_PATH may name one")
def test_the_server_s_state_can_be_asked_behind_a_node_server_in_front(assets):
    port = free_port()
    program, _, *arguments = own(assets, port)
    with running(assets, (program, "-c", NODE_IN_FRONT, *arguments), port, GRADIO_NODE_PATH=node()) as app:
        assert until(lambda: app.get("/gradio_api/healthz").status == 200, PATIENCE_S)
        assert "text/html" in app.get("/healthz").head["content-type"], "the control: Node is in front"
        assert "status" in app.get("/gradio_api/healthz").text
        assert "orthrus_healthy 1.0\n" in app.get("/gradio_api/metrics").text
        assert app.get(f"/{player_files.address(modules.ENTRY)}").status == 200


def test_the_sentence_comes_within_seconds():
    began = time.monotonic()
    told(starts("--port", "x"))
    assert time.monotonic() - began < QUICK_S / 2
