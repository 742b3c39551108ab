"""The winner's test runs in a process that is ready before the last trial ends."""

import os
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray.tune.experiment import Trial as TuneTrial

from tune_mc1.callbacks.spare import SpareProcess
from tune_mc1.resources import TrialResources


def trials(*states: str) -> list[Any]:
    return [SimpleNamespace(status=state) for state in states]


def end_one(spare: SpareProcess, there: list[Any]) -> None:
    spare.on_trial_complete(1, there, there[0])
    spare.on_step_end(1, there)


@pytest.fixture
def two_cores() -> Any:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_it_waits_until_no_trial_is_left_to_start() -> None:
    spare = SpareProcess(3, TrialResources(cpu=1, gpu=0), every_s=0)
    end_one(spare, trials(TuneTrial.RUNNING, TuneTrial.RUNNING))  # the third is not there yet
    end_one(spare, trials(TuneTrial.RUNNING, TuneTrial.RUNNING, TuneTrial.PENDING))
    assert spare.process is None


def test_the_next_task_runs_in_it(two_cores: None) -> None:
    there = trials(TuneTrial.RUNNING, TuneTrial.RUNNING)
    large = SpareProcess(2, TrialResources(cpu=3, gpu=0), every_s=0)
    end_one(large, there)
    assert large.process is None, "no node has room"
    spare = SpareProcess(2, TrialResources(cpu=1, gpu=0), every_s=0)
    end_one(spare, there)
    first = spare.process
    end_one(spare, there)
    assert spare.process is first

    def process() -> tuple[int, bool]:
        import sys

        return os.getpid(), "tune_mc1.trial" in sys.modules

    ready = ray.get(first)
    task = ray.remote(process).options(num_cpus=1, num_gpus=0)
    assert ray.get(task.remote()) == (ready, True)
