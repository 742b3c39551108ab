"""Trackers: W&B is on in all tests, as users have it."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def _with_wandb(wandb_as_usual: None) -> None:
    """Requests it for every file."""
