"""Commands of tests are forks, whatever the tests before have imported or started."""

import os
from pathlib import Path

import pytest

from tests.support.warm_commands import ANEW, AT_START, Command, _read_at_start
from tune_mc1.cluster.forks.ray_forks_private import usable

SET_MEANWHILE = {
    "PYTHONBREAKPOINT": "ray.util.rpdb._driver_set_trace",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TORCHINDUCTOR_CACHE_DIR": "/tmp/torchinductor_me",
}
"""What a connection to Ray and an import of PyTorch's compiler leave in the environment."""


@pytest.mark.skipif(not usable(), reason="forks need Linux without a GPU")
def test_a_command_is_a_fork(tmp_path: Path) -> None:
    assert _read_at_start(os.environ) == _read_at_start(AT_START)
    with Command(["--version"], tmp_path, os.environ | SET_MEANWHILE) as command:
        assert command.is_fork
        out, _ = command.communicate(60)
    with Command(["--version"], tmp_path, os.environ | ANEW) as command:
        assert not command.is_fork
        assert command.communicate(60)[0] == out
