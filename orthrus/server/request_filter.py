"""Request allowlist: only the routes that the page and the API need are answered. Pure ASGI middleware.

The web framework has many more endpoints than the page uses: uploads, a proxy, shared links, streams, a monitor. They
stay closed, also those that a later version adds. Bodies are bounded and checked before the framework sees them; one
that names a file or a URL is refused, because no input of the page takes either.
"""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)
MAX_BODY_BYTES = 2**20  # a far too long prompt still gets the form's own error message
MAX_DEPTH = 16
MAX_VALUES = 10_000
API = "/gradio_api"
PLAYER = f"{API}/player/"  # the page's own scripts, by name
CLASS = f"{API}/class/"
READ = frozenset(
    ["/", "/config", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json", "/healthz", "/metrics"]
    + [
        f"{API}/{name}"
        for name in "healthz metrics info openapi.json app_id theme.css startup-events queue/data queue/status".split()
    ]
)
READ_BELOW = ("/assets/", "/static/", PLAYER, CLASS, f"{API}/call/", f"{API}/heartbeat/")
WRITE = frozenset(f"{API}/{name}" for name in ("queue/join", "cancel", "reset"))
WRITE_BELOW = (f"{API}/call/", f"{API}/run/", CLASS)
MCP = f"{API}/mcp"
FILE_KEYS = frozenset(["path", "url", "orig_name"])  # keys of the framework's own file records


class Layer(NamedTuple):
    """One entry of a Starlette or FastAPI application's `middleware`, without importing either."""

    cls: type
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class RequestRefused(Exception):
    """A refused request: HTTP status and one sentence."""

    def __init__(self, status: int, why: str):
        super().__init__(why)
        self.status, self.why = status, why


class Gate:
    """ASGI middleware. `mcp`: whether MCP clients are allowed."""

    def __init__(self, app: Any, mcp: bool = False):
        self.app, self.mcp = app, mcp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] != "http":
            await self.app(scope, receive, send)
        else:
            await self.answer(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noted(part: MutableMapping[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(part)

        try:
            await self.app(scope, await self.admitted(scope, receive), noted)
        except RequestRefused as refused:
            await reply(send, refused)
        except Exception as error:  # the framework's error for an unknown name; its traceback would fill the log
            if begun:
                raise
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
            log.warning("%s %.80r failed: %s in %s", scope["method"], scope["path"], type(error).__name__, place)
            fault = scope["method"] != "POST"
            await reply(send, RequestRefused(500 if fault else 400, "This request fits nothing that the page offers."))

    async def admitted(self, scope: Scope, receive: Receive) -> Receive:
        """The `receive` of an allowed request; raises RequestRefused otherwise."""
        path = route(scope)
        mcp = self.mcp and (path == MCP or path.startswith(f"{MCP}/"))
        if scope["method"] in ("GET", "HEAD"):
            if b"deep_link" in scope.get("query_string", b""):
                raise RequestRefused(404, "There is no such page here.")
            if not (mcp or path in READ or _below(path, READ_BELOW)):
                raise RequestRefused(404, "There is no such page here.")
            return receive
        if mcp and scope["method"] == "DELETE":
            return receive
        if scope["method"] != "POST" or not (mcp or path in WRITE or _below(path, WRITE_BELOW)):
            raise RequestRefused(404, "There is no such page here.")
        body = await read_body(scope, receive)
        check_body(body)
        return _again(body, receive)


def route(scope: Scope) -> str:
    """The request's path below the mount point, without a trailing slash."""
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    if root and path.startswith(f"{root}/"):
        path = path[len(root) :]
    return path if path == "/" else path.rstrip("/")


def _below(path: str, folders: tuple[str, ...]) -> bool:
    steps = path.split("/")[1:]
    return path.startswith(folders) and not any(s in ("", ".", "..") or "\\" in s or "\0" in s for s in steps)


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Read the whole body; refused as soon as it is, or declares to be, longer than allowed."""
    head = {name.lower(): value for name, value in scope["headers"]}
    if int(head[b"content-length"] if head.get(b"content-length", b"").isdigit() else 0) > MAX_BODY_BYTES:
        raise RequestRefused(413, f"A request may have {MAX_BODY_BYTES:,} bytes.")
    if head.get(b"content-type", b"application/json").split(b";")[0].strip().lower() != b"application/json":
        raise RequestRefused(415, "A request's body must be JSON; this page takes no files.")
    body = bytearray()
    while True:
        part = await receive()
        if part["type"] != "http.request":
            raise RequestRefused(400, "The request ended too early.")
        body += part.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise RequestRefused(413, f"A request may have {MAX_BODY_BYTES:,} bytes.")
        if not part.get("more_body", False):
            return bytes(body)


def check_body(body: bytes) -> None:
    """Refuse a body that is not JSON, is nested too deeply, has too many items, or names a file or a URL."""
    try:
        value = json.loads(body, parse_constant=_no_constant) if body.strip() else None
    except (ValueError, RecursionError):
        raise RequestRefused(400, "The request's body is not JSON.") from None
    todo, seen = [(value, 0)], 0
    while todo:
        value, depth = todo.pop()
        seen += 1
        if depth > MAX_DEPTH or seen > MAX_VALUES or len(todo) > MAX_VALUES:
            raise RequestRefused(400, f"A request may hold {MAX_VALUES:,} values, nested {MAX_DEPTH} deep.")
        if isinstance(value, dict):
            if FILE_KEYS & value.keys():
                raise RequestRefused(400, "This page takes no files and no addresses.")
            todo += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            todo += [(inner, depth + 1) for inner in value]


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number of JSON")


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that replays the body already read, then continues with the connection's own."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> MutableMapping[str, Any]:
        return left.pop() if left else await receive()

    return replay


async def reply(send: Send, refused: RequestRefused) -> None:
    body = json.dumps({"detail": refused.why}).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if refused.status in (413, 415):  # the rest of the body is not read
        head.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": refused.status, "headers": head})
    await send({"type": "http.response.body", "body": body})
