"""Sweeps that an earlier version planned: in W&B's order, and with equal trials more than once."""

import math
from pathlib import Path

import pytest

from tests.support.figure_sweeps import tiny_images
from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.config.trial import Trial
from tune_mc1.planning.draws import sample
from tune_mc1.planning.past import read_past
from tune_mc1.planning.resume import prepare_resume
from tune_mc1.planning.search_space import plan_trials
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import end_event, start_events, trial_event
from tune_mc1.results.head import sweep_event
from tune_mc1.results.writer import ResultWriter

SWEEP = """
method: {method}
run_cap: 8
data: shapes10
parameters:
  momentum: {{values: [0.9, 0.5]}}
  batch_size: {{values: [64, 32]}}
  epochs: {{value: 2}}
"""


@pytest.mark.parametrize("method", ["grid", "random"])
def test_it_goes_on_with_its_own_trials(tmp_path: Path, method: str) -> None:
    where = ResultDir(tmp_path / "old")
    where.root.mkdir()
    where.sweep_file.write_text(SWEEP.format(method=method))
    sweep = load_sweep(where.sweep_file).sweep
    where.sweep_file.write_text(config_to_yaml(sweep))
    settings = sample(sweep, 8)
    if method == "grid":  # sorted by name
        settings = [
            {"batch_size": size, "epochs": 2, "momentum": momentum}
            for size in (64, 32)
            for momentum in (0.9, 0.5)
        ]
    trials = [
        Trial(id=f"t{i:04d}", config=sweep.config(setting)) for i, setting in enumerate(settings, 1)
    ]
    writer = ResultWriter(where, interval_s=math.inf)
    writer.write(sweep_event(sweep, tiny_images()), *map(trial_event, trials))
    writer.write(*start_events(["t0001"]), end_event("t0001", "failed", error="x"))
    writer.close()
    plan = prepare_resume(method, None, where.root)
    assert [(t.id, t.config_hash) for t in plan.trials] == [(t.id, t.config_hash) for t in trials]
    assert plan.past is not None
    assert [t.id for t in plan.past.remaining(plan.trials)] == [t.id for t in trials[1:]]


def test_trials_that_are_as_planned_are_not_made_again(tmp_path: Path) -> None:
    where = ResultDir(tmp_path / "old")
    where.root.mkdir()
    where.sweep_file.write_text(SWEEP.format(method="random"))
    sweep = load_sweep(where.sweep_file).sweep
    planned = plan_trials(sweep)
    other = planned[1].config.model_copy(update={"learning_rate": 0.5})
    older = [planned[0], planned[1].model_copy(update={"config": other}), *planned[2:]]
    writer = ResultWriter(where, interval_s=math.inf)
    writer.write(sweep_event(sweep, tiny_images()), *map(trial_event, older))
    writer.close()
    past = read_past(where)
    found = past.trials_beside(planned)
    assert found == past.trials == older
    assert [one is two for one, two in zip(found, planned, strict=True)] == [
        n != 1 for n in range(len(planned))
    ]
    assert past.trials_beside([]) == older
