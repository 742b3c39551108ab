"""The winner's test runs in a process that is ready before the last trial ends."""

import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest
import ray
from ray.tune.experiment import Trial as TuneTrial

from tests.support.in_process import disconnect
from tune_mc1.cluster.ray_runtime import Cluster
from tune_mc1.planning.resources import TrialResources
from tune_mc1.running.callbacks.spare import SpareProcess


def trials(*states: str) -> list[Any]:
    return [SimpleNamespace(status=state) for state in states]


def end_one(spare: SpareProcess, there: list[Any]) -> None:
    spare.on_trial_complete(1, there, there[0])
    spare.on_step_end(1, there)


@pytest.fixture
def two_cores() -> Any:
    disconnect()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_it_waits_until_no_trial_is_left_to_start() -> None:
    spare = SpareProcess(3, TrialResources(cpu=1, gpu=0), own=False, interval_s=0)
    end_one(spare, trials(TuneTrial.RUNNING, TuneTrial.RUNNING))  # the third is not there yet
    end_one(spare, trials(TuneTrial.RUNNING, TuneTrial.RUNNING, TuneTrial.PENDING))
    assert spare.process is None


def test_the_next_task_runs_in_it(two_cores: None) -> None:
    there = trials(TuneTrial.RUNNING, TuneTrial.RUNNING)
    large = SpareProcess(2, TrialResources(cpu=3, gpu=0), own=False, interval_s=0)
    end_one(large, there)
    assert large.process is None, "no node has room"
    spare = SpareProcess(2, TrialResources(cpu=1, gpu=0), own=False, interval_s=0)
    end_one(spare, there)
    first = spare.process
    end_one(spare, there)
    assert spare.process is first

    ready = ray.get(first)
    task = ray.remote(process).options(num_cpus=1, num_gpus=0)
    assert ray.get(task.remote()) == (ready, True)


def test_on_a_ray_of_our_own_it_loads_beside_the_last_trials(tmp_path: Path) -> None:
    disconnect()
    cluster = Cluster(None, tmp_path)
    cluster.connect()
    try:
        spare = SpareProcess(2, TrialResources(cpu=1, gpu=0), own=True)
        first, last = trials(TuneTrial.RUNNING, TuneTrial.PENDING)
        spare.on_trial_start(1, [first, last], first)
        assert spare.process is None, "a trial is left to start"
        cores = int(cast(Any, ray).cluster_resources()["CPU"])
        made: Any = ray.remote(Busy)
        busy = [made.options(num_cpus=1).remote() for _ in range(cores)]
        ray.get([actor.ping.remote() for actor in busy])
        spare.on_trial_start(2, [first, last], last)
        pending: Any = spare.process
        ready = ray.get(pending, timeout=200)
        time.sleep(3)  # Ray's default ends one that is idle for a second where others run
        assert psutil.pid_exists(ready)
        del busy
        task: Any = ray.remote(process)
        assert ray.get(task.remote()) == (ready, True)
    finally:
        cluster.shutdown()


class Busy:
    """Holds a core's share, as a trial does."""

    def ping(self) -> None:
        pass


def process() -> tuple[int, bool]:
    return os.getpid(), "tune_mc1.training.run_trials" in sys.modules
