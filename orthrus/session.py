"""What both lanes share: the checked request, the run's facts, the lane clock."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from threading import Event as Flag

import torch
import transformers

from orthrus import __version__, events
from orthrus.cache import SharedCache
from orthrus.checkpoint import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.events import Event, Piece, RunStart, Stamper
from orthrus.instrument import RowLog
from orthrus.model import DIFF
from orthrus.sampling import Chooser, Greedy, Sampled
from orthrus.text import Announcer, Vocabulary

Messages = Sequence[Mapping[str, str]]
PREFILL_CHUNK = 512  # prompt rows a pass: bounds the score matrix at chunk x context


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt that fits the model, tokenised once; both lanes of a run decode the same one."""

    lm: LoadedModel
    config: DecodeConfig
    messages: tuple[tuple[str, str], ...]
    ids: tuple[int, ...]
    stamp: Stamper
    announcer: Announcer
    cancel: Flag
    rows: RowLog | None = None

    @property
    def context(self) -> int:
        return self.lm.config.max_position_embeddings

    @property
    def block(self) -> int:
        """Positions a draft covers: the asked block size, or the model's own."""
        return self.config.block_size or self.lm.config.block_size

    @property
    def capacity(self) -> int:
        """Cache rows this run can ever need."""
        return min(self.context, len(self.ids) + self.config.max_new_tokens)

    def chooser(self) -> Chooser:
        """How tokens are chosen from logits, by both views and both lanes; each lane makes its own."""
        c = self.config
        if not c.sampled:
            return Greedy()
        vocab, device = self.lm.config.vocab_size, self.lm.model.device
        return Sampled(c.temperature, c.top_k, c.top_p, c.seed, vocab, device)

    def pieces(self, ids: Iterable[int]) -> Iterator[Event]:
        """The piece event of ids not spelled out before, if there are any."""
        if items := self.announcer.new(ids):
            yield self.stamp(Piece, items=items)

    def cancelled(self) -> bool:
        return self.cancel.is_set()


def make_request(
    lm: LoadedModel,
    prompt: str | Messages,
    config: DecodeConfig,
    cancel: Flag | None = None,
    rows: RowLog | None = None,
) -> Request:
    """Check and tokenise a prompt; the clock of the run starts here.

    Raises ValueError for a blank prompt, one that leaves no room in the context, or a limit beyond the context.
    """
    messages = tuple((m["role"], m["content"]) for m in _messages(prompt))
    ids = tuple(chat_ids(lm.tokenizer, messages))
    context = lm.config.max_position_embeddings
    if len(ids) >= context:
        raise ValueError(f"the prompt has {len(ids)} tokens, the model's context holds {context} with the answer")
    if config.max_new_tokens > context:
        raise ValueError(f"max new tokens is {config.max_new_tokens}, the model's context is {context}")
    if config.block_size is not None and config.block_size > lm.config.block_size:
        raise ValueError(f"block size is {config.block_size}, this model drafts at most {lm.config.block_size}")
    announcer = Announcer(vocabulary(lm.tokenizer))
    return Request(lm, config, messages, ids, Stamper(), announcer, cancel or Flag(), rows)


def _messages(prompt: str | Messages) -> Messages:
    messages = [{"role": "user", "content": tidy(prompt)}] if isinstance(prompt, str) else list(prompt)
    if not messages or not messages[-1]["content"].strip():
        raise ValueError("the prompt is empty; write at least one word")
    return messages


def tidy(prompt: str) -> str:
    """Without surrounding white space: a trailing blank is a token of its own and derails a small model."""
    return prompt.replace("\r\n", "\n").strip()


def chat_ids(tokenizer, messages: Iterable[tuple[str, str]]) -> list[int]:
    """The chat template's tokens up to where the answer begins, thinking off."""
    text = tokenizer.apply_chat_template(
        [{"role": role, "content": content} for role, content in messages],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=False,
    )
    return tokenizer.encode(text, add_special_tokens=False)


_VOCABULARIES: dict[int, tuple[object, Vocabulary]] = {}


def vocabulary(tokenizer) -> Vocabulary:
    """The tokenizer's byte table, built once (transformers tokenizers cannot be hashed, so by identity)."""
    if id(tokenizer) not in _VOCABULARIES:
        _VOCABULARIES[id(tokenizer)] = (tokenizer, Vocabulary.of_tokenizer(tokenizer))
    return _VOCABULARIES[id(tokenizer)][1]


