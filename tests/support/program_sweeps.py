"""Result directories of made-up programs, written event by event as a real sweep writes them."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.program_trial import ProgramTrial
from tune_mc1.planning.rungs import Rungs, rung_event
from tune_mc1.planning.schedulers.asha import SuccessiveHalving
from tune_mc1.planning.search_space import plan_program_trials
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import Event, end_event, epoch_event, start_events, trial_event
from tune_mc1.results.head import sweep_event
from tune_mc1.results.writer import ResultWriter

Logged = Callable[[Mapping[str, Any], int, int], Mapping[str, float]]
"""The metrics of a trial by its parameters, its number and its iteration, both from 1."""

ODD = """
name: odd names
program: train.py
method: random
run_cap: 27
metric: {name: "metrics/mAP50(B) in percent", goal: maximize}
parameters:
  "optim/learning.rate of the backbone": {distribution: log_uniform_values, min: 0.001, max: 0.3}
  hidden-layers: {values: [[32], [32, 64], [64, 64, 128]]}
  model: {parameters: {"use augmentation": {values: [true, false]}}}
  lr: {values: [1, 2]}
  scheduler: {values: [null, cosine, step]}
  mixed: {values: [0.5, auto, null, {a: 1}]}
  score: {values: [3, 4]}
  trial: {values: [x, y]}
early_terminate: {type: asha, min_iter: 1, eta: 3}
"""
"""Names that are no identifiers, collide with ours or with those of metrics; values of any kind."""


METRIC = "metrics/mAP50(B) in percent"
RATE = "optim/learning.rate of the backbone"
OF_TRAINING = r"\b[Ee]poch|Epoche|training images|Trainingsbild|test images|Testbild|Data:|Daten:"
"""Words of reports on built-in training, as a regular expression."""


def odd_metrics(values: Mapping[str, Any], trial: int, iteration: int) -> dict[str, float]:
    """Better near a rate of 0.02 and with wide layers."""
    top = 90 - 8 * abs(math.log10(values[RATE] / 0.02))
    top += 3.0 * (64 in values["hidden-layers"]) + 0.1 * (trial % 7)
    value = top * (1 - math.exp(-0.5 * iteration))
    losses = {"train/loss": 2 - value / 60, "val/loss": 2.1 - value / 60}
    return {METRIC: value, **losses, "epoch": iteration, "lr": 0.1}


def write_program_sweep(
    folder: Path,
    text: str,
    logged: Logged = odd_metrics,
    *,
    iterations: int = 9,
    states: Mapping[str, str] | None = None,
) -> ResultDir:
    """Writes the results of a sweep of a program.

    Args:
        folder: Where; it is made.
        text: The sweep file.
        logged: What trials log.
        iterations: How often.
        states: How trials end, by id, where it is not `completed`.
    """
    folder.mkdir(parents=True)
    (folder / "sweep.yaml").write_text(text)
    sweep = load_sweep(folder / "sweep.yaml").sweep
    assert isinstance(sweep, ProgramSweep)
    where = ResultDir(folder)
    where.sweep_file.write_text(config_to_yaml(sweep))
    where.provenance.write_text(json.dumps({"processor": "a processor"}))
    trials = plan_program_trials(sweep)
    writer = ResultWriter(where, interval_s=math.inf)
    writer.write(sweep_event(sweep, None, "abcd"), *map(trial_event, trials))
    early, rungs = sweep.early_terminate, None
    if isinstance(early, SuccessiveHalving):
        rungs = Rungs(early.brackets_of(sweep.longest_epochs), early.eta)
    for number, trial in enumerate(trials, 1):
        state = (states or {}).get(trial.id, "completed")
        writer.write(*_events(trial, number, sweep, rungs, logged, iterations, state))
    writer.close()
    return where


def _events(
    trial: ProgramTrial,
    number: int,
    sweep: ProgramSweep,
    rungs: Rungs | None,
    logged: Logged,
    iterations: int,
    state: str,
) -> list[Event]:
    events: list[Event] = [*start_events([trial.id])]
    for iteration in range(1, iterations + 1):
        metrics = logged(trial.values, number, iteration)
        about = {"step": iteration - 1, "seconds": 0.5, "node": "x", "device_name": None}
        row = {"trial": trial.id, "epoch": iteration, **about, "metrics": metrics}
        events.append(epoch_event(row))
        value = metrics.get(sweep.metric.name)
        entry = rungs.decide(trial.id, iteration, value) if rungs else None
        if entry is not None:
            events.append(rung_event(entry))
            if entry.stop:
                return [*events, end_event(trial.id, "stopped", last={})]
    return [*events, end_event(trial.id, state, last={})]
