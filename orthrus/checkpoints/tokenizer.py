"""Tokenizer loading: read from the checkpoint's data files, tried out, and checked against the model."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from orthrus.checkpoints.chat_template import chat_ids, rendered
from orthrus.checkpoints.safetensors_io import read_json
from orthrus.config import ModelConfig
from orthrus.config.compatibility import UnsupportedCheckpoint
from orthrus.errors import OrthrusError
from orthrus.files import BOM

WHOLE, PARTS = "tokenizer.json", ("vocab.json", "merges.txt")  # each can describe a byte-level BPE tokenizer
TEMPLATE = "chat_template.jinja"
BESIDE = ("tokenizer*", "vocab.json", "merges.txt", "*.jinja", "special_tokens_map.json", "added_tokens.json",
          "chat_template.json", "generation_config.json")  # fmt: skip
TRIAL = "Hello"


def read_tokenizer(folder: Path) -> Any:
    """Load the folder's tokenizer from its data files only, with a working chat template.

    Raises OrthrusError naming the file: `tokenizer-missing`, `tokenizer-invalid`, `template-missing`,
    `template-invalid`; UnsupportedCheckpoint if it needs custom code.
    """
    if not (folder / WHOLE).is_file() and not all((folder / name).is_file() for name in PARTS):
        raise OrthrusError("tokenizer-missing", f"{folder} has no tokenizer: it holds no {WHOLE}")
    about = folder / "tokenizer_config.json"
    if about.is_file() and read_json(about).get("auto_map"):
        raise UnsupportedCheckpoint(f"{about} asks for a tokenizer of the checkpoint's own code, which is never run")
    tokenizer = _loaded(folder)
    _try_template(tokenizer, folder)
    return tokenizer


def files_beside(folder: Path) -> list[Path]:
    """A checkpoint's files other than weights and config: tokenizer, chat template, generation config."""
    return sorted({path for pattern in BESIDE for path in folder.glob(pattern) if path.is_file()})


def check_tokenizer(tokenizer: Any, config: ModelConfig) -> None:
    """Raise OrthrusError if tokens have no row of the embedding, or if text or template can write the mask."""
    core = tokenizer.backend_tokenizer
    vocabulary = core.get_vocab(with_added_tokens=True)
    token, highest = max(vocabulary.items(), key=lambda item: item[1])
    if highest >= config.vocab_size:
        raise OrthrusError(
            "tokenizer-too-large",
            f"the tokenizer's token {token!r} has id {highest}, the embedding has {config.vocab_size} rows",
        )
    mask = config.mask_token_id
    text = core.id_to_token(mask) is not None and mask not in core.get_added_tokens_decoder()
    if text or mask in chat_ids(tokenizer, (("user", TRIAL),)):
        raise OrthrusError(
            "mask-token", f"mask_token_id is {mask}, which is the token {core.id_to_token(mask)!r}; no text may use it"
        )


def _loaded(folder: Path) -> Any:
    from transformers import AutoTokenizer

    try:
        with tempfile.TemporaryDirectory() as spare:
            place = _without_boms(folder, Path(spare))
            return AutoTokenizer.from_pretrained(place, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # the library passes on its parsers' exceptions, which name no file
        for path in files_beside(folder):
            if path.suffix == ".json":
                read_json(path, None)
        why = " ".join(str(error).split())[:200]
        raise OrthrusError("tokenizer-invalid", f"the tokenizer in {folder} cannot be read: {why}") from error


def _without_boms(folder: Path, spare: Path) -> Path:
    """The folder, or a copy without byte-order marks if a text file begins with one."""
    files = [path for path in (*files_beside(folder), folder / "config.json") if path.is_file()]
    marked = {path for path in files if path.open("rb").read(3) == BOM.encode()}
    if not marked:
        return folder
    for path in files:
        if path in marked:
            (spare / path.name).write_bytes(path.read_bytes()[3:])
        else:
            shutil.copyfile(path, spare / path.name)
    return spare


def _try_template(tokenizer: Any, folder: Path) -> None:
    """Render one message; raises OrthrusError naming the file if the template fails or omits the message."""
    source = folder / TEMPLATE if (folder / TEMPLATE).is_file() else folder / "tokenizer_config.json"
    template = tokenizer.chat_template
    if template is None:
        raise OrthrusError(
            "template-missing", f"{folder} has no chat template, neither in {TEMPLATE} nor in {source.name}"
        )
    if isinstance(template, str):
        tokenizer.chat_template = template.removeprefix(BOM)
    try:
        text = rendered(tokenizer, (("user", TRIAL),), False)
    except OrthrusError as error:
        raise OrthrusError("template-invalid", f"{source}: {error}") from error.__cause__
    if TRIAL not in text:
        raise OrthrusError("template-invalid", f"{source}: the chat template writes nothing of what the user says")