@dataclass(slots=True)
class LaneClock:
    """Milliseconds one lane has worked: stands still while an event is out and while instruments are read."""

    elapsed: float = 0.0
    began: float | None = field(default_factory=time.perf_counter)

    def ms(self) -> float:
        running = 0.0 if self.began is None else time.perf_counter() - self.began
        return (self.elapsed + running) * 1e3

    def stop(self) -> None:
        if self.began is not None:
            self.elapsed += time.perf_counter() - self.began
            self.began = None

    def start(self) -> None:
        if self.began is None:
            self.began = time.perf_counter()

    def around(self, lane: Iterator[Event]) -> Iterator[Event]:
        """The lane's events, the clock stopped while each is out."""
        for event in lane:
            self.stop()
            yield event
            self.start()


class Stopwatch:
    """`with Stopwatch(device) as watch: ...` then `watch.ms`, the device synchronised on both sides."""

    __slots__ = ("_began", "_cuda", "ms")

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self.ms = 0.0

    def __enter__(self) -> Stopwatch:
        if self._cuda:
            torch.cuda.synchronize()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_) -> None:
        if self._cuda:
            torch.cuda.synchronize()
        self.ms = (time.perf_counter() - self._began) * 1e3


def prefill(request: Request, cache: SharedCache) -> torch.Tensor:
    """The AR view over the prompt, in chunks; returns the last row's logits [1, vocab]."""
    model = request.lm.model
    for chunk in torch.tensor(request.ids, device=model.device).split(PREFILL_CHUNK):
        logits = model.forward_ar(chunk, cache, last_only=True)
    return logits


def run_start(request: Request, lanes: tuple[str, ...]) -> Iterator[Event]:
    """The facts of the run (model, host, configuration, prompt), then the prompt's pieces."""
    lm, c = request.lm, request.lm.config
    yield request.stamp(
        RunStart,
        source="live",
        model=describe_model(lm),
        host=describe_host(lm.model.device.type),
        config=events.Config(
            block=request.block,
            layers=c.num_hidden_layers,
            heads=c.num_attention_heads,
            kv_heads=c.num_key_value_heads,
            head_dim=c.head_dim,
            vocab=c.vocab_size,
            mask_id=c.mask_token_id,
            eos_ids=c.eos_token_ids,
        ),
        params=describe_params(request.config),
        prompt=events.Prompt(
            messages=tuple(events.Message(role=r, content=content) for r, content in request.messages), ids=request.ids
        ),
        kv_bytes_per_token=c.kv_bytes_per_position * lm.model.dtype.itemsize,
        lanes=lanes,
        recorded_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    yield from request.pieces(request.ids)


def describe_params(c: DecodeConfig) -> events.Params:
    """The run's parameters; what only sampling uses is null in a greedy run."""
    return events.Params(
        mode="sample" if c.sampled else "greedy",
        coupling=c.coupling if c.sampled else None,
        temperature=float(c.temperature),
        top_k=c.top_k if c.sampled else None,
        top_p=float(c.top_p) if c.sampled and c.top_p is not None else None,
        seed=c.seed if c.sampled else None,
        max_new_tokens=c.max_new_tokens,
        thinking=False,
        detail=c.detail,
        n_alt=c.n_alt,
    )


def describe_model(lm: LoadedModel) -> events.Model:
    """Name, revision, dtype and the share of the parameters that the diffusion view trained."""
    sizes = {name: p.numel() for name, p in lm.model.named_parameters()}
    trained = sum(size for name, size in sizes.items() if DIFF in name)
    return events.Model(
        id=lm.id,
        revision=lm.revision,
        dtype=str(lm.model.dtype).removeprefix("torch."),
        attn_impl="two batched products" if lm.mode == "fast" else "tiles at absolute positions",
        mode=lm.mode,
        trained_frac=round(trained / sum(sizes.values()), 4),
    )


@lru_cache
def describe_host(kind: str) -> events.Host:
    """Device name, threads and library versions."""
    return events.Host(
        device=torch.cuda.get_device_name() if kind == "cuda" else cpu_name(),
        kind=kind,
        threads=torch.get_num_threads(),
        torch=str(torch.__version__),  # a str subclass that does not serialise as one
        transformers=transformers.__version__,
        app=__version__,
    )


def cpu_name() -> str:
    """The processor's name as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
