"""Columns of the parquet files."""

import types
import typing
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa

from tune_mc1.config.chosen_metrics import test_columns
from tune_mc1.config.metrics import epoch_metrics, test_metrics
from tune_mc1.config.trial import core_fields, trial_fields
from tune_mc1.config.trial_parameters import PARAMETERS
from tune_mc1.errors import InputError
from tune_mc1.results.states import ENDED, STATES, Row

__all__ = [
    "DATA_COLUMNS",
    "ENDED",
    "EXECUTION_COLUMNS",
    "ID_COLUMNS",
    "RUN_COLUMNS",
    "STATES",
    "SUMMARY_COLUMNS",
    "Row",
    "history_schema",
    "trial_schema",
]

ID_COLUMNS = (
    ("trial", pa.string()),
    ("config_hash", pa.string()),  # equal for replicates and folds of one setting
    ("state", pa.string()),  # one of STATES
)
"""Columns of every sweep's `trials.parquet` before the parameters."""

DATA_COLUMNS = (
    ("fold", pa.int32()),
    ("data", pa.string()),
    ("fingerprint", pa.string()),
    ("epochs_run", pa.int32()),
    ("best_epoch", pa.int32()),  # by the sweep's metric; the epoch of best.ckpt
)
RUN_COLUMNS = (
    ("seconds", pa.float64()),  # sum over the epochs
    ("images_per_second", pa.float64()),  # mean over the epochs
    ("node", pa.string()),
    ("device_name", pa.string()),  # `cpu`, or the GPU's product name
    ("attempts", pa.int32()),  # number of starts
    ("fused", pa.int32()),  # planned size of its group at the last start; 1: alone
    ("error", pa.string()),
    ("log", pa.string()),  # path relative to the result directory
    ("started", pa.float64()),  # seconds since 1970
    ("ended", pa.float64()),
)
EXECUTION_COLUMNS = (*DATA_COLUMNS, *RUN_COLUMNS)
"""Columns of every sweep's `trials.parquet` beside the parameters and metrics."""

SUMMARY_COLUMNS = (
    ("trials", pa.int32()),  # planned
    ("n", pa.int32()),  # with a score
    ("diverged", pa.int32()),
    ("failed", pa.int32()),
    *((name, pa.float64()) for name in ("mean", "sd", "low", "high")),
)
"""Columns of `settings.parquet` beside the parameters (`tune_mc1.results.settings`)."""


def history_schema(chosen: Sequence[str] = ()) -> pa.Schema:
    """Columns of `history.parquet`: trial, epoch, metrics, time.

    Args:
        chosen: Metrics that the sweep records beside those of every sweep.
    """
    return _history_schema((*epoch_metrics(), *(c for c in chosen if c not in epoch_metrics())))


@lru_cache
def _history_schema(metrics: tuple[str, ...]) -> pa.Schema:
    return pa.schema(
        [
            ("trial", pa.string()),
            ("epoch", pa.int32()),
            *((name, pa.float64()) for name in metrics),
            ("learning_rate", pa.float64()),
            ("steps", pa.int64()),  # optimiser steps so far
            ("seconds", pa.float64()),  # wall time of training and validation; in a group its share
            ("images_per_second", pa.float64()),  # training images, validation not counted
            ("time", pa.float64()),  # end of the epoch, seconds since 1970
        ]
    )


def _arrow_type(annotation: Any) -> pa.DataType:
    """The column type of a trial parameter, from its annotation."""
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    known = {bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    return known.get(annotation, pa.string())


def trial_schema(recipe: Sequence[str] = (), chosen: Sequence[str] = ()) -> pa.Schema:
    """Columns of `trials.parquet`: id, every parameter, data, best and last metrics, execution.

    Args:
        recipe: Parameters of the training recipe that the sweep sets.
        chosen: Metrics that the sweep records beside those of every sweep.

    Raises:
        InputError: If another package registered a parameter with the name of a column.
    """
    metrics = tuple(dict.fromkeys((*epoch_metrics(), *chosen)))
    tests = tuple(dict.fromkeys((*test_metrics(), *test_columns(tuple(chosen)))))
    fields = trial_fields()
    names = (*core_fields(), *recipe)
    parameters = [(name, _arrow_type(fields[name].annotation)) for name in names]
    schema = pa.schema(
        [
            *ID_COLUMNS,
            *parameters,
            *DATA_COLUMNS,
            *((f"best_{name}", pa.float64()) for name in metrics),  # each over all epochs
            *((f"last_{name}", pa.float64()) for name in metrics),
            *((name, pa.float64()) for name in tests),  # of best.ckpt, winner only
            *RUN_COLUMNS,
        ]
    )
    others = {*history_schema().names, *(name for name, _ in SUMMARY_COLUMNS)}
    for name in PARAMETERS:
        if schema.names.count(name) > 1 or name in others:
            raise InputError(f"trial parameter {name!r}: the results have a column of that name")
    return schema
