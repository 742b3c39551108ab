"""The scheduler of a sweep on Ray Tune."""

from tune_mc1.planning.no_stopping import NoStopping
from tune_mc1.planning.population import Population
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.schedulers.copied_files import CopiedFiles
from tune_mc1.running.schedulers.early_stopping import EarlyStopping
from tune_mc1.running.schedulers.population import PopulationTraining
from tune_mc1.running.sweep_run import SweepRun


def make_scheduler(run: SweepRun, writer: ResultWriter) -> EarlyStopping | None:
    """The scheduler of a sweep with `early_terminate` or a budget, else None.

    Args:
        run: The sweep.
        writer: Records each decision.
    """
    known = run.past.scheduler(run.sweep)
    if known is None and run.sweep.budget is None:
        return None
    decider, stopped = known or (NoStopping(), set[str]())
    scheduler: EarlyStopping
    if isinstance(decider, Population):
        files = CopiedFiles(run.where, run.remote, run.publish)
        scheduler = PopulationTraining(decider, stopped, run.sweep, writer, files)
    else:
        facts = (run.sweep.metric.name, run.maximize, writer.write)
        scheduler = EarlyStopping(decider, stopped, *facts, patient=run.program is not None)
    scheduler.each_epoch = run.sweep.budget is not None  # which may end the sweep after any
    return scheduler
