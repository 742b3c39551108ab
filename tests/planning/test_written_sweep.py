"""The `sweep.yaml` of a result directory, run again: the same sweep, nulls included."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tune_mc1.config.commands import COMMANDS
from tune_mc1.config.sweep import Sweep
from tune_mc1.errors import InputError
from tune_mc1.planning.flags import PlanFlags
from tune_mc1.planning.plan import Plan, prepare
from tune_mc1.results.head import sweep_text

CONFIGS = Path(__file__).parents[2] / "configs"
SHIPPED = sorted(
    str(path.relative_to(CONFIGS)) for path in CONFIGS.rglob("*.yaml") if "models" not in path.parts
)
COMMANDS_TO_RUN = ("grid", "random", "asha", "bayes")
"""Population based training is an `early_terminate` of the first two (configs/pbt.yaml)."""


def flags_of(path: Path) -> PlanFlags:
    of_training = not {"program", "module"} & set(yaml.safe_load(path.read_text()))
    return PlanFlags.of(run_cap=3, data="shapes10" if of_training else None)


def again(plan: Plan, folder: Path) -> Plan:
    """The plan of the file that the sweep's result directory would have."""
    file = folder / "sweep.yaml"
    file.write_text(sweep_text(plan.sweep, None))
    return prepare(plan.command, file)


def check(plan: Plan, folder: Path) -> None:
    second = again(plan, folder)
    assert second.sweep == plan.sweep
    assert [trial.model_dump() for trial in second.trials] == [
        trial.model_dump() for trial in plan.trials
    ]


def test_every_command_is_tried() -> None:
    assert set(COMMANDS) <= set(COMMANDS_TO_RUN)


@pytest.mark.parametrize("command", COMMANDS_TO_RUN)
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_files_run_again_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    path = CONFIGS / name
    monkeypatch.chdir(path.parent)
    own = yaml.safe_load(path.read_text()).get("method")
    if COMMANDS[command].method == own:  # a file fits the command that it is for
        check(prepare(command, path, flags_of(path)), tmp_path)
        return
    try:
        plan = prepare(command, path, flags_of(path))
    except InputError:
        return
    check(plan, tmp_path)


SPACE: dict[str, Any] = {
    "data": "shapes10",
    "run_cap": 3,
    "parameters": {
        "learning_rate": {"distribution": "log_uniform_values", "min": 0.001, "max": 0.1},
        "epochs": {"value": 9},
    },
}
OTHERS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "null": {"early_terminate": None},
    "one-epoch": {"parameters": SPACE["parameters"] | {"epochs": {"value": 1}}},
    "two-metrics": {"metrics": [{"name": "train_loss", "goal": "minimize"}]},
    "median": {"early_terminate": {"type": "median"}},
    "pbt": {"early_terminate": {"type": "pbt"}},
    "pb2": {"early_terminate": {"type": "pb2"}},
}


@pytest.mark.parametrize("command", ["random", "asha", "bayes"])
@pytest.mark.parametrize("other", OTHERS)
def test_what_a_file_leaves_out_or_sets_to_null_stays(
    tmp_path: Path, command: str, other: str
) -> None:
    file = tmp_path / "first.yaml"
    file.write_text(yaml.safe_dump(SPACE | OTHERS[other]))
    if (command, other) in (("bayes", "pbt"), ("bayes", "pb2"), ("asha", "one-epoch")):
        with pytest.raises(InputError):
            prepare(command, file)
        return
    check(prepare(command, file), tmp_path)


def test_null_is_written_only_where_it_means_something(tmp_path: Path) -> None:
    file = tmp_path / "first.yaml"
    file.write_text(yaml.safe_dump(SPACE | {"early_terminate": None}))
    assert "early_terminate: null\n" in sweep_text(prepare("bayes", file).sweep, None)
    assert "early_terminate" not in sweep_text(prepare("random", file).sweep, None)


def test_every_default_of_a_command_is_a_key_that_is_written() -> None:
    """A new default has to join `keys_with_defaults`."""
    for command in COMMANDS.values():
        fields = set(vars(command)) & set(Sweep.model_fields)
        assert fields == {"method", "early_terminate"}
