"""Detokenisation: token ids -> bytes and display pieces, without losing a byte.

A byte-level tokenizer may split one character over several tokens, so a token is stored as bytes. Its text is None if
those bytes alone are not valid UTF-8. `spell` joins neighbours back into whole characters for display.
Special tokens have no bytes: they are shown by name and add nothing to a text.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from orthrus.errors import OrthrusError
from orthrus.events import Glyph

LOOK_BACK = 3  # an unfinished UTF-8 character has at most 3 bytes, so it began at most 3 tokens ago


class Vocabulary:
    """id -> bytes and name of every token of one tokenizer; built once per model."""

    def __init__(self, table: Mapping[int, bytes], special: Mapping[int, str]):
        self._table, self._special = table, special

    @classmethod
    def of_tokenizer(cls, tokenizer: Any) -> Vocabulary:
        """From a `tokenizers.Tokenizer`, or a transformers fast tokenizer around one; byte-level BPE only."""
        backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
        added = backend.get_added_tokens_decoder()
        table = {index: token.content.encode() for index, token in added.items() if not token.special}
        special = {index: token.content for index, token in added.items() if token.special}
        for token, index in backend.get_vocab(with_added_tokens=False).items():
            if index not in added:
                table[index] = _bytes_of(token)
        return cls(table, special)

    @cached_property
    def digits(self) -> dict[int, str]:
        """The digit of each token that is a single one of 0 to 9."""
        return {index: data.decode() for index, data in self._table.items() if len(data) == 1 and data.isdigit()}

    def glyph(self, index: int) -> Glyph:
        """How to show one id; an id without an entry (padding rows of the embedding, the mask) shows its number."""
        if index not in self._table:
            return Glyph(s=self._special.get(index, f"<{index}>"), b="")
        data = self._table[index]
        return Glyph(s=decoded(data), b=data.hex())

    def data(self, ids: Iterable[int]) -> bytes:
        """The bytes of a text; special tokens add none."""
        return b"".join(self._table.get(index, b"") for index in ids)

    def sha256(self, ids: Iterable[int]) -> str:
        return hashlib.sha256(self.data(ids)).hexdigest()


class Announcer:
    """Remembers which ids of one run have been announced, so that each glyph is sent once."""

    def __init__(self, vocabulary: Vocabulary):
        self._vocabulary = vocabulary
        self._sent: set[int] = set()

    def new(self, ids: Iterable[int]) -> dict[int, Glyph]:
        """The glyphs of ids not announced before, in order of first use."""
        fresh = [index for index in dict.fromkeys(ids) if index not in self._sent]
        self._sent.update(fresh)
        return {index: self._vocabulary.glyph(index) for index in fresh}


class Span(NamedTuple):
    """`tokens` neighbouring tokens that spell `text` together; more than one only if a character is split."""

    start: int
    tokens: int
    text: str


def decoded(data: bytes) -> str | None:
    """bytes -> text, or None if they are not complete UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def spell(parts: Sequence[bytes]) -> list[Span]:
    """Tokens' bytes in text order -> spans of whole characters that cover every token exactly once.

    Bytes that never become a character (a text cut off inside one) are shown as hex, as 'E4·BD', never as U+FFFD.
    """
    spans: list[Span] = []
    at = 0
    while at < len(parts):
        count = _joined(parts, at)
        data = b"".join(parts[at : at + count])
        text = decoded(data)
        spans.append(Span(at, count, hexadecimal(data) if text is None else text))
        at += count
    return spans


def hexadecimal(data: bytes) -> str:
    return "·".join(f"{byte:02X}" for byte in data)


def _joined(parts: Sequence[bytes], at: int) -> int:
    """The number of tokens from `at` on that complete their characters; 1 if that never happens.

    A token may end one character and begin the next, so the span has no natural length: at most 32 tokens are read,
    which keeps hostile input linear.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    for count, part in enumerate(parts[at : at + 32], start=1):
        try:
            decoder.decode(part)
        except UnicodeDecodeError:
            return 1
        if decoder.getstate()[0] == b"":
            return count
    return 1


def _byte_alphabet() -> dict[str, int]:
    """Byte-level BPE writes each byte as one printable character: itself if printable, else from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


_ALPHABET = _byte_alphabet()


def _bytes_of(token: str) -> bytes:
    strange = [character for character in token if character not in _ALPHABET]
    if strange:
        raise OrthrusError(
            "tokenizer-unsupported",
            f"token {token!r} has {strange[0]!r}, which stands for no byte: not a byte-level tokenizer",
        )
    return bytes(_ALPHABET[character] for character in token)


def respelled(parts: Sequence[bytes], fresh: int) -> tuple[int, list[str]]:
    """Bytes of tokens, the last `fresh` of them new -> (index of the first text that changes, texts from there on).

    Only the last few older tokens are read, so a caller may pass a tail; the index counts from its start.
    """
    old = len(parts) - fresh
    begin = next((at for at in range(max(0, old - LOOK_BACK), old) if _unfinished(parts[at:old])), old)
    texts = [""] * (len(parts) - begin)
    for span in spell(parts[begin:]):
        texts[span.start] = span.text
    return begin, texts


def _unfinished(parts: Sequence[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(b"".join(parts))
    except UnicodeDecodeError:
        return False
    return decoder.getstate()[0] != b""
