"""Sweep files with a program: any parameters, any metric, W&B's rules, and what they refuse."""

import math
from pathlib import Path

import pytest
import yaml

from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.errors import InputError

BASE = "program: train.py\nmethod: grid\n"
LR = "parameters: {lr: {values: [0.1, 0.2]}}\n"


def read(folder: Path, text: str) -> tuple[ProgramSweep, list[str]]:
    file = folder / "sweep.yaml"
    file.write_text(text)
    loaded = load_sweep(file)
    assert isinstance(loaded.sweep, ProgramSweep)
    file.write_text(config_to_yaml(loaded.sweep))
    assert load_sweep(file).sweep == loaded.sweep, "what is kept says the same"
    return loaded.sweep, loaded.notices


def refused(folder: Path, text: str) -> list[str]:
    file = folder / "sweep.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        load_sweep(file)
    return [line.removeprefix(f"{folder}/") for line in str(error.value).splitlines()]


def test_any_name_and_any_value(tmp_path: Path) -> None:
    text = """
parameters:
  learning-rate: {values: [1e-5, 2E3, "0.1"]}
  "a/b.c d": {value: null}
  hidden: {values: [[64, 1e-2], [128]]}
  flag: {values: [true, false, 1, 1.0]}
  net: {value: {depth: 2, rates: [1e-3]}}
  optimizer:
    parameters:
      name: {value: Adam}
      inner: {parameters: {lr: {min: 1e-4, max: 0.1}}}
"""
    sweep, notices = read(tmp_path, BASE.replace("grid", "random") + text)
    values = {name: getattr(p, "values", None) for name, p in sweep.parameters.items()}
    assert values["learning-rate"] == (1e-5, 2000.0, "0.1")
    assert values["hidden"] == ([64, 0.01], [128])
    assert values["flag"] == (True, False, 1, 1.0)
    assert [type(v) for v in values["flag"] or ()] == [bool, bool, int, float]
    setting = {name: name for name in sweep.parameters}
    assert sweep.arguments(setting)["optimizer"] == {
        "name": "optimizer.name",
        "inner": {"lr": "optimizer.inner.lr"},
    }
    assert sweep.arguments(setting)["a/b.c d"] == "a/b.c d"
    assert notices == []


def test_the_goal_is_that_of_wandb(tmp_path: Path) -> None:
    sweep, notices = read(tmp_path, BASE + LR + "metric: {name: val/acc}\n")
    assert (sweep.metric.name, sweep.metric.goal) == ("val/acc", "minimize")
    assert notices == ["metric.goal: not given, so val/acc is minimized, as in W&B"]
    sweep, notices = read(tmp_path, BASE + LR + "metric: {name: a b, goal: maximize}\n")
    assert sweep.metric.maximize
    assert notices == []
    assert read(tmp_path, BASE + LR)[0].metric.name == ""


def test_a_value_that_is_listed_twice_is_used_once(tmp_path: Path) -> None:
    sweep, notices = read(tmp_path, BASE + "parameters: {b: {values: [32, 32, 64, 32.0]}}\n")
    assert sweep.parameters["b"].grid_size == 3
    assert notices == ["parameters.b: values that are listed twice are used once, as in W&B"]


@pytest.mark.parametrize(
    ("early", "rungs", "notice"),
    [
        ("min_iter: 3", (3, 9, 27), ""),
        ("s: 2, max_iter: 27", (3, 9), ""),
        ("min_iter: 5, s: 2, max_iter: 27", (3, 9), "early_terminate.min_iter: not used beside"),
        ("min_iter: 3, s: 2", (3, 9, 27), "early_terminate.s: not used beside"),
    ],
)
def test_early_termination_is_that_of_wandb(
    tmp_path: Path, early: str, rungs: tuple[int, ...], notice: str
) -> None:
    text = f"metric: {{name: m, goal: maximize}}\nearly_terminate: {{type: hyperband, {early}}}\n"
    sweep, notices = read(tmp_path, BASE + LR + text)
    found = sweep.early_terminate.rung_epochs(80)  # type: ignore[union-attr]
    assert found == rungs
    assert "".join(notices).startswith(notice)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LR + "data: cifar10\n", "sweep.yaml:4: data: is for built-in training, which a file with"),
        (LR + "fuse: off\n", "sweep.yaml:4: fuse: is for built-in training"),
        (LR + "replicates: 3\n", "sweep.yaml: replicates: must be 1 without a parameter seed"),
        (LR + "metrix: {name: x}\n", "sweep.yaml:4: metrix: unknown key, did you mean 'metric'?"),
        (LR + "metrics: [x]\n", "sweep.yaml:4: metrics[0]: must be a mapping of keys to values"),
        (LR + "command: python train.py\n", "sweep.yaml:4: command: must be a list of words"),
        (LR + "program: ''\n", "sweep.yaml:4: program: the key is given twice"),
        ("", "sweep.yaml: parameters: must be a mapping such as"),
        ("parameters: {lr: 0.1}\n", "sweep.yaml:3: parameters.lr: must be a mapping such as"),
        ("parameters: {lr: {min: 1}}\n", "sweep.yaml:3: parameters.lr.max: is required by"),
        ("parameters: {a.b: {value: 1}, a: {parameters: {b: {value: 2}}}}\n", "a.b is given twice"),
        (
            "parameters: {lr: {distribution: log_uniform, min: 0, max: 1}}\n",
            "takes exponents of e, so these bounds mean 1 to 2.718; write log_uniform_values",
        ),
        (
            LR + "early_terminate: {type: hyperband, min_iter: 2}\n",
            "sweep.yaml: metric: is required by early_terminate",
        ),
        (
            LR + "early_terminate: {type: hyperband, min_iter: 2, max_iter: 9}\n",
            "early_terminate: max_iter requires s too, also beside min_iter, as in W&B",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, message: str) -> None:
    lines = refused(tmp_path, BASE + text)
    assert any(message in line for line in lines), lines


def test_a_file_without_a_program_names_both_ways_out(tmp_path: Path) -> None:
    lines = refused(tmp_path, "method: grid\n" + LR.replace("lr", "my_rate"))
    assert lines[0].startswith("sweep.yaml:2: parameters.my_rate: unknown parameter")
    assert lines[0].endswith("parameters of your own program need its path as `program`")


PUBLISHED = Path(__file__).parents[1] / "sweeps" / "published"
"""Files that people published, reduced to their facts, and what is to become of them."""


def test_published_files_are_planned(tmp_path: Path) -> None:
    lines = (PUBLISHED / "EXPECTED.tsv").read_text().splitlines()[1:]
    assert len(lines) == 26
    for name, method, should, runs in (line.split("\t") for line in lines):
        text = (PUBLISHED / f"{name}.yaml").read_text()
        sweep, _ = read(tmp_path, text)
        assert should == "planned"
        assert method in (sweep.method or "-", "-")
        count = math.prod(p.grid_size or 0 for p in sweep.parameters.values())
        if runs.isdigit():
            assert count == int(runs), name
        elif runs != "-":
            assert count > int(runs.split()[-1]), name
        assert yaml.safe_load(text).keys() >= {"program"} or sweep.command, name
