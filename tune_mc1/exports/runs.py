"""Results as runs of TensorBoard and of MLflow, the same as a live tracker writes."""

from pathlib import Path

from tune_mc1.errors import TuneMc1Error
from tune_mc1.files import as_url
from tune_mc1.redaction import redact
from tune_mc1.tracking import mlflow, tensorboard
from tune_mc1.tracking.trial_runs import Mirror, Source


def write_tensorboard(source: Source, output: str) -> None:
    """Writes event files with HParams.

    Raises:
        InputError: If TensorBoard is not installed.
    """
    tensorboard.require()
    from tune_mc1.tracking.tensorboard.runs import TensorBoardRuns

    _mirror(Mirror(TensorBoardRuns(source, Path(output))))


def write_mlflow(source: Source, output: str) -> None:
    """Writes an experiment into a database file, or to a tracking URI.

    An experiment of this name that is there is completed.

    Raises:
        InputError: If MLflow is not installed.
        TuneMc1Error: If the store fails.
    """
    mlflow.require()
    from mlflow.exceptions import MlflowException

    from tune_mc1.tracking.mlflow.runs import MLflowRuns

    local = as_url(output) is None
    uri = mlflow.database(Path(output)) if local else output
    artifacts = Path(output).absolute().with_suffix("") if local else Path("mlflow-artifacts")
    try:
        _mirror(Mirror(MLflowRuns(source, uri, artifacts.absolute())))
    except MlflowException as error:
        reason = " ".join(str(error).split())[:300]
        raise TuneMc1Error(redact(f"{output}: MLflow: {reason}")) from None


def _mirror(mirror: Mirror) -> None:
    mirror.runs.begin()
    mirror.update_all()
    mirror.runs.close()
