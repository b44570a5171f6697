"""Bytes are kept, characters split over tokens come back whole, special tokens add nothing."""

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from orthrus.events.detokenize import Announcer, Vocabulary, respelled, spell
from tests.refusals import refused

patient = settings(suppress_health_check=[HealthCheck.too_slow])  # on a shared core drawing text is slow at first


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """Byte-level without merges: every byte of every character is a token of its own."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(sorted(alphabet))}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken("<|end|>", special=True)])
    made.add_tokens([AddedToken("<think>", special=False)])
    return made


@patient
@given(text=st.text(max_size=30))
def test_the_bytes_of_an_encoded_text_are_its_bytes(tokenizer, text):
    vocabulary = Vocabulary.of_tokenizer(tokenizer)
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert vocabulary.data(ids) == text.encode()
    assert "".join(span.text for span in spell([vocabulary.data([i]) for i in ids])) == text


def test_special_tokens_have_a_name_and_no_bytes(tokenizer):
    vocabulary = Vocabulary.of_tokenizer(tokenizer)
    end, think = tokenizer.token_to_id("<|end|>"), tokenizer.token_to_id("<think>")
    assert (vocabulary.glyph(end).s, vocabulary.glyph(end).b) == ("<|end|>", "")
    assert vocabulary.data([end]) == b"" and vocabulary.data([think]) == b"<think>"
    assert vocabulary.sha256([end]) == hashlib.sha256(b"").hexdigest()


def test_digits_are_the_tokens_that_spell_one_alone(tokenizer):
    assert Vocabulary({5: b"7", 6: b"12", 7: b"x", 8: "٣".encode(), 9: b"0"}, {3: "1"}).digits == {5: "7", 9: "0"}
    digits = Vocabulary.of_tokenizer(tokenizer).digits
    assert {tokenizer.id_to_token(index): digit for index, digit in digits.items()} == {d: d for d in "0123456789"}


def test_an_id_without_an_entry_shows_its_number():
    assert Vocabulary({}, {}).glyph(151669).s == "<151669>"


def test_a_tokenizer_that_is_not_byte_level_is_refused():
    with refused("tokenizer-unsupported"):
        Vocabulary.of_tokenizer(Tokenizer(models.BPE(vocab={"▁the": 0}, merges=[])))


def test_a_transformers_tokenizer_is_unwrapped(tokenizer):
    class Fast:
        backend_tokenizer = tokenizer

    assert Vocabulary.of_tokenizer(Fast()).data([0]) == Vocabulary.of_tokenizer(tokenizer).data([0])


def test_every_id_is_announced_once(tokenizer):
    announcer = Announcer(Vocabulary.of_tokenizer(tokenizer))
    assert list(announcer.new([5, 3, 5])) == [5, 3]
    assert list(announcer.new([3, 4])) == [4]
    assert announcer.new([5, 4]) == {}


def test_a_split_character_is_one_span_and_broken_bytes_are_hex():
    cake = "🍰".encode()
    assert spell([b"a ", cake[:1], cake[1:3], cake[3:] + b"!"]) == [(0, 1, "a "), (1, 3, "🍰!")]
    assert spell([cake[:2], b"x"]) == [(0, 1, "F0·9F"), (1, 1, "x")]
    assert spell([b"\xff"]) == [(0, 1, "FF")]


@given(st.lists(st.binary(max_size=4), max_size=60))
def test_spans_cover_every_token_once_whatever_the_bytes(parts):
    spans = spell(parts)
    assert [s.start for s in spans] == [sum(t.tokens for t in spans[:i]) for i in range(len(spans))]
    assert sum(s.tokens for s in spans) == len(parts)
    assert "\ufffd" not in "".join(s.text for s in spans)


@patient
@given(st.text(max_size=12), st.data())
def test_texts_that_arrive_bit_by_bit_end_as_the_whole_text(text, data):
    parts = [bytes([byte]) for byte in text.encode()]
    texts: list[str] = []
    done = 0
    while done < len(parts):
        fresh = data.draw(st.integers(1, len(parts) - done))
        tail = max(0, done - 3)
        begin, new = respelled(parts[tail : done + fresh], fresh)
        texts[tail + begin :] = new
        done += fresh
    assert "".join(texts) == text and len(texts) == len(parts)
