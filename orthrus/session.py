"""What both lanes share: the checked request, the run's facts, the lane clock."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from threading import Event as Flag

import torch

from orthrus import checks, events
from orthrus.checkpoints.chat_template import chat_ids
from orthrus.checkpoints.loading import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.config.messages import Messages, turns_of
from orthrus.errors import OrthrusError
from orthrus.events import Event, Piece, RunStart, Stamper
from orthrus.events.detokenize import Announcer, Vocabulary
from orthrus.instrument import RowLog
from orthrus.model.kv_cache import SharedCache
from orthrus.model.memory import refuse_what_does_not_fit
from orthrus.pacing import Pacer
from orthrus.probe import pass_costs
from orthrus.provenance import describe_host, describe_model, describe_params
from orthrus.sampling import Chooser, Greedy, Sampled


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

    def pacer(self) -> Pacer | None:
        """What decides how far each draft reaches, where the run asks for it."""
        return Pacer(pass_costs(self.lm.model, self.block), self.block) if self.config.pace else None

    def chooser(self) -> Chooser:
        """How tokens are chosen from logits, by both views and both lanes; each lane makes its own."""
        c = self.config
        if not c.sampled:
            return Greedy(self.lm.model.argmax)
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

    Raises OrthrusError for a prompt or messages that `orthrus.config.messages.turns_of` refuses, one that leaves no
    room in the context, or a limit beyond the context.
    """
    if not isinstance(config, DecodeConfig):
        raise OrthrusError("wrong-type", f"the configuration is {checks.say(config)}, it must be a DecodeConfig")
    messages = turns_of(prompt)
    ids = tuple(chat_ids(lm.tokenizer, messages))
    context = lm.config.max_position_embeddings
    if len(ids) >= context:
        raise OrthrusError(
            "prompt-too-long", f"the prompt has {len(ids)} tokens, the model's context holds {context} with the answer"
        )
    if config.max_new_tokens > context:
        raise OrthrusError(
            "too-many-tokens", f"max new tokens is {config.max_new_tokens}, the model's context is {context}"
        )
    if config.block_size is not None and config.block_size > lm.config.block_size:
        raise OrthrusError(
            "block-too-large", f"block size is {config.block_size}, this model drafts at most {lm.config.block_size}"
        )
    if lm.engine == "triton" and not lm.model.arithmetic.serves(config):
        lm = lm.in_plain_torch()  # a run that is no fixed sequence; it says of itself what it is
    announcer = Announcer(vocabulary(lm.tokenizer))
    request = Request(lm, config, messages, ids, Stamper(), announcer, cancel or Flag(), rows)
    if lm.engine == "triton":
        lm.model.arithmetic.refuse_run(lm.model, request.capacity)
    else:
        wanted = lm.model.cache_bytes(request.capacity)
        refuse_what_does_not_fit(wanted, f"a cache of {request.capacity} positions", lm.model.device)
    return request


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
    holds: int = 0

    def ms(self) -> float:
        running = 0.0 if self.began is None else time.perf_counter() - self.began
        return (self.elapsed + running) * 1e3

    def stop(self) -> None:
        if self.began is not None:
            self.elapsed += time.perf_counter() - self.began
            self.began = None

    def start(self) -> None:
        if self.began is None and not self.holds:
            self.began = time.perf_counter()

    @contextmanager
    def held(self) -> Iterator[None]:
        """The clock stands still, whatever starts it meanwhile."""
        self.stop()
        self.holds += 1
        try:
            yield
        finally:
            self.holds -= 1
            self.start()

    def around(self, lane: Iterator[Event]) -> Iterator[Event]:
        """The lane's events, the clock stopped while each is out."""
        for event in lane:
            self.stop()
            yield event
            self.start()


class Stopwatch:
    """`with Stopwatch(device) as watch: ...` then `watch.ms`; the current stream is waited for on both sides.

    Not the device: a wait for all of it would spoil a graph that another thread captures.
    """

    __slots__ = ("_began", "_cuda", "ms")

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self.ms = 0.0

    def __enter__(self) -> Stopwatch:
        if self._cuda:
            torch.cuda.current_stream().synchronize()
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_) -> None:
        if self._cuda:
            torch.cuda.current_stream().synchronize()
        self.ms = (time.perf_counter() - self._began) * 1e3


def prefill(request: Request, cache: SharedCache) -> torch.Tensor | None:
    """The AR view over the prompt, in chunks; returns the last row's logits [1, vocab], None if the run was stopped."""
    model, logits = request.lm.model, None
    for chunk in torch.tensor(request.ids, device=model.device).split(model.prompt_rows):
        if request.cancelled():
            return None
        logits = model.forward_ar(chunk, cache, last_only=True)
    return logits


def run_start(request: Request, lanes: tuple[str, ...]) -> Iterator[Event]:
    """The facts of the run (model, host, configuration, prompt), then the prompt's pieces."""
    lm, c = request.lm, request.lm.config
    yield request.stamp(
        RunStart,
        source="live",
        model=describe_model(lm),
        host=describe_host(lm.model.device.type, lm.model.threads),
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
        kv_bytes_per_token=lm.model.kv_bytes_per_position,
        lanes=lanes,
        recorded_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    yield from request.pieces(request.ids)
