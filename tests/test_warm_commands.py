"""Commands of tests are forks, whatever the tests before have imported or started."""

import os
from pathlib import Path

import pytest
import torch._dynamo  # noqa: F401

from tests.support.warm_commands import ANEW, AT_START, Command, _read_at_start
from tune_mc1.cluster.forks.ray_forks_private import usable


@pytest.mark.skipif(not usable(), reason="forks need Linux without a GPU")
def test_a_command_is_a_fork(tmp_path: Path) -> None:
    assert _read_at_start(os.environ) == _read_at_start(AT_START)
    with Command(["--version"], tmp_path, os.environ) as command:
        assert command.is_fork
        out, _ = command.communicate(60)
    with Command(["--version"], tmp_path, os.environ | ANEW) as command:
        assert not command.is_fork
        assert command.communicate(60)[0] == out
