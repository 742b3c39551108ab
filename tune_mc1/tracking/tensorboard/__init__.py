"""TensorBoard: a run of event files per trial, with its hyperparameters.

Importing this must stay cheap, as every command does.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from tune_mc1.errors import InputError
from tune_mc1.tracking.run_tracker import launcher
from tune_mc1.tracking.tracker import TRACKERS, Launch

if TYPE_CHECKING:
    from tune_mc1.results.directory import ResultDir
    from tune_mc1.tracking.trial_runs import Source, TrialRuns


def set_up(_: str | None) -> Launch:
    """Launch function; there is no flag of its own.

    Raises:
        InputError: If TensorBoard is not installed.
    """
    require()
    return launcher("tensorboard", _runs)


def require() -> None:
    """Checks that TensorBoard is installed.

    Raises:
        InputError: If it is not.
    """
    if find_spec("tensorboard") is None:
        raise InputError("tensorboard: is not installed: pip install 'tune_mc1[tensorboard]'")


def _runs(where: "ResultDir", source: "Source") -> "TrialRuns":
    from tune_mc1.tracking.tensorboard.runs import TensorBoardRuns

    return TensorBoardRuns(source, where.root / "tensorboard")


TRACKERS.register("tensorboard", set_up)
