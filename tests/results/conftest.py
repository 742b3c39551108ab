"""An object store for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.support.object_store import ObjectStore, serving_all
from tune_mc1.results.store.remote import Remote


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    with serving_all() as server:
        yield server


@pytest.fixture
def remote(store: ObjectStore, request: pytest.FixtureRequest) -> Remote:
    return Remote(f"s3://sweeps/{request.node.name}")
