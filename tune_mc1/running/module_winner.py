"""Winner of a module's sweep: its trials are tested by the module's own test, at the very end."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

import ray

from tune_mc1.config.program_trial import ProgramTrial
from tune_mc1.planning.resources import TrialResources
from tune_mc1.results.directory import BEST, ResultDir
from tune_mc1.results.events import Event, own_score_event
from tune_mc1.results.growth_events import ENDING
from tune_mc1.results.schema import ENDED
from tune_mc1.results.store.program_store import program_files_of
from tune_mc1.results.tables import SweepTables
from tune_mc1.running.module_context import ModuleContext
from tune_mc1.running.module_worker import at_home, module_trial
from tune_mc1.running.nothing_left import untested
from tune_mc1.running.own_context import finite
from tune_mc1.training.lightning_private import load_lightning
from tune_mc1.training.trial_log import trial_log


def test_winners(
    context: ModuleContext,
    resources: TrialResources,
    tables: SweepTables,
    removed: Collection[str],
    notify: Callable[[str], None],
) -> Sequence[Event]:
    """Tests the trials of the best setting, each once; an interrupted sweep has no winner.

    Args:
        context: Settings that the trials share.
        resources: Resources of a worker of a trial; one worker tests.
        tables: The results.
        removed: Ids of trials whose checkpoints were removed.
        notify: Called if a trial could not be tested.
    """
    ended = all(row["state"] in ENDED for row in tables.trials.values())
    if not (ended or ENDING in tables.metadata):
        return []
    told = replace(context, cpus=resources.cpu, gpus=resources.gpu)
    task: Any = ray.remote(num_cpus=resources.cpu, num_gpus=resources.gpu)(test_trial)
    pending = {}
    for row in untested(tables, removed):
        trial = ProgramTrial(id=row["trial"], values=tables.columns.values(row))
        pending[trial.id] = task.remote(trial.model_dump(), told)
    events = []
    for name, result in pending.items():
        try:
            events.append(own_score_event(name, ray.get(result)))
        except ray.exceptions.RayError as error:
            reason = " ".join(str(getattr(error, "cause", None) or error).split())
            notify(f"The winner {name} could not be tested: {reason}")
    return events


def test_trial(spec: dict[str, Any], context: ModuleContext) -> dict[str, float | None]:
    """Tests a trial's best checkpoint in a process of Ray; see `tune_mc1.modules.score`."""
    trial, where = ProgramTrial.model_validate(spec), ResultDir(context.root)
    load_lightning(whole=True)
    from tune_mc1.modules.score import score

    with (
        program_files_of(trial, context.root, context.remote, keep=context.keep),
        trial_log(where.log(trial.id)),
        at_home(trial, context),
    ):
        checkpoint = where.checkpoints(trial.id) / BEST
        return finite(score(module_trial(trial, context), checkpoint))
