"""What is the subject here."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def _with_wandb(wandb_as_usual: None) -> None:
    """W&B is on in all tests."""
