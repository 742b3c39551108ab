"""Networks that are cheap to train."""

from collections.abc import Iterator

import pytest

from tests.support.narrow_networks import narrowed


@pytest.fixture
def narrow_cnn8() -> Iterator[None]:
    """CNN8, which has dropout, with few channels; as it is it takes a thousand times CNN's work."""
    with narrowed("CNN8"):
        yield
