"""Trials of a program's sweep that is resumed have the very values with which they were planned."""

from pathlib import Path

from tune_mc1.config.load import load_sweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.planning.past import read_past
from tune_mc1.planning.search_space import plan_program_trials
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import trial_event
from tune_mc1.results.head import sweep_event
from tune_mc1.results.writer import ResultWriter

TEXT = """
program: train.py
method: grid
parameters:
  dropout: {values: [0, 0.5, 1]}
  mixed: {values: [1, "1", true, null]}
  layers: {value: {width: [8, 16.0], depth: 2}}
"""


def test_they_keep_their_types_and_order(tmp_path: Path) -> None:
    file = tmp_path / "sweep.yaml"
    file.write_text(TEXT)
    sweep = load_sweep(file).sweep
    assert isinstance(sweep, ProgramSweep)
    planned = plan_program_trials(sweep)
    where = ResultDir.create(tmp_path, "out")
    writer = ResultWriter(where)
    writer.write(sweep_event(sweep, None, "12345678"), *map(trial_event, planned))
    writer.close()
    found = read_past(where).trials
    assert [repr(trial.values) for trial in found] == [repr(trial.values) for trial in planned]
