"""A byte-level BPE tokenizer trained on the corpus, with Qwen3's special tokens and chat template.

Digits are split before merging, so that a number is one token per digit, as arithmetic needs it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from orthrus.training.data import MIXTURE, WIDE, draw

END_OF_TURN, END_OF_TEXT, MASK = "<|im_end|>", "<|endoftext|>", "<|mask|>"
SPECIAL_TOKENS = (END_OF_TEXT, "<|im_start|>", END_OF_TURN, "<think>", "</think>", MASK)

# One chat format for training, the page and the command line; an empty think block is what Qwen3's own
# template writes for enable_thinking=False, and the only form this model was trained on.
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' }}"
    "{%- if message.role == 'assistant' %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
    "{{- message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' }}{%- endif %}"
)

# A word with its leading space, one digit, a run of punctuation, or white space.
_PIECES = r"\d| ?[^\s\d\p{P}\p{S}]+| ?[\p{P}\p{S}]+|\s*\n+|\s+(?=\S)|\s+"


def train_tokenizer(vocab_size: int, seed: int, examples: int = 30_000) -> PreTrainedTokenizerFast:
    """A tokenizer of exactly `vocab_size` entries, trained on `examples` dialogues of the training split."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    core.train_from_iterator(_texts(seed, examples), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token=END_OF_TURN,
        pad_token=END_OF_TEXT,
        additional_special_tokens=[t for t in SPECIAL_TOKENS if t not in (END_OF_TEXT, END_OF_TURN)],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
    )


def _texts(seed: int, examples: int) -> Iterator[str]:
    rng = random.Random(f"tokenizer/{seed}")
    domains, weights = zip(*MIXTURE.items(), strict=True)
    for _ in range(examples):
        example = draw(rng.choices(domains, weights)[0], rng, "train", WIDE)
        for _, content in example.messages:
            yield content


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write tokenizer.json, tokenizer_config.json and the chat template, as transformers does."""
    tokenizer.save_pretrained(folder)
