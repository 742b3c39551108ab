"""Large architectures made narrow: their layers, at a hundredth of their work."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.support.plugins import registered
from tune_mc1.config.architectures import ARCHITECTURES


@contextmanager
def narrowed(model: str) -> Iterator[None]:
    """An architecture has a sixteenth of its channels and hidden units."""
    arch = ARCHITECTURES[model]
    narrow = replace(
        arch,
        convs=tuple(replace(conv, channels=max(1, conv.channels // 16)) for conv in arch.convs),
        hidden=tuple(max(width // 16, 8) for width in arch.hidden),
    )
    with registered(ARCHITECTURES, model, narrow):
        yield


@pytest.fixture
def narrow_cnn8() -> Iterator[None]:
    """CNN8, which has dropout, with few channels; as it is it takes a thousand times CNN's work."""
    with narrowed("CNN8"):
        yield
