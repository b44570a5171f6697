"""What is fuzzed: each target takes bytes and returns, or refuses in a short sentence. Anything else is a finding."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from orthrus.events import to_json
from orthrus.server.request_filter import RequestRefused, check_body
from orthrus.trace import Trace
from orthrus.trace.files import event_of, load, packed
from tests import synthetic
from viz.page.form import read
from viz.page.recordings import recording

LONGEST = 2000  # characters of a refusal
MOST_LINES = 60


def refused(error: ValueError) -> None:
    assert len(str(error)) <= LONGEST, f"a refusal of {len(str(error))} characters"


@lru_cache
def scratch() -> Path:
    """A folder for the files that some readers want; it goes with the process."""
    holder = tempfile.TemporaryDirectory(prefix="fuzz-")
    folder = Path(holder.name)
    scratch.holder = holder  # type: ignore[attr-defined]
    return folder


def trace(data: bytes) -> None:
    """A trace's lines, unpacked: read, folded, and where a whole run comes of it, drawn by every view."""
    found = Trace()
    try:
        for line in data.decode("utf-8").split("\n")[:MOST_LINES]:
            if line:
                found = found.add(event_of(line))
    except ValueError as error:
        refused(error)
    if found.start is not None:
        recording("x", found)


def archive(data: bytes) -> None:
    """A trace's file as it comes."""
    path = scratch() / "x.jsonl.gz"
    path.write_bytes(data)
    try:
        load(path)
    except ValueError as error:
        refused(error)


def form(data: bytes) -> None:
    """What a program may send for the form: any JSON for any field."""
    try:
        entered = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(entered, dict):
        try:
            read(entered.pop("prompt", ""), entered)
        except ValueError as error:
            refused(error)


def body(data: bytes) -> None:
    """The body of any request."""
    try:
        check_body(data)
    except RequestRefused as error:
        assert error.status == 400 and len(error.why) < 100


def config(data: bytes) -> None:
    """A checkpoint's config.json; what is accepted must survive being written and read again."""
    from orthrus.checkpoints.folder import read_config
    from orthrus.config import ModelConfig

    folder = scratch() / "config"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_bytes(data)
    try:
        found = read_config(folder)
    except ValueError as error:
        refused(error)
        return
    assert ModelConfig.from_json(json.loads(json.dumps(found.to_json()))) == found


def weights(data: bytes) -> None:
    """A checkpoint's weight file: its header, names, shapes and number formats, filled into a model that is there."""
    import torch

    from orthrus.checkpoints.safetensors_io import fill, open_weights
    from orthrus.model.dual_view import Orthrus
    from tests.tiny import tiny_config

    folder = scratch() / "weights"
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").write_bytes(data)
    with torch.device("meta"):
        model = Orthrus(tiny_config(num_hidden_layers=1, hidden_size=8, intermediate_size=8, head_dim=4))
    try:
        fill(model, open_weights(folder), torch.device("cpu"), torch.float32)
    except ValueError as error:
        refused(error)


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (trace, archive, form, body, config, weights)
}


# The seed corpus: made here, so that it follows the schema.


def run(**more: Any) -> list[str]:
    return [json.dumps(to_json(event), separators=(",", ":")) for event in synthetic.events(**more)]


@lru_cache
def seeds(name: str) -> tuple[bytes, ...]:
    """Valid inputs of a target, and the findings that were mended."""
    return tuple(_SEEDS[name]()) + tuple(FOUND.get(name, ()))


def _traces() -> list[bytes]:
    runs = [run(tokens=6, block=4, detail=detail, stop="eos") for detail in (-1, 0, 1)] + [run(tokens=5, block=1)]
    return ["\n".join(lines).encode() for lines in runs] + [line.encode() for line in runs[2][:6]]


def _archives() -> list[bytes]:
    whole = packed(Trace.of(synthetic.events(tokens=6, block=4, stop="eos")))
    return [whole, whole[:100], gzip.compress(b"{}\n"), gzip.compress(b""), whole + whole]


def _forms() -> list[bytes]:
    forms: list[dict[str, Any]] = [
        {"prompt": "Solve 3x + 5 = 20.", "max_new_tokens": 40.0, "temperature": 0.7, "seed": 3},
        {"prompt": "", "top_k": "5", "top_p": "0.9", "block_size": " 8 ", "coupling": "rejection", "engine": "numba"},
    ]
    return [json.dumps(form).encode() for form in forms]


def _bodies() -> list[bytes]:
    return [
        b'{"data":["a",8,0,1,"","","","gumbel","auto"],"fn_index":3,"session_hash":"x","event_data":null}',
        b'{"data":[{"path":"/etc/passwd","meta":{"_type":"gradio.FileData"}}]}',
    ]


def _configs() -> list[bytes]:
    from tests.tiny import tiny_config

    plain = tiny_config().to_json()
    old = {name: value for name, value in plain.items() if name != "rope_parameters"} | {"eos_token_id": [1, 2]}
    odd = [
        plain | {name: value} for name in ("block_size", "architectures", "rope_theta") for value in (None, [1], 1e30)
    ]
    return [json.dumps(each).encode() for each in (plain, old, plain | {"quantization_config": {"bits": 4}}, *odd)]


def _weights() -> list[bytes]:
    import torch
    from safetensors.torch import save

    from orthrus.model.dual_view import Orthrus
    from tests.tiny import random_weights, tiny_config

    model = random_weights(Orthrus(tiny_config(num_hidden_layers=1, hidden_size=8, intermediate_size=8, head_dim=4)))
    held = {name: p.detach().to(torch.bfloat16).contiguous() for name, p in model.named_parameters()}
    few = dict(list(held.items())[:2])
    return [save(held), save(few), save({"model.norm.weight": torch.ones(8)})]


_SEEDS = {
    "trace": _traces,
    "archive": _archives,
    "form": _forms,
    "body": _bodies,
    "config": _configs,
    "weights": _weights,
}
# Inputs that were findings once: numbers too large for a float, a prompt that is no text, half a character.
FOUND = {
    "form": (b'{"seed":1' + b"0" * 400 + b"}", b'{"prompt":null}', rb'{"prompt":"\ud800"}', b'{"seed":1e308}'),
}
