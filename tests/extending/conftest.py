"""A process in which all examples of docs/extending.md are installed, for tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.examples import examples
from tests.support.plugins import write_plugin
from tests.support.session import Session, session

BROKEN = """
from tune_mc1.tracking.journal_tracker import JournalTracker, register_tracker


@register_tracker
class Broken(JournalTracker):
    name = "broken"

    def take(self, event):
        if event["event"] == "epoch":
            raise RuntimeError("no such\\nproject")
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory in which they are installed, with a tracker that fails."""
    folder = tmp_path_factory.mktemp("site")
    for file, code in examples().items():
        write_plugin(folder, code, f"own_{Path(file).stem}")
    write_plugin(folder, BROKEN, "own_broken")
    return folder


@pytest.fixture(scope="session")
def path(site: Path) -> str:
    """PYTHONPATH of a process that has them."""
    return f"{site}:{Path(__file__).parents[2]}"


@pytest.fixture(scope="session")
def there(tmp_path_factory: pytest.TempPathFactory, path: str) -> Iterator[Session]:
    """The process."""
    with session(tmp_path_factory.mktemp("session"), PYTHONPATH=path) as process:
        yield process
