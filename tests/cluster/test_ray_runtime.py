"""A Ray that a busy machine does not start at once."""

from pathlib import Path
from typing import Any

import pytest
import ray

from tune_mc1.cluster.ray_runtime import Cluster
from tune_mc1.errors import SweepStopped


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_ray_may_need_a_second_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    tries: list[dict[str, Any]] = []

    def init(**options: Any) -> None:
        tries.append(options)
        if len(tries) <= failures:
            raise Exception("The current node timed out\nduring startup.")  # noqa: TRY002

    monkeypatch.setattr(ray, "init", init)
    cluster = Cluster(None, tmp_path)
    if failures == 2:
        with pytest.raises(SweepStopped, match=r"Ray could not be started: The current node timed"):
            cluster.connect()
    else:
        cluster.connect()
    assert len(tries) == min(failures, 1) + 1
    assert len({options["_temp_dir"] for options in tries}) == 1
    cluster.shutdown()
