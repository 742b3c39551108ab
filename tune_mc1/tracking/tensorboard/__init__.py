"""TensorBoard: a run of event files per trial, with its hyperparameters.

Importing this must stay cheap, as every command does.
"""

from typing import TYPE_CHECKING

from tune_mc1.tracking.run_tracker import register_runs

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir
    from tune_mc1.tracking.trial_runs import Source, TrialRuns


def _runs(where: "ResultDir", source: "Source") -> "TrialRuns":
    from tune_mc1.tracking.tensorboard.runs import TensorBoardRuns

    return TensorBoardRuns(source, where.root / "tensorboard")


require = register_runs("tensorboard", ("tensorboard",), _runs)
