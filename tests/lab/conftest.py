"""The lab is for root on a machine that has the tools; `TUNE_MC1_CLUSTER=required` wants it so."""

import os

import pytest

from tests.lab.hosts import missing


@pytest.fixture(scope="session", autouse=True)
def needed() -> None:
    """Skips with the reason; `.ci/run` installs what is needed, so a skip there is a failure."""
    reason = missing()
    if reason is None:
        return
    if os.environ.get("TUNE_MC1_CLUSTER") == "required":
        pytest.fail(f"no lab of hosts can be made here: {reason}")
    pytest.skip(reason)
