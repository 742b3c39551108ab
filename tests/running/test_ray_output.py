"""What Ray Tune is told: to print nothing, and how many trials may start at a time."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.progress_reporter import TrialProgressCallback

from tune_mc1.running import ray_tuner


def test_a_trial_without_results_is_not_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(ray_tuner, "Tuner", lambda _, **keys: given.update(keys))
    run: Any = SimpleNamespace(
        where=SimpleNamespace(ray=tmp_path), sweep=SimpleNamespace(max_failures=2)
    )
    nothing: Any = None
    ray_tuner.make_tuner(run, print, nothing, 1, nothing, [])
    own = [c for c in given["run_config"].callbacks if isinstance(c, TrialProgressCallback)]
    (progress,) = own or [TrialProgressCallback()]  # as Ray Tune adds it where there is none
    trial: Any = type("Trial", (), {"last_result": {}})()
    progress.on_trial_complete(1, [trial], trial)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("before", [None, "7"])
def test_trials_that_start_together_are_those_of_one_sweep(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next sweep of the process may learn, and then takes them one by one."""
    name = "TUNE_MAX_PENDING_TRIALS_PG"
    monkeypatch.delenv(name, raising=False)
    if before is not None:
        monkeypatch.setenv(name, before)
    with ray_tuner.starting_together(3):
        assert os.environ[name] == "3"
    with ray_tuner.starting_together(0):
        assert os.environ.get(name) == before
