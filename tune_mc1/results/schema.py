"""Columns of the parquet files, and the states of a trial."""

import types
import typing
from functools import lru_cache
from typing import Any

import pyarrow as pa

from tune_mc1.config.metrics import epoch_metrics, test_metrics
from tune_mc1.config.trial import trial_fields
from tune_mc1.config.trial_parameters import PARAMETERS
from tune_mc1.errors import InputError

Row = dict[str, Any]
"""Values by column: of a trial, an epoch or a setting."""

STATES = (
    "pending",  # not started
    "running",
    "completed",  # ran all its epochs
    "stopped",  # ended early by the trial scheduler
    "diverged",  # its loss was no longer finite
    "failed",  # raised an error: columns `error` and `log`
    "interrupted",  # the sweep ended before it did
)


ENDED = frozenset({"completed", "stopped", "diverged", "failed"})


def history_schema() -> pa.Schema:
    """Columns of `history.parquet`: which trial and epoch, its metrics, its time."""
    return _history_schema(epoch_metrics())


@lru_cache
def _history_schema(metrics: tuple[str, ...]) -> pa.Schema:
    return pa.schema(
        [
            ("trial", pa.string()),
            ("epoch", pa.int32()),
            *((name, pa.float64()) for name in metrics),
            ("learning_rate", pa.float64()),
            ("steps", pa.int64()),  # optimiser steps so far
            ("seconds", pa.float64()),  # wall time, training and validation; of a group its share
            ("images_per_second", pa.float64()),  # training images, over the training part alone
            ("time", pa.float64()),  # when the epoch ended, seconds since 1970
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


def trial_schema() -> pa.Schema:
    """Columns of `trials.parquet`: who, every parameter, where and how, best and last metrics.

    Raises:
        InputError: If another package registered a parameter whose name is that of a column.
    """
    metrics = epoch_metrics()
    parameters = [(n, _arrow_type(f.annotation)) for n, f in trial_fields().items()]
    schema = pa.schema(
        [
            ("trial", pa.string()),
            ("config_hash", pa.string()),  # equal for replicates and folds of one setting
            ("state", pa.string()),  # one of STATES
            *parameters,
            ("fold", pa.int32()),
            ("data", pa.string()),
            ("fingerprint", pa.string()),
            ("epochs_run", pa.int32()),
            ("best_epoch", pa.int32()),  # by the sweep's metric; that of best.ckpt
            *((f"best_{name}", pa.float64()) for name in metrics),  # each over all its epochs
            *((f"last_{name}", pa.float64()) for name in metrics),
            *((name, pa.float64()) for name in test_metrics()),  # best.ckpt, of the winner only
            ("seconds", pa.float64()),  # sum over its epochs
            ("images_per_second", pa.float64()),  # mean over its epochs
            ("node", pa.string()),
            ("device_name", pa.string()),  # `cpu`, or the GPU's product name
            ("attempts", pa.int32()),  # times it was started
            ("fused", pa.int32()),  # trials of its group as planned at its last start; 1: alone
            ("error", pa.string()),
            ("log", pa.string()),  # path below the result directory
            ("started", pa.float64()),  # seconds since 1970
            ("ended", pa.float64()),
        ]
    )
    for name in PARAMETERS:
        if schema.names.count(name) > 1 or name in history_schema().names:
            raise InputError(f"trial parameter {name!r}: results have a column of that name")
    return schema
