"""Small models built in the test: random weights, a byte-level tokenizer, and a scripted drafter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from orthrus.checkpoints.loading import LoadedModel
from orthrus.config import ModelConfig
from orthrus.model.dual_view import Orthrus
from orthrus.training.mini.tokenizer import CHAT_TEMPLATE, END_OF_TEXT, END_OF_TURN, MASK, SPECIAL_TOKENS


@lru_cache
def byte_tokenizer() -> PreTrainedTokenizerFast:
    """One token a byte, after the special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {token: i for i, token in enumerate([*SPECIAL_TOKENS, *alphabet])}
    core = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    core.add_special_tokens(list(SPECIAL_TOKENS))
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token=END_OF_TURN,
        pad_token=END_OF_TEXT,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def tiny_config(**changes) -> ModelConfig:
    tokenizer = byte_tokenizer()
    fields = {
        "vocab_size": 320,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 256,
        "mask_token_id": tokenizer.convert_tokens_to_ids(MASK),
        "block_size": 8,
        "rope_theta": 10_000.0,
        "tie_word_embeddings": True,
        "eos_token_ids": (tokenizer.convert_tokens_to_ids(END_OF_TURN),),
    }
    return ModelConfig(**(fields | changes))


def random_weights(model: Orthrus, seed: int = 0, std: float = 0.12) -> Orthrus:
    """Weights large enough that the argmax depends on the whole context."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * std)
    return model


def loaded(model: Orthrus) -> LoadedModel:
    return LoadedModel(model.fuse(), byte_tokenizer(), model.config, "tiny", "0" * 12)


def tiny_model(seed: int = 0, **changes) -> LoadedModel:
    return loaded(random_weights(Orthrus(tiny_config(**changes)), seed))


def compiled_model(seed: int = 0, dtype: torch.dtype | None = None, threads: int = 1, **changes) -> LoadedModel:
    """`tiny_model` on the compiled engine, its matrices kept in `dtype` (default: float32)."""
    return on_engine(tiny_model(seed, **changes), dtype, threads)


def on_engine(lm: LoadedModel, dtype: torch.dtype | None = None, threads: int = 1) -> LoadedModel:
    """The weights of a model in memory on the compiled engine."""
    from orthrus.model.compiled_model import compiled  # numba need not be where a GPU is

    return replace(lm, model=compiled(lm.model, dtype, threads))


class Scripted(Orthrus):
    """A model whose diffusion pass proposes the AR view's own continuation for as many slots as the schedule says.

    `schedule[c]` is how many leading proposals of cycle c are right; the one behind them is wrong. The passes, the
    cache and the AR view are the real ones: only the proposals are forced.
    """

    schedule: Sequence[int] = ()
    continuation: Sequence[int] = ()  # the AR text, by index; found with `baseline.decode_ar`
    prompt_length = 0
    calls = 0

    def forward_diffusion(self, block, cache, n_draft):
        logits = super().forward_diffusion(block, cache, n_draft).clone()
        right = self.schedule[min(self.calls, len(self.schedule) - 1)]
        self.calls += 1
        at = cache.length - self.prompt_length + 1
        for slot in range(n_draft):
            index = self.continuation[at + slot] if at + slot < len(self.continuation) else 7
            logits[slot] = 0.0
            logits[slot, index if slot < right else (index + 1) % logits.shape[1]] = 5.0
        return logits


def scripted(prompt, schedule, seed: int = 0, eos_at: int | None = None, **changes) -> LoadedModel:
    """A Scripted model for one prompt; `eos_at` makes the AR text's token of that index an EOS (first use counts)."""
    from orthrus.config import DecodeConfig
    from orthrus.decoding.engine import decode_ar
    from orthrus.decoding.request import make_request
    from orthrus.trace import Trace

    config = tiny_config(eos_token_ids=(), **changes)
    lm = loaded(random_weights(Scripted(config), seed))
    room = config.max_position_embeddings
    text = list(Trace.of(decode_ar(lm, prompt, DecodeConfig(max_new_tokens=room))).ar_ids)
    if eos_at is not None:
        config = tiny_config(eos_token_ids=(text[eos_at],), **changes)
        lm = loaded(random_weights(Scripted(config), seed))
    lm.model.schedule, lm.model.continuation = schedule, text
    lm.model.prompt_length = len(make_request(lm, prompt, DecodeConfig(max_new_tokens=1)).ids)
    return lm
