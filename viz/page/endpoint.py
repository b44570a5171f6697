"""Adapts a method of `viz.page.api` to a web framework's endpoint: a function with type hints."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from typing import Any, get_type_hints

from orthrus.errors import OrthrusError
from orthrus.server.run import trouble
from orthrus.server.updates import sentence
from viz.language import ENGLISH, speaking, spoken
from viz.page.api import Visitor
from viz.page.server_words import translated

log = logging.getLogger(__name__)


def endpoint(
    method: Callable,
    request: type,
    visitor: Callable[[Any], Visitor],
    refusal: Callable[[str, str], Exception],
    language: Callable[[Any], str] = lambda request: ENGLISH,
) -> Callable:
    """`method` without its `visitor` parameter but with a `request` of that type at the end.

    The visitor is made from the request, and so is the language of an answer's words. Every error is raised as
    `refusal(code, sentence)`; one that is not the caller's is logged and has the code `internal-error`.
    """
    types, parameters = get_type_hints(method), inspect.signature(method).parameters
    visited = types.pop("visitor", None) is not None
    given = [each.replace(annotation=types[name]) for name, each in parameters.items() if name != "visitor"]
    last = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=request, default=None)

    def call(*values: Any) -> Any:
        *given_values, from_whom = values
        return method(*([visitor(from_whom)] if visited else []), *given_values)

    def one(*values: Any) -> Any:
        with speaking(language(values[-1])):
            try:
                return call(*values)
            except Exception as error:
                raise refused(error) from None

    def many(*values: Any) -> Iterator[Any]:
        def items() -> Iterator[Any]:
            try:
                yield from call(*values)
            except Exception as error:
                raise refused(error) from None

        yield from spoken(language(values[-1]), items())

    def refused(error: Exception) -> Exception:
        if isinstance(error, OrthrusError):
            return refusal(error.code, translated(sentence(str(error)), error.code))
        log.exception("%s failed", method.__name__)
        return refusal("internal-error", translated(trouble(error)))

    function: Any = many if inspect.isgeneratorfunction(method) else one
    function.__name__, function.__doc__ = method.__name__, method.__doc__
    function.__signature__ = inspect.Signature([*given, last], return_annotation=types["return"])
    function.__annotations__ = {**types, "request": request}
    return function
