"""Prompt validation: a text, or messages with roles.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orthrus import checks
from orthrus.errors import OrthrusError

Messages = Sequence[Mapping[str, str]]
Turns = tuple[tuple[str, str], ...]  # (role, content)
ROLES = ("system", "user", "assistant", "tool")


def tidy(prompt: str) -> str:
    """Strip surrounding white space: a trailing blank is a separate token and derails a small model."""
    return prompt.replace("\r\n", "\n").strip()


def turns_of(prompt: str | Messages) -> Turns:
    """Validate a prompt, or messages with role and content.

    Raises OrthrusError: `prompt-empty`, `message-invalid`, or as `orthrus.checks` does.
    """
    if isinstance(prompt, str):
        turns: Turns = (("user", tidy(checks.text("prompt", prompt))),)
    elif isinstance(prompt, Sequence) and not isinstance(prompt, (bytes, bytearray)):
        turns = tuple(_turn(number, message) for number, message in enumerate(prompt, start=1))
    else:
        raise OrthrusError("wrong-type", f"the prompt is {checks.say(prompt)}, it must be a text or a list of messages")
    if not turns or not turns[-1][1].strip():
        raise OrthrusError("prompt-empty", "the prompt is empty; write at least one word")
    return turns


def _turn(number: int, message: Any) -> tuple[str, str]:
    if not isinstance(message, Mapping):
        raise OrthrusError(
            "message-invalid", f"message {number} is {checks.say(message)}, it must have role and content"
        )
    if odd := [name for name in ("role", "content") if name not in message]:
        raise OrthrusError("message-invalid", f"message {number} lacks {odd[0]}")
    if odd := [name for name in message if name not in ("role", "content")]:
        allowed = "a message has role and content"
        raise OrthrusError("message-invalid", f"message {number} has {checks.say(odd[0])}; {allowed}")
    role = checks.one_of(f"role of message {number}:", message["role"], ROLES)
    return role, checks.text(f"content of message {number}", message["content"])
