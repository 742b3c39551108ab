"""Loading of a plan's images, in a thread while Ray starts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from pydantic import ValidationError
from rich.console import Console

from tune_mc1.config.augmentations import augmentation_image_problem
from tune_mc1.config.layer_sizes import check_image_fits
from tune_mc1.config.losses import class_weights_problem
from tune_mc1.config.model_names import is_outside
from tune_mc1.config.program_sweep import ProgramSweep
from tune_mc1.config.schedule_fit import warmup_steps_problem
from tune_mc1.config.trial import TrialConfig
from tune_mc1.data.duplicates import equal_across_splits
from tune_mc1.data.epoch_length import steps_of_epoch
from tune_mc1.data.images import ImageData
from tune_mc1.data.source import find_source, load_data
from tune_mc1.data.splits import make_split
from tune_mc1.data.wanted import decoded_size, input_problems, with_statistics
from tune_mc1.errors import InputError, SweepStopped
from tune_mc1.interruption import Interruption
from tune_mc1.planning.counted import Counted
from tune_mc1.planning.draws import sample_one
from tune_mc1.planning.plan import Plan

if TYPE_CHECKING:
    from tune_mc1.cluster.ray_runtime import Cluster
    from tune_mc1.planning.past import Past

SUGGESTIONS = 20
"""Settings of a search that learns with which networks from outside are tried."""

ALONE_S = 1.0
"""Seconds of loading before Ray starts in parallel; most errors are found by then."""


def load_checked(plan: Plan, notify: Callable[[str], None]) -> ImageData:
    """Loads the images and checks that every trial can use them.

    Raises:
        InputError: If they cannot be loaded or used.
    """
    _check_known(plan)
    data = with_statistics(_load(plan, notify), plan.sweep)
    _check(plan, data, notify)
    for line in equal_across_splits(data):
        notify(line)
    return data


def check_same_images(past: "Past", data: ImageData) -> None:
    """Raises InputError if a resumed sweep would use different images."""
    before = past.tables.metadata
    if before and before["fingerprint"] != data.fingerprint:
        raise InputError(
            f"data: was {before['data']} ({before['fingerprint']}), is {data.name} "
            f"({data.fingerprint}): the images differ"
        )


def other_images(like: Path, data: ImageData) -> str | None:
    """A notice if a trial of a result directory is to run again on other images; else None."""
    from tune_mc1.results.directory import ResultDir  # imports pyarrow, which no plan needs

    before = ResultDir(like).read().metadata
    if before.get("fingerprint") in (None, data.fingerprint):
        return None
    return (
        f"The images are not those of {like}, so the numbers will differ: there {before['data']} "
        f"({before['fingerprint']}), here {data.name} ({data.fingerprint}). --data names others"
    )


def count_images(plan: Plan, notify: Callable[[str], None]) -> Plan:
    """The plan with the number and size of its images, and which of them validate.

    Files of compressed images are listed, not decoded; nothing is downloaded. Networks from outside
    are tried as before a sweep, but without published weights.

    Raises:
        InputError: If they cannot be used, as far as this is known without decoding them.
    """
    source = find_source(plan.sweep.data)
    if isinstance(plan.sweep, ProgramSweep) or source is None:
        return plan
    if not source.by_path:
        _check_known(plan)
        if source.certain:
            _check_outside(plan, source.usual_shape, source.usual_classes)
        return plan
    data = _load(plan, notify, pixels=False)
    _check(plan, data, notify, weights=False)
    sweep = plan.sweep.with_images(data.val_labels is not None)
    fold = plan.trials[0].fold if plan.trials else None
    images = len(make_split(data, sweep.validation, fold).train)
    counted = Counted(images, data.image_shape, len(data.classes))
    return replace(plan, sweep=sweep, counted=counted)


def _load(plan: Plan, notify: Callable[[str], None], *, pixels: bool = True) -> ImageData:
    size, part = decoded_size(plan.sweep), plan.sweep.limit_images
    return load_data(plan.sweep.data, notify=notify, image_size=size, part=part, pixels=pixels)


def _check_known(plan: Plan) -> None:
    """Checks that every trial can use images of which size and classes are known unread."""
    source = find_source(plan.sweep.data)
    if source is None or not source.certain:
        return
    configs = [trial.config for trial in plan.training_trials]
    if problems := _misfits(configs, source.usual_shape, source.usual_classes):
        raise InputError(problems)


def _misfits(
    configs: Sequence[TrialConfig], shape: tuple[int, int, int], classes: int
) -> list[str]:
    """Why trials cannot use images of a size, with so many classes."""
    networks = {
        (config.model, config.architecture, config.input_shape(shape)) for config in configs
    }
    found = {p for m, a, s in networks if (p := check_image_fits(m, s, a))}
    for config in configs:
        if problem := augmentation_image_problem(config, config.input_shape(shape)[1:]):
            found.add(problem)
    weights = {config.class_weights for config in configs}
    misfits = (class_weights_problem(given, classes) for given in weights)
    return sorted(found) + sorted(f"parameters.{problem}" for problem in misfits if problem)


def _check(
    plan: Plan, data: ImageData, notify: Callable[[str], None], *, weights: bool = True
) -> None:
    """Checks that every trial can use the images."""
    configs = [trial.config for trial in plan.training_trials]
    shape, classes = data.image_shape, len(data.classes)
    problems = [*_misfits(configs, shape, classes), *input_problems(plan.sweep, data)]
    if problems:
        raise InputError(problems)
    _check_outside(plan, shape, classes, weights=weights)
    fold = plan.trials[0].fold if plan.trials else None
    sweep = plan.sweep.with_images(data.val_labels is not None)
    images = len(make_split(data, sweep.validation, fold).train)
    if problems := sorted(set(_long_warmups(configs, images))):
        raise InputError(problems)
    if data.val_labels is not None and sweep.validation != "val":
        notify(f"validation: the {len(data.val_labels):,} validation images are not used")


def _long_warmups(configs: Iterable[TrialConfig], images: int) -> Iterator[str]:
    """Which warm-ups in steps are as long as the schedules that follow them.

    Args:
        configs: Parameters of the trials.
        images: Training images of each.
    """
    for config in configs:
        if not config.warmup_steps:
            continue
        last = config.overfit_batches, config.drop_last
        steps = steps_of_epoch(images, config.batch_size, *last) * config.epochs
        if problem := warmup_steps_problem(config, steps):
            yield f"parameters.{problem}"


def _check_outside(
    plan: Plan, shape: tuple[int, int, int], classes: int, *, weights: bool = False
) -> None:
    """Checks that networks from outside, or frozen in part, can be trained on the images.

    Args:
        plan: The plan.
        shape: Channels, height and width of the images.
        classes: Number of classes.
        weights: Whether published weights are read.
    """
    if not any(map(is_outside, plan.sweep.models)) and "freeze" not in plan.sweep.parameters:
        return
    from tune_mc1.models.pretrained import without_weights
    from tune_mc1.models.probe import network_problems

    configs = [trial.config for trial in plan.training_trials] or _suggestions(plan)
    outside = [config for config in configs if is_outside(config.model) or config.freeze]
    with nullcontext() if weights else without_weights():
        found = network_problems(outside, shape, classes)
    if found:
        raise InputError(f"{plan.source}: {line}" if plan.source else line for line in found)


def _suggestions(plan: Plan) -> list[TrialConfig]:
    """Settings such as a search that learns may suggest."""
    configs = []
    for i in range(SUGGESTIONS):
        with suppress(ValidationError):
            configs.append(plan.sweep.config(sample_one(plan.sweep, i)))
    return configs


class Loading:
    """Images that are being loaded, in a daemon thread.

    Args:
        plan: The plan whose images to load.
        notify: Called with each notice for the user.
        interruption: Ends the wait early.
        before_ray: Whether to wait until they are loaded; otherwise for `ALONE_S` only.

    Raises:
        InputError: If they turn out to be unusable within that time.
        SweepStopped: If a signal was received.
    """

    def __init__(
        self,
        plan: Plan,
        notify: Callable[[str], None],
        interruption: Interruption,
        *,
        before_ray: bool,
    ) -> None:
        self._data: Future[ImageData] = Future()
        self._interruption = interruption
        Thread(target=self._load, args=(plan, notify), daemon=True).start()
        with suppress(NotYet):
            self._wait(None if before_ray else ALONE_S)

    def _load(self, plan: Plan, notify: Callable[[str], None]) -> None:
        try:
            self._data.set_result(load_checked(plan, notify))
        except BaseException as error:
            self._data.set_exception(error)

    def _wait(self, seconds: float | None = None) -> ImageData:
        try:
            with self._interruption.interruptible():
                return self._data.result(seconds)
        except SweepStopped:
            Console(stderr=True).show_cursor()  # a download's progress bar hides it
            raise

    def get_while_starting(self, cluster: "Cluster | None") -> ImageData:
        """Waits for the images; starts Ray meanwhile if they are not loaded yet, unless it is None.

        Raises:
            InputError: If they cannot be used.
            SweepStopped: If a signal was received, or Ray cannot be started.
        """
        if cluster is not None and not self._data.done():
            with self._interruption.interruptible():
                cluster.connect()
            self._interruption.install()  # in case Ray has installed its own handlers
        return self._wait()
