"""A sweep that is stopped in a Ray that outlives it, as in a notebook, and goes on there."""

import time
from pathlib import Path
from typing import Any

import pytest
import ray

from tests.running.test_pbt_sweep import content
from tests.support.in_process import run_here, sweep_here
from tune_mc1.errors import SweepStopped
from tune_mc1.results.directory import ResultDir
from tune_mc1.running.callbacks.watch import ProgressCallback


def free_cpus() -> float:
    found: dict[str, float] = ray.available_resources()  # type: ignore[no-untyped-call]
    return found.get("CPU", 0.0)


def all_cpus() -> float:
    found: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    return found["CPU"]


@pytest.mark.parametrize("early", ["pbt", "none"])
def test_a_stopped_sweep_gives_back_what_its_trials_held(
    tmp_path: Path, image_dir: Path, monkeypatch: pytest.MonkeyPatch, early: str
) -> None:
    """An interruption is no `Exception`, after which alone Ray Tune gives back resources itself."""
    end, free = ProgressCallback.on_step_end, list[float]()

    def stop(self: ProgressCallback, *args: Any, **info: Any) -> None:
        end(self, *args, **info)
        rows = self.view._tables.trials.values()
        if any(row["epochs_run"] for row in rows) and free_cpus() < 1:
            free.append(free_cpus())
            raise SweepStopped

    file = content(image_dir, fuse="off")
    if early == "none":
        del file["early_terminate"]
    with monkeypatch.context() as patch:
        patch.setattr(ProgressCallback, "on_step_end", stop)
        ran = sweep_here(tmp_path, file, "random")
    assert ran.status == 130, ran.err
    assert free == [0.0]
    until = time.monotonic() + 60
    while free_cpus() < all_cpus():
        assert time.monotonic() < until, "the stopped sweep still holds resources of Ray"
        time.sleep(0.1)
    done = run_here("sweep", "random", "--resume", ran.root, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    states = {row["state"] for row in ResultDir(ran.root).read().trials.values()}
    assert states == {"completed"}
