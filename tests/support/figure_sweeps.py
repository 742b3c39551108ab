"""Result directories of made-up sweeps, written event by event as a real sweep writes them."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tune_mc1.config.load import config_to_yaml, load_sweep
from tune_mc1.config.metrics import epoch_metrics
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.planning.rungs import Rungs, rung_event
from tune_mc1.planning.schedulers.asha import SuccessiveHalving
from tune_mc1.planning.search_space import plan_trials
from tune_mc1.reporting.frames import SweepFrames, read_frames
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.events import (
    Event,
    end_event,
    epoch_event,
    start_events,
    trial_event,
)
from tune_mc1.results.head import sweep_event
from tune_mc1.results.schema import Row
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.winner import PREDICTIONS_SCHEMA

Change = Callable[[Trial, int, Row], Row | None]
"""Changes what a trial says after an epoch, from 1; None ends it there, and it has diverged."""

CLASSES = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
STRENGTH = {"MLP": 0.5, "CNN_simple": 0.54, "CNN": 0.6, "CNN2": 0.62, "CNN3": 0.615}


GRID = """
name: tiny
method: grid
replicates: 2
parameters:
  learning_rate: {values: [0.01, 0.1]}
  batch_size: {values: [32, 128]}
  model: {value: CNN}
  epochs: {value: 5}
reference:
  source: a study of 2023
  outcomes:
    - {where: {batch_size: 32}, epoch: 5, val_acc: 0.58, curve: [0.2, 0.3, null, 0.5, 0.58]}
    - {where: {batch_size: 128}, epoch: 5, val_acc: 0.54, curve: [0.1, 0.2, 0.3, 0.4, 0.54]}
"""
ASHA = """
name: halving
method: random
run_cap: 27
parameters:
  learning_rate: {distribution: log_uniform_values, min: 0.001, max: 0.1}
  model: {values: [CNN2, CNN5]}
  epochs: {value: 9}
early_terminate: {type: asha, min_iter: 1, eta: 3}
"""
PAIR = """
name: {name}
method: random
run_cap: 8
parameters:
  model: {{value: CNN8}}
  weight_decay: {{distribution: log_uniform_values, min: 1.0e-4, max: 1.0e-2}}
  dropout_p: {{distribution: uniform, min: 0.1, max: 0.9}}
  optimizer: {{value: {optimizer}}}
  epochs: {{value: 4}}
reference:
  source: a study of 2023
  outcomes:
    - {{epoch: 4, val_acc: 0.71, curve: [0.4, 0.5, 0.6, 0.71]}}
    - {{statistic: best, epoch: 4, val_acc: 0.74, curve: [0.5, 0.6, 0.7, 0.74]}}
