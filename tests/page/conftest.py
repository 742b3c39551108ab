"""A browser for all tests of the page, and a real sweep for it to show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import chromium
from tests.support.in_process import sweep_here
from tests.support.served_page import REAL, served


@pytest.fixture(scope="package")  # files of other folders have one of their own
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory, image_dir: Path) -> Path:
    """A real sweep that has ended."""
    where = tmp_path_factory.mktemp("real")
    ran = sweep_here(where, REAL, "asha", "--data", image_dir, "--wandb", "disabled")
    assert ran.status == 0, ran.err
    return ran.root


@pytest.fixture(scope="session")
def address(real: Path) -> Iterator[str]:
    with served(real.parent) as found:
        yield found
