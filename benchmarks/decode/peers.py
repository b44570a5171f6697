"""Other engines on the same AR weights: transformers' generate, and llama.cpp through llama-cpp-python.

A peer is a function from chat messages to (ids of the greedy answer, seconds of wall time), prompt included, as
`benchmarks.decode.cpu_speed` times its own lanes. llama-cpp-python and gguf come with requirements-bench.txt.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from orthrus.checkpoints.chat_template import chat_ids
from orthrus.checkpoints.loading import LoadedModel
from orthrus.model.dual_view import Orthrus
from orthrus.model.modules import DIFF

Way = Callable[[Any], tuple[list[int], float]]


def prompt_ids(lm: LoadedModel, messages: Any) -> list[int]:
    return chat_ids(lm.tokenizer, [(m["role"], m["content"]) for m in messages])


def transformers_model(lm: LoadedModel, attention: str) -> Qwen3ForCausalLM:
    """transformers' Qwen3 with the AR view's weights; `lm` must be held as an Orthrus module (engine torch)."""
    if not isinstance(lm.model, Orthrus):
        raise TypeError(f"engine {lm.engine} holds no modules; load the model with engine torch")
    raw = lm.config.to_json()
    left_out = ("architectures", "model_type", "block_size", "mask_token_id", "rope_theta")
    known = {key: value for key, value in raw.items() if key not in left_out}
    model = Qwen3ForCausalLM(Qwen3Config(**known, attn_implementation=attention)).to(lm.model.dtype).eval()
    model.load_state_dict({n: p for n, p in lm.model.named_parameters() if DIFF not in n}, strict=False)
    model.generation_config.pad_token_id = lm.tokenizer.pad_token_id
    return model


def by_transformers(lm: LoadedModel, attention: str, cache: str | None, limit: int, **more: Any) -> Way:
    """transformers' generate; `cache` None leaves the choice to it, as prompt lookup wants."""
    model = transformers_model(lm, attention)
    more |= {"cache_implementation": cache} if cache else {}

    def run(messages: Any) -> tuple[list[int], float]:
        ids = torch.tensor([prompt_ids(lm, messages)])
        began = time.perf_counter()
        out = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=limit, **more)
        return out[0, ids.shape[1] :].tolist(), time.perf_counter() - began

    return run


@lru_cache
def quiet_llama_cpp() -> Any:
    """llama.cpp's C interface, its log switched off once: C holds only the address of the function that is given."""
    import llama_cpp

    llama_cpp.silent = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(llama_cpp.silent, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return llama_cpp


class LlamaCpp:
    """A GGUF file under llama.cpp's C calls: greedy, one token a call, without its own Python classes or samplers."""

    def __init__(self, path: Path, threads: int, context: int) -> None:
        """Raises ImportError without llama-cpp-python, ValueError if llama.cpp cannot read the file."""
        self.c = quiet_llama_cpp()
        wanted = self.c.llama_model_default_params()
        wanted.n_gpu_layers = 0
        self.model = self.c.llama_model_load_from_file(str(path).encode(), wanted)
        if not self.model:
            raise ValueError(f"llama.cpp cannot read {path}")
        self.vocabulary = self.c.llama_vocab_n_tokens(self.c.llama_model_get_vocab(self.model))
        given = self.c.llama_context_default_params()
        given.n_ctx, given.n_batch, given.no_perf = context, 512, True
        given.n_threads = given.n_threads_batch = threads
        self.context = self.c.llama_init_from_model(self.model, given)
        self._one = (self.c.llama_token * 1)()

    def close(self) -> None:
        self.c.llama_free(self.context)
        self.c.llama_model_free(self.model)

    def greedy(self, prompt: list[int], limit: int, stop: tuple[int, ...]) -> list[int]:
        """Up to `limit` ids behind `prompt`, the stop token included."""
        self.c.llama_memory_clear(self.c.llama_get_memory(self.context), True)
        out = [self._next((self.c.llama_token * len(prompt))(*prompt), len(prompt))]
        while len(out) < limit and out[-1] not in stop:
            self._one[0] = out[-1]
            out.append(self._next(self._one, 1))
        return out

    def _next(self, ids: Any, count: int) -> int:
        if self.c.llama_decode(self.context, self.c.llama_batch_get_one(ids, count)):
            raise RuntimeError("llama_decode failed")
        logits = self.c.llama_get_logits_ith(self.context, -1)
        place = ctypes.cast(logits, ctypes.POINTER(ctypes.c_float * self.vocabulary)).contents
        return int(torch.frombuffer(place, dtype=torch.float32).argmax())


def by_llama_cpp(lm: LoadedModel, engine: LlamaCpp, limit: int) -> Way:
    def run(messages: Any) -> tuple[list[int], float]:
        prompt = prompt_ids(lm, messages)
        began = time.perf_counter()
        ids = engine.greedy(prompt, limit, lm.config.eos_token_ids)
        return ids, time.perf_counter() - began

    return run
