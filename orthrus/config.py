"""Frozen configurations, validated once, and the one function that reads the environment. Standard library only."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from orthrus import checks
from orthrus.errors import OrthrusError
from orthrus.limits import Limits
from orthrus.supported import refuse_odd_values, refuse_unsupported

EMBEDDED_MODEL = Path(__file__).resolve().parent.parent / "assets" / "orthrus-mini"
DTYPES = ("float32", "bfloat16", "float16")
COUPLINGS = ("gumbel", "rejection")
ENGINES = ("auto", "numba", "triton", "torch")
PUBLISHED_MODELS = tuple(f"chiennv/Orthrus-Qwen3-{size}" for size in ("1.7B", "4B", "8B"))
MOST_THREADS = 256  # PyTorch starts every one: some ten thousand end the process
MIN_TEMPERATURE = 0.01  # below it logits / temperature leave float32's sense; 0 is greedy


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """A plain Qwen3 plus the two fields Orthrus adds, `block_size` and `mask_token_id`."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int
    mask_token_id: int
    block_size: int = 32
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1_000_000.0
    tie_word_embeddings: bool = False
    eos_token_ids: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in (
            "vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads "
            "num_key_value_heads head_dim max_position_embeddings"
        ).split():
            if getattr(self, name) < 1:
                raise OrthrusError("config-invalid", f"{name} is {getattr(self, name)}, it must be 1 or more")
        if self.num_attention_heads % self.num_key_value_heads:
            raise OrthrusError(
                "config-invalid",
                f"{self.num_attention_heads} attention heads do not divide over "
                f"{self.num_key_value_heads} key-value heads",
            )
        if self.head_dim % 2:
            raise OrthrusError("config-invalid", f"head_dim is {self.head_dim}, rotary embeddings need an even number")
        if not 2 <= self.block_size <= 256:
            raise OrthrusError("config-invalid", f"block_size is {self.block_size}, it must lie between 2 and 256")
        if not 0 <= self.mask_token_id < self.vocab_size:
            raise OrthrusError(
                "mask-token", f"mask_token_id is {self.mask_token_id}, the vocabulary has {self.vocab_size} rows"
            )

    @property
    def kv_bytes_per_position(self) -> int:
        """Keys and values of one position over all layers, in elements (multiply by the dtype's bytes)."""
        return 2 * self.num_hidden_layers * self.num_key_value_heads * self.head_dim

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> ModelConfig:
        """Read a `config.json` mapping (old and new rope fields, EOS as a number or a list).

        Raises UnsupportedCheckpoint for anything beyond plain Qwen3, OrthrusError for a missing or impossible field.
        """
        refuse_odd_values(raw)
        refuse_unsupported(raw)
        missing = [name for name in _REQUIRED if raw.get(name) is None]
        if missing:
            raise OrthrusError("config-invalid", f"config.json lacks {', '.join(missing)}")
        rope = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
        eos = raw.get("eos_token_id")
        config = cls(
            **{name: int(raw[name]) for name in _REQUIRED},
            # 128 where the field is missing: Qwen3's own default, whatever the hidden size.
            head_dim=int(raw.get("head_dim", 128) or raw["hidden_size"] // raw["num_attention_heads"]),
            # A plain Qwen3 has no mask row yet: the last row of its padded embedding is unused.
            mask_token_id=int(raw.get("mask_token_id", int(raw["vocab_size"]) - 1)),
            block_size=int(raw.get("block_size", 32)),
            rms_norm_eps=float(raw.get("rms_norm_eps", 1e-6)),
            rope_theta=float(rope.get("rope_theta", raw.get("rope_theta", 10_000.0))),
            tie_word_embeddings=bool(raw.get("tie_word_embeddings", False)),
            eos_token_ids=tuple(eos) if isinstance(eos, list) else () if eos is None else (int(eos),),
        )
        config.check_ends()
        return config

    def check_ends(self) -> None:
        """Raise OrthrusError if an end-of-text token is no row of the vocabulary, or is the mask."""
        if odd := [index for index in self.eos_token_ids if not 0 <= index < self.vocab_size]:
            raise OrthrusError("eos-token", f"eos_token_id holds {odd[0]}, the vocabulary has {self.vocab_size} rows")
        if self.mask_token_id in self.eos_token_ids:
            raise OrthrusError("mask-token", f"mask_token_id is {self.mask_token_id}, which also ends a text")

    def to_json(self) -> dict[str, Any]:
        """The `config.json` mapping of the published format."""
        raw = {f.name: getattr(self, f.name) for f in fields(self)}
        eos = raw.pop("eos_token_ids")
        rope_theta = raw.pop("rope_theta")
        return {
            "architectures": ["OrthrusLM"],
            "model_type": "qwen3",
            "attention_bias": False,
            "hidden_act": "silu",
            "use_sliding_window": False,
            **raw,
            "rope_theta": rope_theta,
            "rope_parameters": {"rope_type": "default", "rope_theta": rope_theta},
            "eos_token_id": eos[0] if len(eos) == 1 else list(eos),
        }


_REQUIRED = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
)