"""


def tiny_images(count: int = 60, side: int = 32) -> ImageData:
    """Random pixels in ten classes."""
    rng = np.random.default_rng(5)
    images = rng.integers(0, 256, (2, count, side, side, 3), dtype=np.uint8)
    labels = np.arange(count, dtype=np.int64) % len(CLASSES)
    return ImageData.build("made-up", (images[0], labels), (images[1], labels), CLASSES)


def write_sweep(
    folder: Path,
    text: str | Path,
    change: Change | None = None,
    *,
    ended: int | None = None,
    data: ImageData | None = None,
) -> SweepFrames:
    """Writes a sweep with curves that rise and level off, and reads it.

    Args:
        folder: Where; it is made.
        text: A sweep file, or what stands in one.
        change: Alters, or breaks off, what trials say.
        ended: Trials that have ended; the next one is running and the others are pending.
        data: Its images.
    """
    folder.mkdir(parents=True)
    file = text if isinstance(text, Path) else folder / "sweep.yaml"
    if isinstance(text, str):
        file.write_text(text)
    sweep = load_sweep(file).sweep
    trials = plan_trials(sweep)
    where = ResultDir(folder)
    where.sweep_file.write_text(config_to_yaml(sweep))
    images = data or tiny_images()
    where.provenance.write_text(json.dumps({"data_set": images.summary()}))
    writer = ResultWriter(where, interval_s=math.inf)
    writer.write(sweep_event(sweep, images), *map(trial_event, trials))
    rungs = _rungs(sweep)
    for trial in trials[: None if ended is None else ended + 1]:
        running = ended is not None and trial is trials[min(ended, len(trials) - 1)]
        writer.write(*_events(trial, sweep, rungs, change, running))
    writer.close()
    return read_frames(folder)


def _rungs(sweep: Sweep) -> Rungs | None:
    early = sweep.early_terminate
    if not isinstance(early, SuccessiveHalving):
        return None
    return Rungs([early.rung_epochs(sweep.longest_epochs)], early.eta)


def _events(
    trial: Trial, sweep: Sweep, rungs: Rungs | None, change: Change | None, running: bool
) -> list[Event]:
    events: list[Event] = [*start_events([trial.id])]
    state = "completed"
    rng = np.random.default_rng([trial.config.seed, trial.fold or 0, int(trial.id[1:])])
    seconds = 0.5 + 2 * STRENGTH.get(trial.config.model, 0.65) + 16 / trial.config.batch_size
    for epoch in range(1, trial.config.epochs + 1):
        values: Row | None = _metrics(trial.config, epoch, rng)
        extra = {"learning_rate": 0.1, "steps": 10 * epoch, "images_per_second": 500.0}
        values = {**(values or {}), **extra, "seconds": seconds, "node": "x", "device_name": "cpu"}
        values = change(trial, epoch, values) if change else values
        if values is None:
            state = "diverged"
            break
        events.append(epoch_event({"trial": trial.id, "epoch": epoch, **values}))
        entry = rungs.decide(trial.id, epoch, values[sweep.metric.name]) if rungs else None
        if entry is not None:
            events.append(rung_event(entry))
            if entry.stop:
                state = "stopped"
                break
        if running and epoch > trial.config.epochs // 2:
            return events
    return [*events, end_event(trial.id, state)]


def _metrics(config: TrialConfig, epoch: int, rng: np.random.Generator) -> Row:
    top = STRENGTH.get(config.model, 0.66)
    top -= 0.05 * abs(math.log10(config.learning_rate / 0.02))
    top -= 0.015 * math.log2(config.batch_size / 32)
    top -= 0.3 * max((config.dropout_p or 0.0) - 0.6, 0) + 3 * config.weight_decay
    rate = 0.25 if not config.batch_norm else 0.6
    acc = top - 0.4 * math.exp(-rate * epoch) + 0.008 * float(rng.normal())
    train = acc + 0.004 * epoch
    acc, train = min(max(acc, 0.0), 1.0), min(max(train, 0.0), 1.0)
    values = {"val_acc": acc, "val_f1": acc - 0.01, "train_acc": train, "train_f1": train - 0.01}
    losses = {"val_loss": 2.4 * (1 - acc) + 0.01 * epoch, "train_loss": 2.4 * (1 - train)}
    return {name: (values | losses)[name] for name in epoch_metrics()}


def write_predictions(where: ResultDir, trials: list[str], data: ImageData) -> None:
    """Predictions of which one in four is wrong."""
    rng = np.random.default_rng(3)
    parts = []
    for trial in trials:
        labels = data.test_labels
        wrong = rng.random(len(labels)) < 0.25
        predicted = np.where(wrong, rng.integers(0, len(data.classes), len(labels)), labels)
        columns = {
            "trial": [trial] * len(labels),
            "image": np.arange(len(labels)),
            "label": labels,
            "predicted": predicted,
            "confidence": rng.uniform(0.2, 1, len(labels)),
        }
        parts.append(
            pa.table({f.name: pa.array(columns[f.name]).cast(f.type) for f in PREDICTIONS_SCHEMA})
        )
    pq.write_table(pa.concat_tables(parts), where.predictions)
