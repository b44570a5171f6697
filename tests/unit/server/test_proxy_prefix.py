"""Behind a proxy at a path of its own, layer by layer; and what is put into the framework's document."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from orthrus.server import proxy_prefix, request_filter, security_headers
from viz.page import document


def through(path: str, root_path: str = "", query: bytes = b"", **head: str):
    """(what an application behind Prefix sees of a request, or None; the parts of a reply that Prefix gives itself)."""
    seen, sent = [], []

    async def inner(scope, receive, send):
        seen.append(scope)

    async def send(part):
        sent.append(part)

    named = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in head.items()]
    scope = {"type": "http", "path": path, "raw_path": path.encode(), "query_string": query, "headers": named}
    asyncio.run(proxy_prefix.Prefix(inner, root_path)(scope, None, send))
    return (seen[0] if seen else None), sent


@pytest.mark.parametrize("root_path", ["/orthrus", "https://h.example/orthrus", "/orthrus/"])
@pytest.mark.parametrize("path", ["/config", "/orthrus/config"])
def test_a_path_is_known_whether_it_was_stripped_or_not(path, root_path):
    scope, _ = through(path, root_path)
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == ("/orthrus", "/orthrus/config", b"/orthrus/config")
    assert request_filter.route(scope) == "/config"


def test_the_proxy_may_name_it():
    scope, _ = through("/", X_Forwarded_Prefix="/a/b/")
    assert (scope["root_path"], scope["path"], request_filter.route(scope)) == ("/a/b", "/a/b/", "/")
    scope, _ = through("/config", "/ours", X_Forwarded_Prefix="/theirs")
    assert scope["root_path"] == "/ours"


@pytest.mark.parametrize("bad", ["//evil.example", "https://evil.example", "/a/../b", "/a b", "a", "/<i>", "/", ""])
def test_what_is_no_plain_path_is_not_believed(bad):
    scope, _ = through("/config", X_Forwarded_Prefix=bad)
    assert scope["path"] == "/config" and not scope.get("root_path")


def test_the_address_without_its_slash_is_sent_on():
    scope, (start, body) = through("/orthrus", "/orthrus", b"a=b")
    assert scope is None and start["status"] == 307 and body["body"] == b""
    assert dict(start["headers"])[b"location"] == b"/orthrus/?a=b"


def test_a_neighbour_s_path_is_not_ours():
    scope, _ = through("/orthrus-old/config", "/orthrus")
    assert request_filter.route(scope) == "/orthrus-old/config"


RUN = {"name": "</script><b>", "file": "gradio_api/player/0/runs/1.json"}
AMENDED = document.amending(lambda: {"settings": {}, "options": {}, "runs": [RUN], "about": ""})
DOCUMENT = b"""<!doctype html><html><head>
<script>window.gradio_config = {};</script><script>const root = "http://10.0.0.1:7860/x"; go(root);</script>
<link rel="manifest" href="/manifest.json" /></head><body style="a"><p></p></body></html>"""


def test_our_script_comes_first_and_addresses_hold_anywhere():
    made = AMENDED(DOCUMENT, {}).decode()
    scripts = re.findall(r"<script>(.*?)</script>", made, re.DOTALL)
    assert scripts[0] == document.SCRIPT.read_text(encoding="utf-8") and len(scripts) == 3
    assert (
        "10.0.0.1" not in made and 'href="./manifest.json"' in made and '<link rel="icon" href="./favicon.ico">' in made
    )
    assert re.search(r'<body style="a"><noscript><p>[^<]{20,}</p></noscript><script type="application/json"', made)
    told = re.search(r'id="o-page">(.*?)</script>', made)
    assert told and json.loads(told[1])["runs"] == [RUN], "a name ends no script"
    assert f'<link rel="preload" as="fetch" crossorigin href="{RUN["file"]}">' in made
    assert (
        made.index('<div id="frame">') < made.index("<p></p>") < made.index('id="stage"') < made.index("</div></body>")
    )


def test_our_script_can_stand_inline():
    text = document.SCRIPT.read_text(encoding="utf-8")
    assert "</script" not in text.lower() and "<!--" not in text


def test_what_is_no_document_of_that_kind_stays_as_it_is():
    assert AMENDED(b"", {}) == b"" and AMENDED(b"<header></header>", {}) == b"<header></header>"


def test_the_script_is_allowed_by_the_policy_of_its_document():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": DOCUMENT})

    sent = []

    async def send(part):
        sent.append(part)

    asyncio.run(security_headers.Headers(app, amended=AMENDED)({"type": "http"}, None, send))
    allowed = dict(sent[0]["headers"])[b"content-security-policy"].decode()
    assert security_headers.digest(document.SCRIPT.read_bytes()) in allowed and allowed.count("sha256-") == 4
