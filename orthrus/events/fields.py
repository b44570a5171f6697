"""Schema validation: field rules for frozen dataclasses, checked on untrusted input.

Standard library only. `of(kind, *shape)` declares a field; `from_plain` builds a record from decoded JSON and
`recheck` re-checks one that was built in the program. Both raise ValueError with the field, the value and the limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any, NamedTuple, TypeVar

INT_LIMIT = 2**31
R = TypeVar("R")


class Spec(NamedTuple):
    """What one field may hold. `shape` names dimensions; '*' is any length, a number is a length, 'N' is block - 1."""

    kind: Any
    shape: tuple[str | int, ...]
    null: bool
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    detail: int | None  # absent (None) while the record's own `detail` is lower
    always: bool  # with a detail level: required once that detail is reached
    keyed: bool  # a mapping from decimal ids to `kind`


def of(
    kind: Any,
    *shape: str | int,
    null: bool = False,
    choices: tuple[str, ...] = (),
    low: float | None = 0,
    high: float | None = None,
    detail: int | None = None,
    always: bool = True,
    keyed: bool = False,
) -> Any:
    """A dataclass field with one rule. Numbers are low .. high, None for no limit."""
    low = low if kind in (int, float) else None
    metadata = {"spec": Spec(kind, shape, null, choices, low, high, detail, always, keyed)}
    return field(metadata=metadata) if detail is None else field(default=None, metadata=metadata)


def one_of(*choices: str, null: bool = False) -> Any:
    return of(str, choices=choices, null=null)


def to_plain(record: Any) -> dict[str, Any]:
    """A record -> a dict ready for json.dumps; fields above the record's detail are left out."""
    plain = {}
    for f in fields(record):
        value = getattr(record, f.name)
        if value is None and f.metadata["spec"].detail is not None:
            continue
        plain[f.name] = _plain(value)
    return plain


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return to_plain(value)
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    return value


def from_plain(kind: type[R], plain: Any, where: str) -> R:
    """A decoded JSON object -> a checked record; `where` names it in error sentences."""
    if not isinstance(plain, Mapping):
        raise ValueError(f"{where} is {_say(plain)}; it must be an object")
    specs = {f.name: f.metadata["spec"] for f in fields(kind)}  # type: ignore[arg-type]
    for name in plain:
        if name not in specs:
            raise ValueError(f"{where} has an unknown field {_say(name)}; it knows {', '.join(specs)}")
    missing = [name for name, spec in specs.items() if name not in plain and spec.detail is None]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    sizes: dict[str | int, int] = {}
    values = {name: _checked(specs[name], plain[name], f"{where}.{name}", sizes) for name in plain}
    record = kind(**values)
    _check_detail(record, specs, where)
    return record


def recheck(record: R, where: str) -> R:
    """Validate a record built in the program; returns it or raises ValueError."""
    return from_plain(type(record), to_plain(record), where)


def _check_detail(record: Any, specs: Mapping[str, Spec], where: str) -> None:
    """Fields above the record's detail must be absent; without a `detail` field all are present or none."""
    late = {name: spec for name, spec in specs.items() if spec.detail is not None}
    there = {name for name in late if getattr(record, name) is not None}
    detail = record.detail if "detail" in specs else (1 if there else 0)
    for name, spec in late.items():
        level = 0 if spec.detail is None else spec.detail
        if name in there and level > detail:
            raise ValueError(f"{where}.{name} belongs to detail {level}, the event says detail {detail}")
        if name not in there and level <= detail and spec.always:
            raise ValueError(f"{where} lacks {name}, which detail {detail} includes")


def _checked(spec: Spec, value: Any, where: str, sizes: dict[str | int, int]) -> Any:
    if value is None:
        if spec.null:
            return None
        raise ValueError(f"{where} is null; it must have a value")
    if spec.keyed:
        if not isinstance(value, Mapping):
            raise ValueError(f"{where} is {_say(value)}; it must be an object")
        return {_key(k, where): from_plain(spec.kind, v, f"{where}[{_say(k)}]") for k, v in value.items()}
    return _shaped(spec, spec.shape, value, where, sizes)


def _shaped(spec: Spec, shape: tuple[str | int, ...], value: Any, where: str, sizes: dict[str | int, int]) -> Any:
    if not shape:
        return _scalar(spec, value, where)
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{where} is {_say(value)}; it must be a list")
    dim, n = shape[0], len(value)
    want = _wanted(dim, n, sizes)
    if n != want:
        raise ValueError(f"{where} has {n} entries; {dim} is {want}")
    if len(shape) == 1 and spec.kind in (int, float):
        return _numbers(spec, value, where)
    return tuple(_shaped(spec, shape[1:], v, f"{where}[{i}]", sizes) for i, v in enumerate(value))


def _wanted(dim: str | int, n: int, sizes: dict[str | int, int]) -> int:
    """The length a dimension must have; the first list that uses a dimension fixes it for the record."""
    if dim == "*":
        return n
    if isinstance(dim, int):
        return dim
    if dim == "N":
        return sizes.setdefault("block", n + 1) - 1
    return sizes.setdefault(dim, n)


def _outside(spec: Spec, low: Any, high: Any) -> bool:
    return (spec.low is not None and low < spec.low) or (spec.high is not None and high > spec.high)


def _numbers(spec: Spec, values: Any, where: str) -> tuple[Any, ...]:
    """A flat list of numbers; the common case (all valid) is one pass without calls."""
    if spec.kind is int:
        fine = all(type(v) is int for v in values) and (not values or max(values) < INT_LIMIT)
    else:
        fine = all(type(v) is float and math.isfinite(v) for v in values)
    fine = fine and not (values and _outside(spec, min(values), max(values)))
    return tuple(values) if fine else tuple(_scalar(spec, v, f"{where}[{i}]") for i, v in enumerate(values))


def _scalar(spec: Spec, value: Any, where: str) -> Any:
    kind = spec.kind
    if is_dataclass(kind):
        return from_plain(kind, value, where)  # type: ignore[arg-type]
    if kind is float and type(value) is int and abs(value) < INT_LIMIT:
        value = float(value)  # JSON writes 0.0 as 0 in some languages
    if type(value) is not kind:
        raise ValueError(f"{where} is {_say(value)}; it must be of type {kind.__name__}")
    if spec.choices and value not in spec.choices:
        raise ValueError(f"{where} is {_say(value)}; it must be one of {', '.join(spec.choices)}")
    if kind is str and not _whole(value):
        raise ValueError(f"{where} is {_say(value)}; it holds half a character, which no file can keep")
    if kind is float and not math.isfinite(value):
        raise ValueError(f"{where} is {value}; it must be finite")
    if kind is int and abs(value) >= INT_LIMIT:
        raise ValueError(f"{where} is {_say(value)}; it must fit 32 bits")
    if kind in (int, float) and _outside(spec, value, value):
        limits = [f"at least {spec.low}"] * (spec.low is not None) + [f"at most {spec.high}"] * (spec.high is not None)
        raise ValueError(f"{where} is {value}; it must be {' and '.join(limits)}")
    return value


def _whole(text: str) -> bool:
    """Whether a text can be encoded as UTF-8: JSON can contain half of a surrogate pair."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _key(key: Any, where: str) -> int:
    text = str(key)
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and str(int(text)) == text and int(text) < INT_LIMIT):
        raise ValueError(f"{where} has the key {_say(key)}; keys are token ids")
    return int(text)


def _say(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
