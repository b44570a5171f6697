"""Chat template: messages -> token ids, safe against prompt injection of special tokens.

A message that contains `<|im_end|>` must not end its turn. So the template is rendered with placeholders for the
characters that such tokens begin with, the tokenizer locates the template's own tokens, and the text between them is
encoded as plain text. The ids of ordinary messages are those of `apply_chat_template(tokenize=True)`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tokenizers import Tokenizer

from orthrus.config.messages import Turns
from orthrus.errors import OrthrusError

PRIVATE_USE = range(0xF0000, 0xFFFFE)  # private-use characters, which ordinary text does not contain


def chat_ids(tokenizer: Any, turns: Iterable[tuple[str, str]], thinking: bool = False) -> list[int]:
    """The chat template's token ids up to the start of the answer; `turns` are (role, content)."""
    return encoder(tokenizer).chat(tuple(turns), thinking)


def text_ids(tokenizer: Any, text: str) -> list[int]:
    """A text's token ids; special tokens in it are encoded as plain text."""
    return encoder(tokenizer).text(text)


def rendered(tokenizer: Any, turns: Iterable[tuple[str, str]], thinking: bool) -> str:
    """The rendered template up to the start of the answer; raises OrthrusError `template-fails`."""
    messages = [{"role": role, "content": content} for role, content in turns]
    try:
        return tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=thinking
        )
    except Exception as error:  # a template is a program: it may raise anything
        why = " ".join(str(error).split())[:200]
        raise OrthrusError("template-fails", f"the chat template cannot write this: {why}") from error


class Encoder:
    """One tokenizer and its control tokens, which no user text may produce."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer, self._core = tokenizer, tokenizer.backend_tokenizer
        added = self._core.get_added_tokens_decoder()
        self.control = frozenset(added)  # ids
        self._firsts = sorted({token.content[0] for token in added.values()})
        first = f"[{re.escape(''.join(self._firsts))}]" if added else r"(?!)"
        special = "|".join(re.escape(token.content) for token in added.values() if token.special)
        marks = "|".join(re.escape(token.content) for token in added.values() if not token.special)
        self._first = re.compile(first)
        # An assistant's turn may hold tags that the template itself reads, as <think>; they are left as they are.
        self._first_of_answer = re.compile(rf"(?:(?={special or '(?!)'})|(?!{marks or '(?!)'})){first}")
        self._plain: Tokenizer | None = None

    def text(self, text: str) -> list[int]:
        ids = self.tokenizer.encode(text, add_special_tokens=False)
        if self.control.isdisjoint(ids):
            return ids
        ids = self._without_control().encode(text, add_special_tokens=False).ids
        if not self.control.isdisjoint(ids):
            name = self._core.id_to_token(next(index for index in ids if index in self.control))
            raise OrthrusError("special-token", f"the text spells {name!r}, a special token of this model; take it out")
        return ids

    def chat(self, turns: Turns, thinking: bool) -> list[int]:
        if not any(self._first.search(content) for _, content in turns):
            return self.tokenizer.encode(rendered(self.tokenizer, turns, thinking), add_special_tokens=False)
        stand_ins = self._stand_ins(turns)
        text = rendered(self.tokenizer, [(role, self._hidden(role, c, stand_ins)) for role, c in turns], thinking)
        shown = str.maketrans({stand_in: first for first, stand_in in stand_ins.items()})
        encoding = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids: list[int] = []
        at = 0
        for index, (start, end) in zip(encoding["input_ids"], encoding["offset_mapping"], strict=True):
            if index in self.control:
                ids += [*self._between(text[at:start].translate(shown)), index]
                at = end
        return ids + self._between(text[at:].translate(shown))

    def _between(self, text: str) -> list[int]:
        return self.text(text) if text else []

    def _stand_ins(self, turns: Turns) -> dict[str, str]:
        """For each first character of a control token, a placeholder that neither messages nor template contain."""
        used = set("".join(content for _, content in turns)) | set(str(self.tokenizer.chat_template))
        free = (chr(code) for code in PRIVATE_USE if chr(code) not in used)
        return dict(zip(self._firsts, free, strict=False))

    def _hidden(self, role: str, content: str, stand_ins: Mapping[str, str]) -> str:
        first = self._first_of_answer if role == "assistant" else self._first
        return first.sub(lambda match: stand_ins[match[0]], content)

    def _without_control(self) -> Tokenizer:
        """The same tokenizer without its added tokens, made once: for Qwen3 it takes about a second."""
        if self._plain is None:
            definition = json.loads(self._core.to_str())
            self._plain = Tokenizer.from_str(json.dumps(definition | {"added_tokens": []}))
        return self._plain


_ENCODERS: dict[int, Encoder] = {}


def encoder(tokenizer: Any) -> Encoder:
    """The tokenizer's encoder, built once (transformers tokenizers cannot be hashed, so by identity)."""
    cached = _ENCODERS.get(id(tokenizer))
    if cached is None or cached.tokenizer is not tokenizer:
        cached = _ENCODERS[id(tokenizer)] = Encoder(tokenizer)
    return cached
