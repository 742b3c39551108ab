"""The events of a sweep's journal that say what it is, before anything runs."""

import json
from collections.abc import Sequence
from typing import Any

from tune_mc1.config.load import config_to_yaml
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig, trial_fields
from tune_mc1.data.images import ImageData
from tune_mc1.errors import StorageError
from tune_mc1.files import replacing
from tune_mc1.results.directory import FORMAT, ResultDir
from tune_mc1.results.provenance import provenance


def write_head(where: ResultDir, sweep: Sweep, data: ImageData) -> None:
    """Writes `sweep.yaml` and `provenance.json`; a sweep that is resumed adds to the second.

    Raises:
        StorageError: If they cannot be written.
    """
    facts = provenance() | {"data_set": data.summary()}
    if where.provenance.exists():
        try:
            first = json.loads(where.provenance.read_text())
        except ValueError:  # it only informs
            first = {}
        facts = first | {"resumed": [*first.get("resumed", ()), facts]}
    for path, text in (
        (where.sweep_file, config_to_yaml(sweep)),
        (where.provenance, json.dumps(facts, indent=2) + "\n"),
    ):
        try:
            with replacing(path) as aside:
                aside.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StorageError.of(path, error) from None


def sweep_event(sweep: Sweep, data: ImageData) -> dict[str, Any]:
    """What a sweep says of itself."""
    names = ("name", "description", "project", "entity", "method", "fuse", "replicates")
    return {
        "event": "sweep",
        "format": FORMAT,
        **{name: getattr(sweep, name) for name in names},
        "metric": sweep.metric.name,
        "maximize": sweep.metric.goal == "maximize",
        "data": data.name,
        "fingerprint": data.fingerprint,
        "classes": list(data.classes),
        "image_shape": list(data.image_shape),
        "train_images": len(data.train_labels),
        "test_images": len(data.test_labels),
        "limit_images": sweep.limit_images,
        "scale": sweep.scale,
        "validation": sweep.model_dump(include={"validation"})["validation"],
    }


def trial_event(trial: Trial) -> dict[str, Any]:
    """A trial is planned."""
    return {
        "event": "trial",
        "trial": trial.id,
        "config": trial.config.values,
        "config_hash": trial.config.config_hash,
        "fold": trial.fold,
    }


def extend_event(trial: Trial) -> dict[str, Any]:
    """A trial is to run longer than it was planned."""
    return {**trial_event(trial), "event": "extend"}


def start_events(trials: Sequence[str]) -> list[dict[str, Any]]:
    """Trials start, or start again: one alone, or a group that shares a process and a log."""
    return [
        {"event": "start", "trial": trial, "log": f"logs/{trials[0]}.log", "fused": len(trials)}
        for trial in trials
    ]


def trial_of(row: dict[str, Any]) -> Trial:
    """The trial that a row of `trials.parquet` is of."""
    config = TrialConfig(**{name: row[name] for name in trial_fields()})
    return Trial(id=row["trial"], config=config, fold=row["fold"])
