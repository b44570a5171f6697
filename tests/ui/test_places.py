"""The page where others put it: behind a proxy at a path, from a folder with an odd name; and a server that is gone."""

from __future__ import annotations

import shutil
import sys
from urllib.parse import urlsplit

import pytest

from tests.proxying import proxy
from tests.running import PATIENCE_S, ROOT, free_port, running

pytestmark = pytest.mark.ui


def plays(page) -> None:
    """A run of one's own, a chart drawn, and every request answered from below the page's own address."""
    page.until("document.querySelector('#about').innerText.trim()")  # the model is loaded
    page.page.fill("#prompt textarea", "Hello")
    page.page.fill("#field-max_new_tokens input", "8")
    page.page.click("#run")
    page.until("document.querySelector('#status').innerText.includes('passes')")
    page.tab("time")
    assert page.page.locator("#unreachable").count() == 0
    base = page.page.url.partition("?")[0]
    assert base.endswith("/")
    assert [url for url in page.requests if url.startswith("http") and not url.startswith(base.rstrip("/"))] == []


@pytest.fixture(scope="module")
def mounted(traces, checkpoint, tmp_path_factory):
    """A server that knows its path by the variable that gradio has for it."""
    port = free_port()
    command = (sys.executable, "app.py", "--port", str(port), "--traces", str(traces), "--model", str(checkpoint))
    folder = tmp_path_factory.mktemp("mounted")
    with running(folder, (*command, "--device", "cpu"), port, GRADIO_ROOT_PATH="/orthrus/") as app:
        yield app.port


@pytest.mark.parametrize(
    ("told", "how"),
    [
        (False, {}),
        (False, {"host": False}),
        (False, {"X_Forwarded_Prefix": "/orthrus"}),
        (False, {"strip": False, "X_Forwarded_Prefix": "/orthrus/"}),
        (True, {}),
        (True, {"strip": False}),
        (True, {"strip": False, "host": False, "X_Forwarded_Host": "127.0.0.1", "X_Forwarded_Proto": "http"}),
    ],
    ids=lambda value: "-".join(value) or "plain" if isinstance(value, dict) else str(value),
)
def test_the_page_plays_behind_a_proxy_at_a_path(told, how, mounted, server, open_page):
    upstream = mounted if told else urlsplit(server).port
    with proxy(upstream, **how) as address:
        slashless = not how.get("strip", True)  # the server sees what is missing, and sends the browser on
        page = open_page(f"{address}?a=b" if slashless else f"{address}/?a=b")
        assert page.page.url == f"{address}/?a=b"
        plays(page)


def test_the_missing_slash_is_put_in_by_the_page_where_the_server_cannot_see_it(server, browser):
    with proxy(urlsplit(server).port) as address:
        page = browser.new_page()
        page.set_default_timeout(1e3 * PATIENCE_S)
        page.goto(f"{address}?a=b#run")
        page.wait_for_function("window.orthrusPlayer && document.querySelector('#run')")
        assert page.url == f"{address}/?a=b#run"
        page.close()


def test_a_proxy_that_passes_on_too_little_is_named(server, browser):
    with proxy(urlsplit(server).port, refuses=lambda method, path: method == "POST") as address:
        page = browser.new_page()
        page.set_default_timeout(1e3 * PATIENCE_S)
        page.goto(address)
        page.wait_for_function("window.orthrusPlayer && document.querySelector('#run')")
        page.click("#run")
        said = page.locator("#unreachable")
        said.wait_for()
        assert "answers 404" in said.inner_text() and "/orthrus/" in said.inner_text()
        assert said.get_attribute("role") == "alert"
        page.close()


def test_a_server_that_is_gone_is_named(traces, checkpoint, tmp_path, browser):
    port = free_port()
    command = (sys.executable, "app.py", "--port", str(port), "--traces", str(traces), "--model", str(checkpoint))
    page = browser.new_page()
    page.set_default_timeout(1e3 * PATIENCE_S)
    with running(tmp_path, (*command, "--device", "cpu"), port):
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_function("window.orthrusPlayer && document.querySelector('#run')")
    page.click("#run")
    said = page.locator("#unreachable")
    said.wait_for()
    assert f"127.0.0.1:{port}" in said.inner_text() and "Is it still running?" in said.inner_text()
    page.close()


@pytest.mark.parametrize("name", ["C#1", "a b%20c?ü\\d'\"<i>"])
def test_the_page_plays_from_a_folder_of_any_name(name, traces, checkpoint, tmp_path, open_page):
    root = tmp_path / name
    for part in ("orthrus", "kernels", "viz"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "assets", root / "assets")
    shutil.copy(ROOT / "app.py", root)
    port = free_port()
    command = (sys.executable, "app.py", "--port", str(port), "--traces", str(traces), "--model", str(checkpoint))
    with running(tmp_path, (*command, "--device", "cpu"), port, root):
        page = open_page(f"http://127.0.0.1:{port}/")
        plays(page)
        page.tab("take")
        with page.page.expect_download() as download:
            page.page.get_by_text("This page as one file").click()
        assert download.value.path().stat().st_size > 10**6
        assert [url for url in page.requests if name[:2] in url] == []
