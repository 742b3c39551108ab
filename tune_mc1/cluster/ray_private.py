"""What Ray Tune gets wrong, put right in this process."""

from functools import wraps
from typing import Any

from ray.exceptions import RayActorError
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial as TuneTrial

_process_failure = TuneController._process_trial_failure


def retry_lost_resets() -> None:
    """Makes Tune try a trial again whose process is lost just as it takes the trial over.

    Tune (2.60) handles the loss of a process that is being reset for its next trial twice: first as
    a process that was lost, so that the trial waits again, then as a task of the trial that failed.
    A trial that waits has failed for good then, whatever `max_failures` says. On many nodes, one of
    which goes away, that is a matter of time.
    """
    TuneController._process_trial_failure = _once  # type: ignore[method-assign]


@wraps(_process_failure)
def _once(self: Any, trial: TuneTrial, exception: Any) -> None:
    if isinstance(exception, RayActorError) and trial.status == TuneTrial.PENDING:
        return  # it waits already
    self._resetting_trials.discard(trial)  # else it would never get another process
    _process_failure(self, trial, exception)


def hide_command_line() -> None:
    """Keeps the command line from Ray, which logs it and fails where it is no UTF-8.

    Ray has no setting for this; where it renames its function, that is so again.
    """
    from ray._private import utils

    utils.get_entrypoint_name = lambda: "tune_mc1"


def leave_signals_alone() -> None:
    """Keeps Ray from handling SIGTERM in this process: `tune_mc1.interruption` does.

    Ray would exit at once, in the middle of its own start. It has no setting for this.
    """
    from ray._private import utils

    def leave(_: object) -> None:
        """In place of Ray's function, which takes a handler."""

    utils.set_sigterm_handler = leave
