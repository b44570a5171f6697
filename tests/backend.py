"""A backend of functions, for tests of the run manager and what stands on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Backend:
    """`orthrus.server.run_manager.Backend`, each method a function of the test's."""

    decode: Callable[..., Any]
    load: Callable[[], Any] = lambda: "model"
    describe: Callable[[Any], str] = lambda model: ""
    recover: Callable[[], str] = lambda: ""
