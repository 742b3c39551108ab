"""Code of Ray's worker processes: trials, and the winner's score on the test images."""

import traceback
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ray import tune

from tune_mc1.config.trial import Trial
from tune_mc1.config.user_code import directories_here, look_in
from tune_mc1.config.validation import Validation
from tune_mc1.data.images import ImageData
from tune_mc1.errors import DISK_FULL, StorageError, TrialError
from tune_mc1.planning.memory import available_memory, group_limit
from tune_mc1.results.directory import ResultDir
from tune_mc1.results.schema import Row
from tune_mc1.results.store.remote import Remote
from tune_mc1.results.store.trial_files import files_of
from tune_mc1.running.awaited import DECIDED, Decided
from tune_mc1.running.mapped_nodes import images_here
from tune_mc1.running.steering.signals import Listener
from tune_mc1.running.trial_specs import read_trial
from tune_mc1.running.tune_report import TuneReport
from tune_mc1.training.lightning_private import load_lightning
from tune_mc1.training.trial_log import group_log


@dataclass(frozen=True)
class SweepContext:
    """Settings that all trials of a sweep share, apart from the images.

    Attributes:
        root: The result directory, absolute; on a cluster with an object store, the scratch
            directory of each node.
        metric: The sweep's metric.
        maximize: Whether a higher metric is better.
        chosen: Metrics that the sweep records beside those of every sweep.
        validation: Choice of the validation images.
        threads: CPU threads per trial.
        gpu: Share of a GPU per trial or group; 0 without a GPU.
        decisions: Actor that tells a group which of its trials are stopped early
            (`tune_mc1.running.decisions`); None if no trials are stopped.
        remote: The sweep's folder in an object store; None without a store.
        keep: Whether files stay in the directory after their trial ended.
        import_from: Directories in which the user's own networks are found, on the machine on
            which the sweep was started.
        sent: Directory of that machine whose copy is the current directory of trials on a cluster;
            None if nothing was sent.
        blocks: Actor from which other nodes copy mapped images; None without such.
        signals: Name under which trials look whether they are to stop by request; empty if nobody
            can ask for it.
        ahead: Whether trials go on while their reports are under way, as nothing is decided on
            these.
    """

    root: Path
    metric: str
    maximize: bool
    validation: Validation
    threads: int
    gpu: float
    decisions: Any = None
    remote: Remote | None = None
    keep: bool = True
    chosen: tuple[str, ...] = ()
    import_from: tuple[str, ...] = ()
    sent: str | None = None
    blocks: Any = None
    signals: str = ""
    ahead: bool = False

    def find_user_code(self) -> None:
        """Makes the user's own networks importable in this process."""
        look_in(directories_here(self.import_from, self.sent))


def run_in_tune(config: dict[str, Any], context: SweepContext, data: ImageData) -> None:
    """Ray Tune's trainable: runs one trial, or a group, and reports each epoch.

    Args:
        config: `{"trials": [...]}`, dumped `Trial`s, with `DECIDED` if a scheduler decides on them.
        context: Settings that the trials of the sweep share.
        data: The images, mapped from the object store without a copy.
    """
    context.find_user_code()
    trials = [read_trial(spec) for spec in config["trials"]]
    listener = Listener(context.signals)
    if listener.is_void(tune.get_context().get_trial_id()):
        return
    if not trials:  # all trials of the group ended just before its process was lost
        return
    try:
        _run_reporting(trials, context, listener, data, config.get(DECIDED))
    except (OSError, StorageError) as error:
        if isinstance(error, OSError) and error.errno not in DISK_FULL:
            raise
        tune.report({"rows": [], "ends": [], "stop": f"{trials[0].id}: {error}"})


def _run_reporting(
    trials: Sequence[Trial],
    context: SweepContext,
    listener: Listener,
    data: ImageData,
    decided: Decided | None,
) -> None:
    """Runs a trial or group; returns when all that it reported has arrived."""
    report: TuneReport | None = None
    try:
        with (
            files_of(trials, context.root, context.remote, keep=context.keep) as store,
            group_log({trial.id: ResultDir(context.root).log(trial.id) for trial in trials}),
        ):
            lengths = {trial.id: trial.config.epochs for trial in trials}
            report = TuneReport(lengths, context, listener, store, decided)
            report.begin()
            data = images_here(data, context.blocks)
            trials = [trial for trial in trials if trial.id not in report.ended]
            for part in parts_that_fit(trials, context, data):
                run_parts(part, report, context, data)
    finally:
        if report is not None:
            report.finish()


