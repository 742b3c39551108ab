"""Learning-rate schedules: of a trial alone, of a group, and of one that goes on."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.group_run import CutOff, Report, group, nearly_equal, run, state
from tests.support.plugins import registered
from tune_mc1.config.lr_schedules import LR_SCHEDULES
from tune_mc1.config.parameters import Categorical, Constant
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.errors import TrialError
from tune_mc1.planning.differences import differences
from tune_mc1.training.learning_rates import learning_rates

STEPS = 7  # of an epoch: 200 images by 32


def one_epoch(step: int, total_steps: int, config: TrialConfig) -> float:
    return float(step < total_steps / config.epochs)


@pytest.fixture(autouse=True)
def schedules() -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(registered(LR_SCHEDULES, "one_epoch", one_epoch))
        yield


def with_schedules(trials: list[Trial], *names: str) -> list[Trial]:
    return [
        trial.model_copy(
            update={"config": trial.config.model_copy(update={"lr_schedule": names[i]})}
        )
        for i, trial in enumerate(trials)
    ]


def rates(report: Report, trial: str) -> list[float]:
    return [row["learning_rate"] for (name, _), row in sorted(report.rows.items()) if name == trial]


def test_fused_trials_have_the_rates_of_trials_alone(images: ImageData, tmp_path: Path) -> None:
    names = ("linear", "one_epoch", "constant")
    trials = with_schedules(group(3, epochs=2, model="CNN_simple", momentum=0.5), *names)
    fused = run(trials, images, tmp_path / "fused")
    for trial in trials:
        alone = run([trial], images, tmp_path / "alone")
        for key, row in alone.rows.items():
            nearly_equal(fused.rows[key], row, 100)
            assert fused.rows[key]["learning_rate"] == row["learning_rate"]
        for name, value in state(tmp_path / "fused" / trial.id).items():
            other = state(tmp_path / "alone" / trial.id)[name]
            assert torch.allclose(value, other, atol=2e-4), name
    peaks = [trial.config.learning_rate for trial in trials]
    ends = [1 - (epoch * STEPS - 1) / (2 * STEPS) for epoch in (1, 2)]
    assert rates(fused, "t0") == pytest.approx([peaks[0] * end for end in ends])
    assert rates(fused, "t1") == [peaks[1], 0.0]
    assert rates(fused, "t2") == [peaks[2], peaks[2]]


@pytest.mark.parametrize("count", [1, 3])
def test_a_rate_of_zero_moves_nothing(images: ImageData, tmp_path: Path, count: int) -> None:
    short = group(count, epochs=1, model="CNN_simple", momentum=0.5)
    long = with_schedules(
        group(count, epochs=2, model="CNN_simple", momentum=0.5), *["one_epoch"] * count
    )
    run(short, images, tmp_path / "short")
    run(long, images, tmp_path / "long")
    for trial in short:
        weights = state(tmp_path / "long" / trial.id)
        for name, value in state(tmp_path / "short" / trial.id).items():
            assert torch.equal(value, weights[name]), name


def test_the_rates_are_those_of_pytorch_s_own_schedulers() -> None:
    """`LambdaLR`, also where an optimiser has groups of other rates."""

    def optimizer() -> torch.optim.SGD:
        one, other = (torch.nn.Parameter(torch.ones(1)) for _ in range(2))
        groups: list[dict[str, Any]] = [{"params": [one]}, {"params": [other], "lr": 0.5}]
        return torch.optim.SGD(groups, lr=0.01)

    mine, theirs = optimizer(), optimizer()
    config = TrialConfig(learning_rate=0.01, lr_schedule="linear")
    rates = learning_rates([config], mine, 10, recorded=False)
    assert rates is not None
    scheduler = torch.optim.lr_scheduler.LambdaLR(theirs, lambda step: 1 - step / 10)
    for step in range(10):
        rates.set(step)
        assert [g["lr"] for g in mine.param_groups] == [g["lr"] for g in theirs.param_groups]
        theirs.step()
        scheduler.step()


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_trial_that_goes_on_has_the_rates_it_would_have_had(
    images: ImageData, tmp_path: Path, count: int, optimizer: str
) -> None:
    trials = group(count, epochs=3, model="CNN_simple", optimizer=optimizer)
    trials = with_schedules(trials, *["linear"] * count)
    straight = run(trials, images, tmp_path / "straight")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(trials, images, tmp_path / "cut", callbacks=(CutOff(),))
    again = run(trials, images, tmp_path / "cut")
    last = {key: row for key, row in straight.rows.items() if key[1] >= 2}
    assert last == {key: row for key, row in again.rows.items() if key[1] >= 2}


@pytest.mark.parametrize("count", [1, 2])
def test_a_schedule_of_ones_changes_no_number(
    images: ImageData, tmp_path: Path, count: int
) -> None:
    trials = group(count, epochs=2, model="CNN_simple", momentum=0.5)
    plain = run(trials, images, tmp_path / "plain")
    with registered(LR_SCHEDULES, "ones", lambda *_: 1.0):
        scheduled = run(with_schedules(trials, *["ones"] * count), images, tmp_path / "ones")
    assert plain.rows == scheduled.rows


def test_epochs_cannot_grow_under_a_schedule() -> None:
    def sweep(epochs: int, *names: str) -> Sweep:
        schedules = Categorical(values=names)
        return Sweep(parameters={"epochs": Constant(value=epochs), "lr_schedule": schedules})

    assert list(differences(sweep(2, "constant"), sweep(3, "constant"))) == []
    assert list(differences(sweep(2, "linear"), sweep(2, "linear"))) == []
    assert list(differences(sweep(2, "constant", "linear"), sweep(3, "constant", "linear"))) == [
        "parameters.epochs: was 2, is 3; a learning-rate schedule other than constant depends on "
        "it (schedule_epochs keeps it as it began)"
    ]
    assert list(differences(sweep(2, "step"), sweep(3, "step"))) == []
    longer = {"schedule_epochs": Constant(value=3)}
    kept = [s.model_copy(update={"parameters": s.parameters | longer})
            for s in (sweep(2, "linear"), sweep(3, "linear"))]  # fmt: skip
    assert list(differences(*kept)) == []


def test_a_warm_up_longer_than_the_run_is_refused(images: ImageData, tmp_path: Path) -> None:
    trials = group(2, epochs=2, model="CNN_simple", warmup_steps=2 * STEPS)
    with pytest.raises(
        TrialError, match=r"warmup_steps: must be less than the 14 steps of the sch"
    ):
        run(trials, images, tmp_path)
