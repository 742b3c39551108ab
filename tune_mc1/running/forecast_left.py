"""What the estimate of the time left knows of a sweep beforehand: its rungs and its networks."""

from tune_mc1.config.trial import Trial
from tune_mc1.data.images import ImageData
from tune_mc1.planning.dry_run import rung_table
from tune_mc1.planning.forecast import epoch_seconds
from tune_mc1.planning.fusion import group_seconds
from tune_mc1.planning.plan import Plan
from tune_mc1.running.sweep_run import SweepRun
from tune_mc1.terminal.time_left import Cost, TimeLeft


def time_left(plan: Plan, run: SweepRun) -> TimeLeft:
    """The estimate of a sweep; the groups of its trials are not known yet."""
    if run.data is None:
        return TimeLeft(rung_table(plan))
    return TimeLeft(rung_table(plan), epoch_cost(run.data), {t.id: t for t in run.training_trials})


def epoch_cost(data: ImageData) -> Cost:
    """Forecast of an epoch of a trial as a part of its group, on one core."""
    images, shape, classes = len(data.train_labels), data.image_shape, len(data.classes)

    def cost(trial: Trial, size: int) -> float:
        each = epoch_seconds(trial.config, images, shape, classes)
        return group_seconds([trial] * size, lambda _: each, False, (shape, classes)) / size

    return cost
