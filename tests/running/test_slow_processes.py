"""A process that starts slowly runs trials, although another one could run them all meanwhile."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray
from ray import tune
from ray.tune import RunConfig, TuneConfig, Tuner
from ray.tune.experiment import Trial as TuneTrial
from ray.tune.search import Searcher

from tests.support.in_process import disconnect
from tune_mc1.running.schedulers.first_come import FirstCome

TRIALS = 8
PROCESSES = 2
PATIENCE_S = 30.0


class Learning(Searcher):
    """Gives a trial when there is room for one, as a search that learns does."""

    def __init__(self) -> None:
        super().__init__()
        self.live: set[str] = set()

    def suggest(self, trial_id: str) -> Any:
        """The next trial, or none yet."""
        if len(self.live) >= PROCESSES:
            return None
        self.live.add(trial_id)
        return {"trial": trial_id}

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """Makes room."""
        self.live.discard(trial_id)


class Short(tune.Trainable):
    """Short trials, in processes of which the second one is ready after three trials."""

    def setup(self, config: dict[str, Any], folder: str = "") -> None:
        """A process starts."""
        self.folder = Path(folder)
        first = not any(self.folder.glob("process*"))
        (self.folder / f"process{os.getpid()}").touch()
        if not first:
            self._await(lambda: len(list(self.folder.glob("trial*"))) >= 3)
            (self.folder / "ready").touch()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """The process takes another trial."""
        return True

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Nothing to keep."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Nothing was kept."""

    def step(self) -> dict[str, Any]:
        """A trial; from the fourth on they leave the second process time to be seen as ready."""
        (self.folder / f"trial{self.trial_id}").touch()
        if len(list(self.folder.glob("trial*"))) >= 4:
            self._await((self.folder / "ready").exists)
        return {"process": os.getpid(), "done": True}

    @staticmethod
    def _await(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < end:
            time.sleep(0.02)


@pytest.fixture
def two_cores() -> Iterator[None]:
    disconnect()
    ray.init(num_cpus=PROCESSES, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_the_slow_process_of_a_search_that_learns(two_cores: None, tmp_path: Path) -> None:
    """Ray Tune alone would give its trial to the free process, and end it, time and again."""
    seen = tmp_path / "seen"
    seen.mkdir()
    trainable = tune.with_parameters(Short, folder=str(seen))
    tuner = Tuner(
        tune.with_resources(trainable, {"cpu": 1}),
        tune_config=TuneConfig(
            search_alg=Learning(), scheduler=FirstCome(), num_samples=TRIALS, reuse_actors=True
        ),
        run_config=RunConfig(storage_path=str(tmp_path / "ray"), verbose=0),
    )
    results = tuner.fit()
    ran = [(results[i].metrics or {})["process"] for i in range(len(results))]
    assert len(ran) == TRIALS
    assert len(set(ran)) == PROCESSES
    assert len(list(seen.glob("process*"))) == PROCESSES, "none was started and given up"


def waiting(name: str, status: str = TuneTrial.PENDING) -> Any:
    return SimpleNamespace(name=name, status=status)


def test_a_free_process_takes_a_trial_that_has_none() -> None:
    """Not the first one that waits: its process would end just before it is ready."""
    starting, next_one, running = waiting("a"), waiting("b"), waiting("c", TuneTrial.RUNNING)
    actors = {"a": "process of a", "c": "process of c", "b": "asked for"}
    manager = SimpleNamespace(
        _live_actors_to_ray_actors_resources={"process of a": 1, "process of c": 2}
    )
    inside = SimpleNamespace(
        _trial_to_actor=SimpleNamespace(get=lambda trial: actors[trial.name]),
        _actor_manager=manager,
        _pending_trials=[starting, next_one],
        _max_pending_trials=1,
    )
    there = [running, starting, next_one]
    controller = SimpleNamespace(_tune_controller=inside, get_trials=lambda: there)
    scheduler = FirstCome()
    assert scheduler.choose_trial_to_run(controller) is next_one
    assert inside._max_pending_trials == 2, "one that waits, and one whose process is starting"
    there.remove(next_one)
    assert scheduler.choose_trial_to_run(controller) is None
