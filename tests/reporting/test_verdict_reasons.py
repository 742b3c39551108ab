"""What a verdict says: what is missing, what it rests on, and how it was run."""

import pytest

from tests.reporting.test_verdicts import (
    ADAM,
    against_sgd,
    first_grid,
    samples,
    spread,
    verdict,
)
from tests.support.report_frames import grid, made_up
from tune_mc1.config.trial import TrialConfig
from tune_mc1.reporting.conclusions.findings import measure
from tune_mc1.reporting.conclusions.verdicts import verdicts

pytestmark = pytest.mark.filterwarnings("error")

LAYERS = grid(model=["CNN", "CNN2", "CNN4", "CNN5", "CNN6"])


def layers(c: TrialConfig, epoch: int, fold: int | None) -> float:
    return 0.5 + 0.03 * (c.model == "CNN2")


def test_a_study_run_in_part_says_what_is_missing() -> None:
    found = verdict("complexity", [made_up("layers_and_units", LAYERS, layers, seeds=3)])
    assert found.result == "not run"
    assert found.reason.en == "No trial has ended with model CNN7."
    assert found.reason.de == "Kein Lauf ist fertig mit model CNN7."
    alone = verdict("batch_norm_end", against_sgd("adam", ADAM, lambda e: 1.0)(0.1, 0.01))
    assert alone.reason.en == "Needs the study batch_norm."


def test_one_run_a_model_is_undecided_and_says_so() -> None:
    found = verdict("padding", [made_up("layers_and_units", LAYERS, layers)])
    assert found.result == "undecided"
    assert found.effect.value == pytest.approx(0.03, abs=0.02)
    assert not found.effect.known
    assert "no test" in found.reason.en
    assert found.more.more == 2


def test_one_seed_over_many_settings_is_said() -> None:
    frames = first_grid(lambda c, e: -c.batch_size / 96)(0.05, 0.004)
    found = verdict("batch_size_128", frames)
    assert found.effect.unit == "setting"
    assert "All trials share one seed" in found.reason.en
    assert "Alle mit einem Seed" in found.reason.de
    assert "optimiser steps" in found.reason.en


def test_holms_correction_is_over_the_conclusions_of_a_study() -> None:
    found = verdicts([made_up("layers_and_units", LAYERS, layers, seeds=4)])
    tested = {v.id: v for v in found if v.effect.known}
    assert set(tested) == {"padding", "pooling", "more_layers"}
    assert tested["padding"].p == pytest.approx(3 * tested["padding"].effect.p)


def test_the_late_gain_is_from_a_sixth_of_the_epochs() -> None:
    rows = grid(model=["CNN"], epochs=[12])
    frames = made_up("late", rows, lambda c, e, f: 0.3 * (e == 1) + 0.01 * e, noise=0)
    (late,) = measure({"late": [frames]}, ["late"], "late gain").table["score"]
    (gain,) = measure({"late": [frames]}, ["late"], "gain").table["score"]
    assert (late, gain) == pytest.approx((0.10, 0.12 - 0.31))


def test_that_initialisation_matters_is_corrected_for_all_pairs() -> None:
    found = verdict(
        "initialisation",
        first_grid(lambda c, e: float(c.weights_init_type == "default"))(0.01, 0.01),
    )
    assert "of 10 pairs" in found.reason.en
    assert min(1.0, 10 * found.effect.p) <= found.p <= 1


def test_that_initialisation_does_not_matter_takes_every_pair() -> None:
    def unsteady(c: TrialConfig, epoch: int) -> float:
        return (c.weights_init_type == "default") * (1.0 if c.batch_size == 32 else -0.5)

    found = verdict("initialisation", first_grid(unsteady)(0.1, 0.002))
    assert found.result == "undecided"


def test_directories_of_a_study_are_taken_together_but_other_images_apart() -> None:
    first = made_up("layers_and_units", grid(model=["CNN"]), layers, seeds=4)
    second = made_up("layers_and_units", grid(model=["CNN2"]), layers, seeds=4, noise=0.003)
    fewer = made_up("layers_and_units", grid(model=["CNN2"]), layers, seeds=4, limit_images=0.1)
    assert verdict("padding", [first, second]).result == "confirmed"
    apart = verdict("padding", [first, fewer])
    assert apart.result == "undecided"
    assert "No two trials agree" in apart.reason.en
    assert "10 / 100 % of the images" in apart.reason.en


def test_a_spread_is_not_that_between_two_ways_to_run_a_study() -> None:
    (whole,) = spread(0.02, 0.004)
    part = made_up("regularisation", samples(10), lambda c, e, f: 0.2, limit_images=0.1)
    found = verdict("regularisation", [part, whole])
    assert found.result == "not confirmed"
    assert found.effect.n == 30
    assert "10 trials with other images" in found.reason.en


def test_how_it_was_run_is_said() -> None:
    states = {"t0001": "diverged", "t0002": "running"}
    frames = made_up("layers_and_units", LAYERS, layers, seeds=4, states=states, validation="test")
    found = verdict("padding", [frames])
    assert "1 diverged" in found.reason.en
    assert "Not all trials have ended." in found.reason.en
    assert "Validated on the test images." in found.reason.en
    assert found.measured.en == "val_acc after the last epoch (3)"
    assert found.effect.n == 2
