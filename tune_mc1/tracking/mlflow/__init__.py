"""MLflow: an experiment per sweep, a run per trial.

Importing this must stay cheap, as every command does. Here `mlflow` always means MLflow's own
package, as `tune_mc1.tracking` is never on the module search path.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.errors import InputError
from tune_mc1.tracking.run_tracker import launcher
from tune_mc1.tracking.tracker import TRACKERS, Launch

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir
    from tune_mc1.tracking.trial_runs import Source, TrialRuns

SERVER = os.environ.get("MLFLOW_TRACKING_URI")
"""Store other than the result directory's, by MLflow's own variable.

It is read once, before anything is logged: Lightning's MLFlowLogger sets the variable to its own.
"""

FILE = "mlflow.db"


def set_up(_: str | None) -> Launch:
    """Launch function; there is no flag of its own.

    Raises:
        InputError: If MLflow is not installed.
    """
    require()
    return launcher("mlflow", _runs)


def require() -> None:
    """Checks that MLflow and what its database needs are installed.

    Raises:
        InputError: If they are not.
    """
    missing = [name for name in ("mlflow", "sqlalchemy", "alembic") if find_spec(name) is None]
    if missing:
        rule = f"needs {' and '.join(missing)}"
        raise InputError(f"mlflow: {rule}: pip install 'tune_mc1[mlflow]'")


def database(file: Path) -> str:
    """The URI of a database file."""
    return f"sqlite:///{file.absolute()}"


def _runs(where: "ResultDir", source: "Source") -> "TrialRuns":
    from tune_mc1.tracking.mlflow.runs import MLflowRuns

    uri = SERVER or database(where.root / FILE)
    return MLflowRuns(source, uri, where.root / "mlflow-artifacts")


TRACKERS.register("mlflow", set_up)
