"""Start-up checks, before the web framework is imported, which trusts the same variables and reports errors poorly.

Nothing here loads torch, a model or the framework, so a bad value is reported within a second.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from orthrus.errors import OrthrusError
from orthrus.server.security_headers import frame_origins
from orthrus.server.settings import Settings, option, settings_of, variables_of, whole_number

LOOPBACK = ("127.0.0.1", "localhost", "::1")
# The framework's own variables: NUMBERS maps those it parses as numbers, mostly on import, to the lowest value; KEPT
# are left in place. The page passes everything else as arguments, and a variable (a tunnel, a reloader, a debugger that
# never returns) would override them.
NUMBERS = {
    "GRADIO_NUM_PORTS": 1,
    "GRADIO_NODE_NUM_PORTS": 1,
    "GRADIO_NODE_SERVER_PORT": 1,
    "GRADIO_NUM_WORKERS": 0,
    "GRADIO_DEBUG": 0,
    "GRADIO_ANALYTICS_MAX_EVENTS": 1,
    "GRADIO_DEFAULT_CONCURRENCY_LIMIT": 1,
}
KEPT = ("GRADIO_ANALYTICS_ENABLED", "GRADIO_TEMP_DIR", "GRADIO_SSR_MODE", "GRADIO_NODE_")
log = logging.getLogger(__name__)


def begin(arguments: Sequence[str] | None = None, environ: MutableMapping[str, str] = os.environ) -> Settings:
    """Read and check the settings and prepare the framework's environment. A bad value ends the program with code 2."""
    settings = settings_of(arguments, environ, lambda settings: check(settings, environ))
    for name in [name for name in environ if name.startswith("GRADIO_") and not name.startswith(KEPT)]:
        del environ[name]
    here = [address[0] for family, *_, address in addresses(settings.host, settings.port) if family == socket.AF_INET]
    if here:
        environ["GRADIO_SERVER_NAME"] = here[0]  # the address at which the framework checks that the port is free
    environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # no telemetry
    # By default the framework makes a table of its last 10,000 events after each event, which nobody here reads: thirty
    # clients that ask without pause made the server grow from 200 to 370 MB in ten minutes.
    environ["GRADIO_ANALYTICS_MAX_EVENTS"] = environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = "100"
    leave_loopback_alone(environ)
    return settings


def check(settings: Settings, environ: Mapping[str, str]) -> None:
    """Raise ValueError, naming option and value, for settings that cannot work on this machine."""
    for name, lowest in NUMBERS.items():
        if (text := environ.get(name, "").strip()) and text.lower() != "none":
            whole_number(name, text, lowest, 65_535)
    try:
        frame_origins(settings.framed_by)
    except ValueError as error:
        raise OrthrusError("framed-by-bad", f"{label('framed_by')}: {error}") from None
    check_folders(settings)
    if folder := environ.get("GRADIO_TEMP_DIR"):
        check_writable("GRADIO_TEMP_DIR", folder)
    if settings.mcp and find_spec("mcp") is None:
        raise OrthrusError("mcp-missing", f"{label('mcp')} is 1, but gradio's mcp extra is not installed")
    check_address(settings.host, settings.port)


def label(name: str) -> str:
    """A setting's names for an operator: its option, then its variables."""
    return f"{option(name)} ({', '.join(variables_of(name))})"


def check_folders(settings: Settings) -> None:
    """Check that the recordings folder exists and the records folder can be created and written."""
    if settings.traces != Settings().traces and not Path(settings.traces).is_dir():
        raise OrthrusError("folder-missing", f"{label('traces')} is {settings.traces!r:.200}, which is no folder")
    if settings.records:
        check_writable(label("records"), settings.records)


def check_writable(label: str, folder: str) -> None:
    """Create the folder if needed. Raises OrthrusError if it cannot be created or written."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise OrthrusError("folder-unwritable", f"{label} is {folder!r:.200}: {why}") from None
    if not os.access(folder, os.W_OK):
        raise OrthrusError("folder-unwritable", f"{label} is {folder!r:.200}, which may not be written")


def check_address(host: str, port: int) -> None:
    """Listen there for a moment; raises OrthrusError for an unknown host, or an address or port that is unavailable."""
    for family, kind, protocol, _, address in addresses(host, port):
        try:
            with socket.socket(family, kind, protocol) as trial:
                if os.name == "posix":  # as the server does; elsewhere this would take a port that is in use
                    trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                trial.bind(address)
                trial.listen()
        except OSError as error:
            raise refusal(error, host, port) from None


def addresses(host: str, port: int) -> list[tuple]:
    """Resolve a host with `socket.getaddrinfo`; raises OrthrusError for an unknown one."""
    try:
        return socket.getaddrinfo(bare(host), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        why = f"{label('host')} is {host!r:.80}, which is no address and no known name"
        raise OrthrusError("host-unknown", why) from None


def refusal(error: OSError, host: str, port: int) -> OrthrusError:
    """Why a server cannot listen there, as a sentence with the option to change."""
    where = f"{label('port')} is {port}"
    if error.errno == errno.EADDRINUSE:
        return OrthrusError("port-taken", f"{where}, where something listens already; give another port")
    if error.errno in (errno.EACCES, errno.EPERM):
        return OrthrusError("port-forbidden", f"{where}, which this user may not listen on; give one from 1024 on")
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return OrthrusError("host-elsewhere", f"{label('host')} is {host!r:.80}, which is no address of this machine")
    return OrthrusError("address-unusable", f"{label('host')} is {host!r:.80}, port {port}: {error.strerror or error}")


def bare(host: str) -> str:
    """An address without the brackets of an IPv6 URL."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def for_url(host: str) -> str:
    """A host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{bare(host)}]" if ":" in host else host


def leave_loopback_alone(environ: MutableMapping[str, str]) -> None:
    """Add this machine to NO_PROXY; everything else, such as a download, still uses the proxy."""
    given = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    hosts = [each for each in re.split(r"[\s,]+", given) if each]
    if "*" not in hosts:
        environ["no_proxy"] = environ["NO_PROXY"] = ",".join(dict.fromkeys((*hosts, *LOOPBACK)))
    named = {text for name, text in environ.items() if name.lower() in ("all_proxy", "http_proxy", "https_proxy")}
    if any(text.lower().startswith("socks") for text in named) and find_spec("socksio") is None:
        log.warning("the environment names a SOCKS proxy; downloads through it need the package socksio")


@contextmanager
def direct(environ: MutableMapping[str, str] = os.environ) -> Iterator[None]:
    """Without any proxy: the framework requests its own address when it starts, with a client that fails on a proxy
    scheme it does not support, even if that proxy is not used."""
    proxies = {name: environ.pop(name) for name in list(environ) if name.lower().endswith("_proxy")}
    environ["no_proxy"] = "*"
    try:
        yield
    finally:
        environ.pop("no_proxy", None)
        environ.update(proxies)


def fail(error: Exception) -> NoReturn:
    """Exit with code 2, as for a bad option."""
    print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
    raise SystemExit(2)
