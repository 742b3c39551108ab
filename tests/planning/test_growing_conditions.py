"""Sweeps with conditions grow, and their best settings are run again without what they lack."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.figure_sweeps import write_sweep
from tune_mc1.config.load import load_sweep
from tune_mc1.planning.draws import sample
from tune_mc1.planning.earlier import read_earlier
from tune_mc1.planning.flags import NO_FLAGS
from tune_mc1.planning.growth import drawable_setting, regrown
from tune_mc1.planning.search_space import plan_program_trials, plan_trials
from tune_mc1.planning.warm_start import prepare_from

PARAMETERS: dict[str, Any] = {
    "optimizer": {"values": ["SGD", "Adam"]},
    "momentum": {"values": [0.5, 0.9]},
    "learning_rate": {"distribution": "log_uniform_values", "min": 0.001, "max": 0.1},
    "weight_decay": {
        **{"distribution": "log_uniform_values", "min": 1e-5, "max": 1e-2},
        **{"zero": 0.4, "when": {"optimizer": "SGD"}},
    },
    "epochs": {"value": 2},
}
SWEEP = {"name": "c", "method": "random", "run_cap": 12, "parameters": PARAMETERS}


def test_every_trial_counts_in_a_larger_sweep(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump(SWEEP, sort_keys=False))
    sweep = load_sweep(file).sweep
    trials = plan_trials(sweep)
    assert [drawable_setting(sweep, t) for t in trials] == sample(sweep, len(trials))
    more = sweep.model_copy(update={"run_cap": 20})
    grown, outside = regrown(more, trials, plan_trials(more), "sweep.yaml")
    assert (len(grown), outside) == (20, [])
    assert [t.config_hash for t in grown] == [t.config_hash for t in plan_trials(more)]


def test_a_program_too(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("")
    own = PARAMETERS | {"momentum": {"values": [0.5, 0.9], "when": {"optimizer": "SGD"}}}
    own |= {"twin": {"same_as": "momentum"}}
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump({**SWEEP, "program": "x.py", "parameters": own}))
    sweep = load_sweep(file).sweep
    trials = plan_program_trials(sweep)  # type: ignore[arg-type]
    assert [drawable_setting(sweep, t) for t in trials] == [t.values for t in trials]


@pytest.mark.parametrize("count", [1, 12])
def test_the_best_settings_run_again_without_what_they_lack(tmp_path: Path, count: int) -> None:
    frames = write_sweep(tmp_path / "r", yaml.safe_dump({**SWEEP, "data": "shapes10"}))
    earlier = read_earlier([str(frames.where.root)])
    plan = prepare_from("grid", None, [str(frames.where.root)], count, NO_FLAGS)
    best = frames.trials.sort_values("best_val_acc", ascending=False)["config_hash"][:count]
    assert [t.config_hash for t in plan.trials] == list(best)
    assert len(earlier) == 1
