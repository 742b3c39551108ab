"""MLflow: an experiment per sweep, a run per trial.

Importing this must stay cheap, as every command does. Here `mlflow` always means MLflow's own
package, as `tune_mc1.tracking` is never on the module search path.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tune_mc1.tracking.run_tracker import register_runs

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir
    from tune_mc1.tracking.trial_runs import Source, TrialRuns

SERVER = os.environ.get("MLFLOW_TRACKING_URI")
"""Store other than the result directory's, by MLflow's own variable.

It is read once, before anything is logged: Lightning's MLFlowLogger sets the variable to its own.
"""

FILE = "mlflow.db"


def database(file: Path) -> str:
    """The URI of a database file."""
    return f"sqlite:///{file.absolute()}"


def _runs(where: "ResultDir", source: "Source") -> "TrialRuns":
    from tune_mc1.tracking.mlflow.runs import MLflowRuns

    uri = SERVER or database(where.root / FILE)
    return MLflowRuns(source, uri, where.root / "mlflow-artifacts")


require = register_runs("mlflow", ("mlflow", "sqlalchemy", "alembic"), _runs)
