"""Test files that share something large run in one process of several."""

import pytest

from tests.conftest import shared_scope


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("tests/page/test_a.py", "tests/page/test_b.py", True),
        ("tests/cluster/test_job.py", "tests/cluster/test_program_job.py", True),
        ("tests/cluster/test_job.py", "tests/cluster/test_outline.py", False),
        ("tests/running/test_a.py", "tests/running/test_b.py", False),
        ("tests/test_docs.py", "tests/test_package.py", False),
    ],
)
def test_files_run_in_one_process(one: str, other: str, together: bool) -> None:
    assert (shared_scope(one) == shared_scope(other)) is together
