"""Results of a sweep for other tools: which there are, where they go, and how they are opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from tune_mc1.errors import InputError, StorageError
from tune_mc1.files import as_url
from tune_mc1.registry import resolve
from tune_mc1.tracking.trial_runs import Source

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir

Form = Literal["optuna", "tensorboard", "mlflow", "csv"]

Write = Callable[[Source, str], None]
"""Writes results to a path, or to a tracking URI of MLflow."""


@dataclass(frozen=True)
class Kind:
    """A tool.

    Attributes:
        write: Path of the function that writes its files.
        default: Default output in `export/` of the result directory.
        opened: Command that opens them, with `{}` for the output; None if anything does.
        many: Whether an output may have more of other sweeps.
    """

    write: str
    default: str
    opened: str | None
    many: bool


KINDS: dict[str, Kind] = {
    "optuna": Kind(
        "tune_mc1.exports.optuna_study:write", "optuna.log", "optuna-dashboard {}", many=True
    ),
    "tensorboard": Kind(
        "tune_mc1.exports.runs:write_tensorboard",
        "tensorboard",
        "tensorboard --logdir {}",
        many=False,
    ),
    "mlflow": Kind(
        "tune_mc1.exports.runs:write_mlflow",
        "mlflow.db",
        "mlflow ui --backend-store-uri {}",
        many=True,
    ),
    "csv": Kind("tune_mc1.exports.csv_files:write", "csv", None, many=False),
}
"""Tools by name."""


@dataclass(frozen=True)
class ExportedResults:
    """Results that were written for a tool.

    Attributes:
        output: The file or folder, or the tracking URI.
        trials: Number of trials of the sweep.
        opened: Command that opens them; None if anything does.
    """

    output: str
    trials: int
    opened: str | None


def export_results(where: "ResultDir", to: Form, output: str | Path | None) -> ExportedResults:
    """Writes the results of a sweep for another tool.

    Args:
        where: The result directory; its sweep may be running.
        to: The tool.
        output: File or folder; for MLflow also a tracking URI. None for `export/` in the directory.

    Raises:
        InputError: If the form or the output is not valid, or a package is missing.
        StorageError: If it cannot be written.
    """
    if to not in KINDS:
        raise InputError(f"to: must be one of {', '.join(get_args(Form))}, got {to!r}")
    kind = KINDS[to]
    place = str(where.root / "export" / kind.default if output is None else output)
    if output is not None:
        _check_place(kind, to, place)
    source = Source(where, where.read())
    write: Write = resolve(kind.write)
    try:
        if not _is_uri(place):
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        write(source, place)
    except OSError as error:
        raise StorageError.of(place, error) from None
    opened = None if kind.opened is None else kind.opened.format(_shown(to, place))
    return ExportedResults(place, len(source.tables.trials), opened)


def _check_place(kind: Kind, to: str, place: str) -> None:
    path = Path(place)
    if _is_uri(place):
        if to != "mlflow":
            raise InputError(f"-o: must be a path for {to}, got {place!r}")
    elif kind.many and path.is_dir():
        raise InputError(f"-o: must be a file such as {kind.default}, got {place!r}")
    elif not kind.many and path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InputError(f"-o: must be a folder that is new or empty, got {place!r}")


def _is_uri(place: str) -> bool:
    return as_url(place) is not None


def _shown(to: str, place: str) -> str:
    from tune_mc1.tracking.mlflow import database

    return database(Path(place)) if to == "mlflow" and not _is_uri(place) else place
