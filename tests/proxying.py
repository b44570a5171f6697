"""A reverse proxy of a few lines, as nginx or Caddy would stand in front of the page; for tests on loopback only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ONE_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade"}


@contextmanager
def proxy(
    upstream: int,
    prefix: str = "/orthrus",
    strip: bool = True,
    host: bool = True,
    refuses: Callable[[str, str], bool] = lambda method, path: False,
    **more: str,
) -> Iterator[str]:
    """Shows 127.0.0.1:`upstream` at `prefix` and yields that address, without a slash at its end.

    `strip` takes the prefix from what is passed on; `host` passes on the visitor's Host; `more` are added headers.
    What `refuses` says of a method and path is answered with 404, like everything beside the prefix.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_) -> None:
            pass

        def answer(self) -> None:
            path = self.path.partition("?")[0]
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if not (path == prefix or path.startswith(f"{prefix}/")) or refuses(self.command, path):
                self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            head = {name: value for name, value in self.headers.items() if name.lower() not in ONE_HOP}
            head |= {name.replace("_", "-"): value for name, value in more.items()}
            if not host:
                head["Host"] = f"127.0.0.1:{upstream}"
            wanted = (self.path[len(prefix) :] or "/") if strip else self.path
            wanted = wanted if wanted.startswith("/") else f"/{wanted}"
            behind = HTTPConnection("127.0.0.1", upstream, timeout=120)
            behind.request(self.command, wanted, body or None, head)
            self.pass_on(behind.getresponse())
            behind.close()

        def pass_on(self, reply) -> None:
            self.send_response(reply.status)
            for name, value in reply.getheaders():
                if name.lower() not in ONE_HOP:
                    self.send_header(name, value)
            self.send_header("connection", "close")
            self.end_headers()
            self.close_connection = True
            try:
                while piece := reply.read1(65_536):
                    self.wfile.write(piece)
            except OSError:
                pass  # the visitor has gone

        do_GET = do_POST = do_HEAD = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
    finally:
        server.shutdown()
        server.server_close()
