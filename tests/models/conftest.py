"""Networks that are cheap to train."""

from tests.support.narrow_networks import narrow_cnn8

__all__ = ["narrow_cnn8"]
