"""Columns that the tables of any sweep have, whatever runs its trials."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tune_mc1.results.schema import Row


class Columns(ABC):
    """Columns of a sweep's tables."""

    @property
    @abstractmethod
    def parameters(self) -> Sequence[str]:
        """Columns of the parameters, in order."""

    @property
    def own_names(self) -> Mapping[str, str]:
        """Own name of each parameter by its column."""
        return {name: name for name in self.parameters}

    @property
    def json(self) -> Collection[str]:
        """Columns of parameters whose cells are JSON."""
        return ()

    recipe: Sequence[str] = ()
    """Columns of parameters of built-in training that a sweep may have beside those of each."""

    @abstractmethod
    def metrics(self, metric: str) -> Mapping[str, bool]:
        """Columns of the metrics of each epoch; true where higher is better.

        Args:
            metric: The sweep's metric.
        """

    @property
    def tests(self) -> Sequence[str]:
        """Columns of the winner's scores on the test images."""
        return ()

    @abstractmethod
    def trial_schema(self) -> pa.Schema:
        """Columns of `trials.parquet`."""

    @abstractmethod
    def history_schema(self) -> pa.Schema:
        """Columns of `history.parquet`."""

    @abstractmethod
    def new_row(self, values: Mapping[str, Any]) -> Row:
        """The row of a planned trial.

        Args:
            values: Its parameters by name.
        """

    def cells(self, values: Mapping[str, Any]) -> Row:
        """Values of parameters by column.

        Args:
            values: The values by name.
        """
        return dict(values)

    def values(self, row: Row) -> dict[str, Any]:
        """Values of the parameters of a row by name."""
        return {name: row[column] for column, name in self.own_names.items()}

    @abstractmethod
    def add(self, names: Iterable[str]) -> None:
        """Adds columns of metrics, where that is possible, unless they are known."""

    def of_epoch(self, row: Row, epoch: int) -> Row:
        """What the row of an epoch has of its trial's: parameters that may change as it runs.

        Args:
            row: The trial's row.
            epoch: The epoch.
        """
        return {}

    @abstractmethod
    def epoch_row(self, event: Mapping[str, Any], metric: str) -> Row:
        """The row of an epoch.

        Args:
            event: The event.
            metric: The sweep's metric.
        """
