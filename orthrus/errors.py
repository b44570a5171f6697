"""What a user can mend: an exception with a code for programs and a sentence for people."""

from __future__ import annotations


class OrthrusError(ValueError):
    """A request, file or setting that cannot be served.

    `code` is kebab-case and stable ("prompt-empty"); the message names the value and the limit.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple:
        return type(self), (self.code, str(self))
