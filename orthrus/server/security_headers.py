"""Security headers, above all a Content-Security-Policy per document. Pure ASGI middleware, standard library only.

The exceptions the page needs are tested in Chromium (tests/ui/test_policy.py):

- 'unsafe-eval' for scripts: gradio compiles the templates and handlers of its components in the browser.
- 'unsafe-inline' for styles: gradio and Plotly write style attributes and style elements.
- Its own inline scripts, each named by its SHA-256; no other inline script and no handler in an attribute runs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from orthrus.errors import OrthrusError
from orthrus.server.proxy_prefix import Prefix
from orthrus.server.request_filter import Gate, Layer, Receive, Scope, Send

SELF = "'self'"
Amended = Callable[[bytes, Scope], bytes]
INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script", re.DOTALL | re.IGNORECASE)
FIXED = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


def policy(framed_by: Iterable[str] = (SELF,), scripts: Iterable[bytes] = ()) -> str:
    """The Content-Security-Policy of a document with these inline scripts; nothing may come from another origin."""
    allowed = " ".join([SELF, "'unsafe-eval'", *dict.fromkeys(map(digest, scripts))])
    rules = {
        "default-src": SELF,
        "script-src": allowed,
        "script-src-attr": "'none'",
        "style-src": f"{SELF} 'unsafe-inline'",
        "img-src": f"{SELF} data: blob:",  # charts are exported as images through both
        "font-src": f"{SELF} data:",
        "object-src": "'none'",
        "frame-src": "'none'",
        "worker-src": "'none'",
        "base-uri": SELF,
        "form-action": SELF,
        "frame-ancestors": " ".join(framed_by),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def digest(script: bytes) -> str:
    """A script's CSP hash; the browser normalises line ends to \\n before hashing."""
    text = script.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"


def frame_origins(wanted: str) -> tuple[str, ...]:
    """The origins that may frame the page, separated by blanks; OrthrusError for anything else."""
    if not wanted.strip():
        raise OrthrusError("frame-origin", "nobody may show the page in a frame: say so with 'none', in quotes")
    for origin in wanted.split():
        if origin not in (SELF, "'none'") and not re.fullmatch(r"https?://[\w.*-]+(:[\d*]{1,5})?", origin):
            raise OrthrusError(
                "frame-origin",
                f"{origin!r} is no origin; write 'self', 'none' (both in quotes) or one like https://example.org",
            )
    return tuple(wanted.split())


class Headers:
    """ASGI middleware; it must be inside any compression, because it reads the documents."""

    def __init__(
        self,
        app: Any,
        framed_by: Iterable[str] = (SELF,),
        amended: Amended = lambda document, request: document,
    ):
        """`amended` may change a document, by its request, before its inline scripts are counted."""
        self.app, self.framed_by, self._amended = app, tuple(framed_by), amended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        pending: list[MutableMapping[str, Any]] = []  # the start of a document, until its scripts are known

        async def answer(part: MutableMapping[str, Any]) -> None:
            if part["type"] == "http.response.start":
                if is_document(part):
                    pending.append({**part, "document": b""})
                else:
                    await send(self.secured(part, ()))
            elif pending:
                pending[0]["document"] += part.get("body", b"")
                if not part.get("more_body", False):
                    start = pending.pop()
                    body = self._amended(start.pop("document"), scope)
                    start["headers"] = [(n, v) for n, v in start["headers"] if n.lower() != b"content-length"]
                    start["headers"].append((b"vary", b"accept-language"))  # a document is in the browser's language
                    await send(self.secured(start, INLINE.findall(body)))
                    await send({**part, "body": body})
            else:
                await send(part)

        await self.app(scope, receive, answer)

    def secured(self, start: MutableMapping[str, Any], scripts: Iterable[bytes]) -> MutableMapping[str, Any]:
        """A response start with our headers replacing any of the same name."""
        ours = [*FIXED, (b"content-security-policy", policy(self.framed_by, scripts).encode())]
        names = {name for name, _ in ours}
        others = [(name, value) for name, value in start.get("headers", ()) if name.lower() not in names]
        return {**start, "headers": [*others, *ours]}


def is_document(start: MutableMapping[str, Any]) -> bool:
    return any(n.lower() == b"content-type" and v.startswith(b"text/html") for n, v in start.get("headers", ()))


def guarded(framed_by: Iterable[str], amended: Amended, mcp: bool = False, root_path: str = "") -> list[Layer]:
    """The layers as an application's `middleware`, the outer one first."""
    return [
        Layer(Prefix, (), {"root_path": root_path}),
        Layer(Headers, (), {"framed_by": framed_by, "amended": amended}),
        Layer(Gate, (), {"mcp": mcp}),
    ]