def parts_that_fit(
    trials: Sequence[Trial], context: SweepContext, data: ImageData
) -> Iterator[Sequence[Trial]]:
    """Splits a group into parts that fit in memory, run one after the other; usually one part."""
    if len(trials) <= 1:  # none are left if all were asked to stop before they started again
        yield from [trials] if trials else []
        return
    gpu = 0.0 if trials[0].config.device == "cpu" else context.gpu
    memory = available_memory(context.threads, gpu)
    most = group_limit(trials[0].config, data.image_shape, len(data.classes), memory, gpu > 0)
    for start in range(0, len(trials), most):
        yield trials[start : start + most]


class Report(Protocol):
    """Receiver of the reports of `run_parts`."""

    size: int
    ended: set[str]

    def __call__(self, rows: Sequence[Row], ends: Sequence[Row] = ()) -> Collection[str]:
        """Same as `tune_mc1.training.epoch_report.Reporter`."""

    def saved(self, trials: Sequence[str]) -> None:
        """Same as `saved` of `tune_mc1.training.run_trials.run_trials`."""


def run_parts(
    trials: Sequence[Trial],
    report: Report,
    context: SweepContext,
    data: ImageData,
    *,
    again: bool = False,
) -> None:
    """Runs a group; if that fails, each half of it, down to the trial that fails alone.

    So an error of one trial, or a lack of memory, costs the others only the epoch in which it
    happened: they continue from their checkpoints. An error of a trial outside a group is raised,
    so that Ray Tune retries it; an error that would only repeat is reported as the trial's end.

    Args:
        trials: One trial, or trials that can be fused.
        report: Receives the reports.
        context: Settings that the trials of the sweep share.
        data: The images.
        again: Whether this trial ran out of memory before.

    Raises:
        StorageError: If results cannot be written.
    """
    load_lightning()
    # Imported here, as the driver imports this module too and does not need torch.
    from tune_mc1.training.trainer import free_memory, is_out_of_memory

    trials = [trial for trial in trials if trial.id not in report.ended]
    try:
        _run_together(trials, report, context, data)
        return
    except StorageError:
        raise
    except Exception as error:
        memory_ran_out = is_out_of_memory(error)
        if report.size == 1 and not memory_ran_out and not isinstance(error, TrialError):
            raise
        reason = _reason(error, memory_ran_out)
        traceback.print_exc()
    free_memory()
    if report.size == 1 and memory_ran_out and not again:
        run_parts(trials, report, context, data, again=True)
    elif len(trials) == 1:
        report([], [_failed_end(trials[0], ResultDir(context.root), reason)])
    else:
        half = len(trials) // 2
        print(f"the group of {len(trials)} trials failed; it continues as two halves")
        for part in (trials[:half], trials[half:]):
            run_parts(part, report, context, data)


def _run_together(
    trials: Sequence[Trial], report: Report, context: SweepContext, data: ImageData
) -> None:
    from tune_mc1.training.run_trials import run_trials

    where = ResultDir(context.root)
    run_trials(
        trials,
        data,
        context.validation,
        metric=context.metric,
        maximize=context.maximize,
        chosen=context.chosen,
        checkpoints=where.checkpoints,
        report=report,
        saved=report.saved,
        shared=where.features,
        threads=context.threads,
        gpu=context.gpu > 0,
    )


def _reason(error: Exception, memory_ran_out: bool) -> str:
    text = " ".join(str(error).split())
    if memory_ran_out:
        return (
            "out of memory: reduce batch_size, or give each trial more of the machine "
            f"(resources): {text}"
        )
    return text if isinstance(error, TrialError) else f"{type(error).__name__}: {text}"


def _failed_end(trial: Trial, where: ResultDir, reason: str) -> Row:
    from tune_mc1.training.last_checkpoint import epochs_done

    try:
        epoch = epochs_done(where.checkpoints(trial.id)) + 1
    except Exception:  # the checkpoint itself may be the cause
        epoch = 1
    return {"trial": trial.id, "state": "failed", "epoch": epoch, "error": reason}
