"""Training of one trial without Ray, for debugging: with a progress bar and the same numbers."""

import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from tune_mc1.data.images import ImageData
from tune_mc1.interruption import INTERRUPTED
from tune_mc1.planning.plan import Plan
from tune_mc1.results.directory import BEST, ResultDir
from tune_mc1.results.events import (
    end_event,
    epoch_event,
    score_event,
    start_events,
    trial_event,
)
from tune_mc1.results.head import sweep_event, write_head
from tune_mc1.results.store.probe import check_storage
from tune_mc1.results.writer import ResultWriter
from tune_mc1.running.image_lines import constant_guess, images_line
from tune_mc1.running.loading import check_same_images, load_checked, other_images
from tune_mc1.terminal.formatting import metric_text
from tune_mc1.terminal.printing import print_result
from tune_mc1.tracking.tracker import Tracker, make_trackers, set_up_trackers
from tune_mc1.training.lightning_private import load_lightning


def train_one(
    plan: Plan,
    output: Path | None,
    console: Console,
    notify: Callable[[str], None],
    *,
    wandb: str | None = None,
    like: Path | None = None,
) -> int:
    """Runs one trial in this process and writes a result directory, as a sweep of one trial would.

    Args:
        plan: Its plan (`tune_mc1.planning.one_trial`); one with a directory goes on there.
        output: Parent of the result directory; None for `results/`.
        console: For the progress bar and the results.
        notify: Called with each notice.
        wandb: Mode of W&B; None for none.
        like: The result directory whose trial is to run again with the same numbers, if it is.

    Returns:
        The exit status: 0, or 130 if it was interrupted.

    Raises:
        InputError: For a bad data set.
        TrialError: If the trial cannot run.
    """
    for notice in plan.notices:
        notify(notice)
    launches = set_up_trackers(("wandb",), {"wandb": wandb}) if wandb is not None else {}
    parent = output or Path("results")
    if plan.directory is None:
        check_storage(parent, "-o" if output else "results")
    images = load_checked(plan, notify)
    if like is not None and (line := other_images(like, images)):
        notify(line)
    sweep = plan.sweep.with_images(images.val_labels is not None)
    plan = replace(plan, sweep=sweep)
    console.print(images_line(plan, images), highlight=False, markup=False, soft_wrap=True)
    where, writer = _begin(plan, parent, images)
    trackers = make_trackers(launches, where, notify)
    for tracker in trackers:
        tracker.start()
    interrupted = False
    try:
        _train(plan, images, writer, trackers, console)
    except (KeyboardInterrupt, SystemExit):  # Lightning turns the one into the other
        interrupted = True
    finally:
        writer.write({"event": "close"})
        writer.close()
        for tracker in trackers:
            tracker.finish()
    if interrupted:
        place = shlex.quote(str(where.root))
        console.print(f"Resume: python -m tune_mc1 train --resume {place}", soft_wrap=True)
        return INTERRUPTED
    print_result(where, writer.tables, console)
    if line := constant_guess(writer.tables, sweep, images):
        notify(line)
    return 0


def _begin(plan: Plan, parent: Path, images: ImageData) -> tuple[ResultDir, ResultWriter]:
    """The result directory, a new one or that of a trial that goes on, and what writes to it."""
    (trial,) = plan.training_trials
    if plan.directory is not None and plan.past is not None:
        check_same_images(plan.past, images)
        where = ResultDir(plan.directory)
        writer = ResultWriter(where, tables=plan.past.tables)
        writer.write({"event": "resume"})
        return where, writer
    where = ResultDir.create(parent, plan.sweep.name or "train")
    write_head(where, plan.sweep, images)
    writer = ResultWriter(where)
    head = sweep_event(plan.sweep, images, group=where.root.name)
    writer.write(head, trial_event(trial))
    return where, writer


def _train(
    plan: Plan,
    images: ImageData,
    writer: ResultWriter,
    trackers: Sequence[Tracker],
    console: Console,
) -> None:
    load_lightning()
    from lightning.pytorch.callbacks import RichProgressBar

    from tune_mc1.results.schema import Row
    from tune_mc1.training.run_trials import run_trials, score_test
    from tune_mc1.training.trial_log import record_log

    trial, where = plan.training_trials[0], writer.where
    writer.write(*start_events([trial.id]))
    end = end_event(trial.id, "interrupted")

    def report(rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
        for row in rows:
            writer.write(epoch_event(row))
            names = ("train_loss", "val_loss", "val_acc")
            text = " ".join(f"{n} {metric_text(row[n])}" for n in names)
            console.print(f"epoch {row['epoch']}/{trial.config.epochs}: {text}", highlight=False)
        for early in ends:
            end.update(end_event(**early))
        for tracker in trackers:
            tracker.check()
        return ()

    try:
        with record_log(where.log(trial.id)):
            run_trials(
                [trial],
                images,
                plan.sweep.validation,
                checkpoints=where.checkpoints,
                report=report,
                callbacks=(RichProgressBar(leave=False),) if console.is_terminal else (),
            )
            if end["state"] == "interrupted":
                end["state"] = "completed"
            if end["state"] in ("completed", "stopped"):
                score, _ = score_test(trial, images, where.checkpoints(trial.id) / BEST)
                writer.write(score_event(trial.id, score))
    except Exception as error:
        end = end_event(trial.id, "failed", error=str(error))
        raise
    finally:
        writer.write(end)
        where.forget_previous(trial.id)
        where.forget_partial(trial.id, end["state"])
