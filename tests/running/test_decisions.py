"""The actor by which groups learn what ASHA decides, with many groups that wait at once."""

import ray

from tests.support.node_cluster import gpu_cluster
from tune_mc1.running.decisions import start_decisions

GROUPS = 1100
"""More than the 1,000 calls at a time that Ray allows an actor by default."""


def test_very_many_groups_may_wait() -> None:
    with gpu_cluster([]):
        decisions = start_decisions()
        waiting = [decisions.take.remote(f"r{i}") for i in range(GROUPS)]
        for i in range(GROUPS):
            decisions.publish.remote(f"r{i}", [f"t{i}"])
        assert ray.get(waiting, timeout=120) == [[f"t{i}"] for i in range(GROUPS)]
