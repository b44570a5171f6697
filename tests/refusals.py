"""What a test expects of a refusal: the code that programs read and the names and values in it, not the sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orthrus.errors import OrthrusError


@contextmanager
def refused(code: str, *named: str) -> Iterator[pytest.ExceptionInfo[OrthrusError]]:
    """The block raises OrthrusError with this code, whose sentence names these things."""
    with pytest.raises(OrthrusError) as caught:
        yield caught
    assert caught.value.code == code, f"{caught.value.code}: {caught.value}"
    assert [name for name in named if name not in str(caught.value)] == [], str(caught.value)
