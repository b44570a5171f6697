"""User-facing errors: a stable code for programs and a sentence for people."""

from __future__ import annotations


class OrthrusError(ValueError):
    """A request, file or setting that cannot be served.

    `code` is kebab-case and stable ("prompt-empty"); the message names the value and the limit. docs/api.md lists all.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple:
        return _restored, (type(self), self.code, str(self))


def _restored(kind: type[OrthrusError], code: str, message: str) -> OrthrusError:
    """An unpickled error; a subclass may have a constructor of its own."""
    error = kind.__new__(kind, message)
    error.code = code
    return error


class EngineUnavailable(OrthrusError):
    """The requested engine does not run on this machine."""

    def __init__(self, message: str) -> None:
        super().__init__("engine-unavailable", message)

    def __reduce__(self) -> tuple:
        return type(self), (str(self),)