@dataclass(frozen=True, slots=True)
class DecodeConfig:
    """What one decoding run is asked to do. The page's sliders and the command line read these defaults.

    `block_size` None means the model's own. `detail` is the events' level: -1 ids and timings, 0 adds chosen
    log-probabilities, 1 adds distributions of `n_alt` alternatives. Instruments that cost more than `instrument_share`
    of the decoding time lower the detail in mid-run; 1 or more keeps it.

    temperature 0 is greedy; above it tokens are drawn after temperature, then top_k, then top_p (None: no filter).
    `pace` makes drafts reach only as far as they pay, measured as the run goes on; `block_size` is then their limit.

    `seed` and the position decide every draw. `coupling` is how drafts are judged in sampling: gumbel writes the AR
    text of the same seed, rejection accepts a little more and equals AR in distribution only.

    Raises OrthrusError for a field of another type or beyond its range.
    """

    max_new_tokens: int = 256
    block_size: int | None = None
    detail: int = 0
    n_alt: int = 8
    instrument_share: float = 0.25
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 1
    coupling: str = "gumbel"
    pace: bool = False

    @property
    def sampled(self) -> bool:
        return self.temperature > 0

    @property
    def same_text(self) -> bool:
        """Must both lanes write the same ids? Under rejection they are equal in distribution only."""
        return not self.sampled or self.coupling == "gumbel"

    def __post_init__(self) -> None:
        checks.whole("max new tokens", self.max_new_tokens, 1)
        if self.block_size is not None:
            checks.whole("block size", self.block_size, 1)
        checks.whole("detail", self.detail, -1, 1)
        checks.whole("n alt", self.n_alt, 1, 64)
        if not checks.number("instrument share", self.instrument_share) >= 0:
            raise OrthrusError("out-of-range", f"instrument share is {self.instrument_share}, it must be 0 or more")
        t = checks.number("temperature", self.temperature)
        if not (t == 0 or MIN_TEMPERATURE <= t <= 100):
            raise OrthrusError(
                "out-of-range", f"temperature is {checks.say(t)}, it must be 0 or between {MIN_TEMPERATURE} and 100"
            )
        if self.top_k is not None:
            checks.whole("top k", self.top_k, 1)
        if self.top_p is not None and not 0 < checks.number("top p", self.top_p) <= 1:
            raise OrthrusError(
                "out-of-range", f"top p is {checks.say(self.top_p)}, it must lie above 0 and not above 1"
            )
        checks.whole("seed", self.seed, 0, 2**31 - 1)
        checks.one_of("coupling", self.coupling, COUPLINGS)
        checks.flag("pace", self.pace)


