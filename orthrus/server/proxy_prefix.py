"""ASGI middleware for a reverse proxy that serves the page at a path prefix, such as /orthrus. Standard library only.

A proxy may or may not strip the prefix. One that strips it may send it in X-Forwarded-Prefix.
"""

from __future__ import annotations

import re
from typing import Any

from orthrus.server.request_filter import Receive, Scope, Send

HEADER = b"x-forwarded-prefix"
STEPS = re.compile(r"(/[A-Za-z0-9_.~-]+)+")


class Prefix:
    """ASGI middleware. `root_path`: a path or a whole address; "" for the root."""

    def __init__(self, app: Any, root_path: str = ""):
        self.app, self.path = app, re.sub(r"^https?://[^/]*", "", root_path).rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (root := self.path or forwarded(scope)):
            await self.app(scope, receive, send)
        elif scope["path"] == root:  # relative URLs in a document need the trailing slash
            await redirect(send, f"{root}/", scope.get("query_string", b""))
        else:
            await self.app(mounted(scope, root), receive, send)


def forwarded(scope: Scope) -> str:
    """The prefix in X-Forwarded-Prefix; "" if it is absent or not a plain path."""
    header = next((value for name, value in scope.get("headers", ()) if name.lower() == HEADER), b"")
    text = header.decode("latin-1").split(",")[0].strip().rstrip("/")
    return text if STEPS.fullmatch(text) and not {".", ".."} & set(text.split("/")) else ""


def mounted(scope: Scope, root: str) -> Scope:
    """The ASGI scope of a mounted application: `path` begins with `root_path`, whether the proxy stripped it or not."""
    path, raw = scope["path"], scope.get("raw_path") or b""
    begin = f"{root}/"
    return {
        **scope,
        "root_path": root,
        "path": path if path.startswith(begin) else root + path,
        "raw_path": raw if raw.startswith(begin.encode()) else root.encode() + raw,
    }


async def redirect(send: Send, path: str, query: bytes) -> None:
    place = path.encode() + (b"?" + query if query else b"")
    head = [(b"location", place), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 307, "headers": head})
    await send({"type": "http.response.body", "body": b""})
