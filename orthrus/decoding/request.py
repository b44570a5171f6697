"""A decoding request: a prompt that fits the model, validated and tokenised once for both lanes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, cast

from orthrus import checks
from orthrus.checkpoints.chat_template import chat_ids
from orthrus.checkpoints.loading import LoadedModel
from orthrus.config import DecodeConfig
from orthrus.config.messages import Messages, turns_of
from orthrus.decoding.drafter import Drafter
from orthrus.decoding.logit_stats import RowLog
from orthrus.decoding.pass_costs import prices
from orthrus.decoding.sampling import Greedy, Sampled, Sampler
from orthrus.errors import OrthrusError
from orthrus.events import Event, Piece, Stamper
from orthrus.events.detokenize import Announcer, Vocabulary
from orthrus.model.memory import refuse_what_does_not_fit

if TYPE_CHECKING:
    from orthrus.gpu.support import GraphRuntime
    from orthrus.model.dual_view import Orthrus


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
        """Positions a draft covers: the requested block size, or the model's own."""
        return self.config.block_size or self.lm.config.block_size

    @property
    def captured(self) -> bool:
        """Whether the run is decoded by replays of captured cycles."""
        return captured(self.lm)

    @property
    def capacity(self) -> int:
        """Cache rows this run can ever need."""
        return min(self.context, len(self.ids) + self.config.max_new_tokens)

    def drafter(self) -> Drafter:
        """The drafting policy of a run; auto may time some passes first."""
        draft = self.config.draft
        measured = prices(self.lm.model, self.block) if draft == "auto" else None
        digits = vocabulary(self.lm.tokenizer).digits
        return Drafter(draft, self.block, self.ids, measured, self.config.same_text, digits)

    def sampler(self) -> Sampler:
        """The sampler of both views and both lanes; each lane makes its own."""
        c = self.config
        if not c.sampled:
            return Greedy(self.lm.model.argmax)
        vocab, device = self.lm.config.vocab_size, self.lm.model.device
        return Sampled(c.temperature, c.top_k, c.top_p, c.seed, vocab, device)

    def pieces(self, ids: Iterable[int]) -> Iterator[Event]:
        """The piece event of ids not announced before, if there are any."""
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
    if lm.engine == "triton" and not graphed(lm)[1].serves(config):
        lm = uncaptured(lm, config)
    announcer = Announcer(vocabulary(lm.tokenizer))
    request = Request(lm, config, messages, ids, Stamper(), announcer, cancel or Flag(), rows)
    if request.captured:
        model, graphs = graphed(lm)
        graphs.refuse_run(model, request.capacity)
    else:
        wanted = lm.model.cache_bytes(request.capacity)
        refuse_what_does_not_fit(wanted, f"a cache of {request.capacity} positions", lm.model.device)
    return request


_VOCABULARIES: dict[int, tuple[object, Vocabulary]] = {}


def graphed(lm: LoadedModel) -> tuple[Orthrus, GraphRuntime]:
    """A model whose engine is triton, and what runs its graphs, by their types."""
    model = cast("Orthrus", lm.model)
    return model, cast("GraphRuntime", model.graphs)


def captured(lm: LoadedModel) -> bool:
    """Whether the model decodes whole runs by replays of captured cycles."""
    return getattr(lm.model, "graphs", None) is not None


def uncaptured(lm: LoadedModel, config: DecodeConfig) -> LoadedModel:
    """For a run that is no fixed sequence: drafts beyond chains by the same kernels, filters and rejection of chains by
    plain PyTorch; the run_start event says so."""
    if config.draft == "chain":
        return lm.in_plain_torch()
    model, graphs = graphed(lm)
    return replace(lm, model=cast("Orthrus", graphs.passes(model)))


def vocabulary(tokenizer: Any) -> Vocabulary:
    """The tokenizer's byte table, built once (transformers tokenizers cannot be hashed, so by identity)."""
    if id(tokenizer) not in _VOCABULARIES:
        _VOCABULARIES[id(tokenizer)] = (tokenizer, Vocabulary.of_tokenizer(tokenizer))
    return _VOCABULARIES[id(tokenizer)][1]