def _say(default: Any, about: str, highest: int = 0, choices: str = "") -> Any:
    return field(default=default, metadata={"about": about, "highest": highest, "choices": choices})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the surroundings decide: which model, where, how the page is served, and what a visitor may ask.

    `mcp` None means: if gradio's mcp extra is installed. A setting with `choices` must match that pattern.
    """

    model: str = _say(
        "", "checkpoint folder or hub id (default: the published 1.7B on a GPU, the embedded one on a CPU)"
    )
    models: str = _say(",".join(PUBLISHED_MODELS), "hub ids that may be loaded, separated by commas")
    device: str = _say("auto", "auto, cpu or cuda", choices=r"auto|cpu|cuda(:\d{1,3})?")
    dtype: str = _say("auto", "auto, float32, bfloat16 or float16", choices="|".join(("auto", *DTYPES)))
    engine: str = _say(
        "auto",
        "auto, numba (compiled for this CPU), triton (a GPU) or torch (plain PyTorch)",
        choices="|".join(ENGINES),
    )
    host: str = _say("127.0.0.1", "address to listen on; 0.0.0.0 is every one")
    port: int = _say(7860, "port to listen on", 65_535)
    root_path: str = _say("", "path or address at which a proxy shows the page, such as /orthrus")
    threads: int = _say(0, "CPU threads a pass may take at most (default: all cores but one)", MOST_THREADS)
    workers: int = _say(1, "processes that decode, one run each; each holds the model", 64)
    traces: str = _say(str(EMBEDDED_MODEL.parent / "traces"), "folder of recorded runs")
    records: str = _say("", "folder to keep every finished run in, prompt included (default: nothing is kept)")
    mcp: bool | None = _say(
        None, "1 to serve the endpoints as MCP tools too, 0 not to (default: if gradio's mcp extra is installed)"
    )
    framed_by: str = _say("'self'", "origins that may show the page in a frame, parted by blanks; a Space adds its hub")
    limits: Limits = field(default_factory=Limits)


def settings_from_environment(
    environ: Mapping[str, str] | None = None, names: Collection[str] | None = None
) -> Settings:
    """Settings and limits with each field overridden by ORTHRUS_<FIELD> where it is set; the only reader of it.

    `names` limits what is read, so that a program is not stopped by a variable it has no use for. Host, port, root path
    and mcp also heed gradio's own variables (`variables_of`), some of which a hosted Space sets. Raises OrthrusError,
    which names the variable, its value and what it may be.
    """
    environ = os.environ if environ is None else environ
    found: dict[str, Any] = {}
    limits: dict[str, Any] = {}
    for config, into in ((Settings, found), (Limits, limits)):
        for each in fields(config):
            if each.name != "limits" and (names is None or each.name in names):
                for variable in variables_of(each.name):
                    if (text := environ.get(variable, "").strip()) and each.name not in into:
                        into[each.name] = setting(variable, text, each)
    if environ.get("SPACE_ID"):  # a Space is shown inside a page of its hub
        found.setdefault("framed_by", "'self' https://huggingface.co")
    return Settings(**found, limits=Limits(**limits))


def variables_of(name: str) -> tuple[str, ...]:
    """The environment variables of a setting; the first one that is set wins."""
    return (f"ORTHRUS_{name.upper()}", *_GRADIO.get(name, ()))


_GRADIO = {
    "host": ("GRADIO_SERVER_NAME",),
    "port": ("GRADIO_SERVER_PORT",),
    "root_path": ("GRADIO_ROOT_PATH",),
    "mcp": ("GRADIO_MCP_SERVER",),
}


def setting(label: str, text: str, each: Field) -> Any:
    """A setting's value as it was written; `label` is the option or variable it came from.

    Raises OrthrusError, a sentence with label, value and what the value may be.
    """
    text = text.strip()
    choices = each.metadata.get("choices")
    if str(each.type).startswith("bool"):
        if text.lower() not in _TRUTH:
            raise OrthrusError("unknown-choice", f"{label} is {text!r:.80}, it must be one of {', '.join(_TRUTH)}")
        return _TRUTH[text.lower()]
    if each.type == "int":
        return whole_number(label, text, 1, each.metadata["highest"])
    if choices and not re.fullmatch(choices, text):
        raise OrthrusError("unknown-choice", f"{label} is {text!r:.80}, it must be {each.metadata['about']}")
    if each.name == "host" and not text:
        raise OrthrusError("host-unknown", f"{label} is empty, it must be an address such as 127.0.0.1")
    return mounted_at(label, text) if each.name == "root_path" else text


def whole_number(label: str, text: str, lowest: int, highest: int) -> int:
    """Raises OrthrusError for anything but digits within the bounds."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
        raise OrthrusError(
            "out-of-range", f"{label} is {text!r:.80}, it must be a number between {lowest} and {highest}"
        )
    return int(text)


def mounted_at(label: str, text: str) -> str:
    """A root path as `/steps` or `http(s)://host/steps`, without a slash at its end; "" for the root itself."""
    origin, steps = re.fullmatch(r"(https?://[^/]*)?(.*)", text, re.DOTALL).groups()
    path = "/".join(["", *(step for step in steps.split("/") if step)])
    if not re.fullmatch(r"(/[\w.~-]+)*", path, re.ASCII) or {".", ".."} & set(path.split("/")):
        raise OrthrusError(
            "root-path-bad",
            f"{label} is {text!r:.80}, it must be a path such as /orthrus: letters, digits, - . _ ~ and /",
        )
    if origin and not re.fullmatch(r"https?://[\w.-]+(:\d{1,5})?|https?://\[[\da-fA-F:]+\](:\d{1,5})?", origin):
        raise OrthrusError(
            "root-path-bad", f"{label} is {text!r:.80}, it must be an address such as https://host/orthrus"
        )
    return f"{origin or ''}{path}"


_TRUTH = {"0": False, "1": True, "false": False, "true": True}
