"""Resolve a checkpoint's name to a local folder; a hub id is downloaded at one commit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orthrus.errors import OrthrusError

# Weights, configuration and tokenizer as data: neither code nor pickles are ever fetched.
PATTERNS = ("*.safetensors", "*.json", "*.jinja", "*.txt")


@dataclass(frozen=True, slots=True)
class Place:
    """A checkpoint's location; `commit` is the hub's, None for a local folder."""

    folder: Path
    id: str
    commit: str | None = None


def locate(source: str) -> Place:
    """A folder with a config.json, a hub id `owner/name`, or `owner/name@revision` (a branch, tag or commit).

    A hub id is downloaded once, with a progress bar, and read from the hub's own cache afterwards, also offline.
    Raises OrthrusError, in one sentence, if it is neither, is gated, or cannot be reached.
    """
    path = Path(source).expanduser()
    if (path / "config.json").is_file():
        return Place(path, path.resolve().name, _commit(path))
    name, _, revision = source.partition("@")
    if path.exists() or name.count("/") != 1 or source.startswith((".", "/", "~")):
        raise OrthrusError("not-a-model", f"{source!r} is not a model folder: it holds no config.json")
    folder = _download(name, revision or None)
    return Place(folder, name, _commit(folder))


def _commit(folder: Path) -> str | None:
    """The hub's cache names a snapshot by its commit: models--owner--name/snapshots/<commit>."""
    return folder.name if folder.parent.name == "snapshots" and len(folder.name) == 40 else None


def _download(name: str, revision: str | None) -> Path:
    from huggingface_hub import errors, snapshot_download

    which = f"{name!r}" + (f" at revision {revision!r}" if revision else "")
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(PATTERNS)))
    except errors.HFValidationError as error:
        raise OrthrusError("not-a-model", f"{name!r} is not a model folder, and no hub id either: {error}") from error
    except errors.GatedRepoError as error:
        raise OrthrusError(
            "hub-gated",
            f"{which} is gated: accept its terms on its page on the hub, then log in here with `hf auth login`",
        ) from error
    except errors.RevisionNotFoundError as error:
        raise OrthrusError("hub-revision", f"{name!r} has no revision {revision!r} on the hub") from error
    except errors.RepositoryNotFoundError as error:
        raise OrthrusError("hub-unknown", f"{which} is neither a local folder nor a public model on the hub") from error
    except (
        ImportError,
        ValueError,
    ) as error:  # a proxy scheme that the client does not support, or only with a further package
        raise OrthrusError(
            "hub-proxy", f"{which} cannot be downloaded through the proxy that the environment names: {error}"
        ) from error
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, OSError) as error:
        raise OrthrusError(
            "hub-unreachable",
            f"{which} is neither a local folder nor reachable on the hub ({type(error).__name__}), "
            "and this machine has no copy of it",
        ) from error
