"""Every conclusion of the reference: its data are altered, and its verdict flips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from tests.support.report_frames import grid, made_up
from tune_mc1.config.trial import TrialConfig
from tune_mc1.reporting.conclusions.rules import RULES
from tune_mc1.reporting.conclusions.verdicts import Verdict, verdicts
from tune_mc1.reporting.frames import SweepFrames

pytestmark = pytest.mark.filterwarnings("error")

Build = Callable[[float, float], list[SweepFrames]]
"""Sweeps with an effect of a size, and noise of a standard deviation."""

INITS = ("default", "xavier_normal", "xavier_uniform", "kaiming_normal", "kaiming_uniform")
GRID = grid(
    model=["CNN_simple", "CNN"],
    learning_rate=[0.01, 0.03],
    batch_size=[32, 64, 128],
    weights_init_type=INITS,
)


def first_grid(weight: Callable[[TrialConfig, int], float], **more: Any) -> Build:
    def build(effect: float, noise: float) -> list[SweepFrames]:
        def accuracy(c: TrialConfig, epoch: int, fold: int | None) -> float:
            return 0.5 + effect * weight(c, epoch)

        return [made_up("first_grid", GRID, accuracy, noise=noise, **more)]

    return build


def two_models(study: str, worse: str, better: str, **more: Any) -> Build:
    def build(effect: float, noise: float) -> list[SweepFrames]:
        def accuracy(c: TrialConfig, epoch: int, fold: int | None) -> float:
            return 0.5 + effect * (c.model == better)

        rows = grid(model=[worse, better])
        return [made_up(study, rows, accuracy, noise=noise, seeds=4, **more)]

    return build


def samples(n: int = 30) -> list[dict[str, Any]]:
    rng = np.random.default_rng(2)
    return [
        {
            "model": "CNN8",
            "epochs": 6,
            "weight_decay": float(10 ** rng.uniform(-4, -2)),
            "dropout_p": float(rng.uniform(0.1, 1)),
        }
        for _ in range(n)
    ]


def against_sgd(
    other: str, keys: Mapping[str, Any], weight: Callable[[int], float], seeds: int = 1
) -> Build:
    """`regularisation` and another study on the same samples; the other has the effect."""

    def build(effect: float, noise: float) -> list[SweepFrames]:
        def plain(c: TrialConfig, epoch: int, fold: int | None) -> float:
            return 0.6 + 0.1 * c.dropout_p if c.dropout_p else 0.6

        def changed(c: TrialConfig, epoch: int, fold: int | None) -> float:
            return plain(c, epoch, fold) + effect * weight(epoch)

        more: dict[str, Any] = {"noise": noise, "method": "random", "seeds": seeds}
        rows = samples(30 if seeds == 1 else 4)
        return [
            made_up("regularisation", rows, plain, **more),
            made_up(other, [{**row, **keys} for row in rows], changed, **more),
        ]

    return build


def spread(effect: float, noise: float) -> list[SweepFrames]:
    def accuracy(c: TrialConfig, epoch: int, fold: int | None) -> float:
        return 0.6 + effect * (c.dropout_p or 0)

    return [made_up("regularisation", samples(), accuracy, noise=noise, method="random")]


def complexity(effect: float, noise: float) -> list[SweepFrames]:
    rng = np.random.default_rng(4)
    rows = [
        {"model": m, "learning_rate": float(rng.uniform(0.001, 0.01))} for m in ["CNN", "CNN8"] * 15
    ]

    def accuracy(c: TrialConfig, epoch: int, fold: int | None) -> float:
        return 0.5 + effect * (c.model == "CNN8") + c.learning_rate

    return [made_up("complexity", rows, accuracy, noise=noise, method="random")]


def reached(model: str) -> Build:
    def build(effect: float, noise: float) -> list[SweepFrames]:
        rows = [{"model": model}]
        return [made_up("larger_models", rows, lambda c, e, f: effect, noise=noise, seeds=4)]

    return build


def single_batch(effect: float, noise: float) -> list[SweepFrames]:
    rows = grid(overfit_batches=[1], weights_init_type=INITS)
    return [made_up("single_batch", rows, lambda c, e, f: 0.3 + effect * e, noise=noise)]


def rate_by_model(c: TrialConfig, epoch: int) -> float:
    return (c.learning_rate > 0.02) * (1 if c.model == "CNN" else -1)


def learning_rate(effect: float, noise: float) -> list[SweepFrames]:
    """A negative effect is that of one sign everywhere."""
    if effect < 0:
        return first_grid(lambda c, e: float(c.learning_rate > 0.02))(-effect, noise)
    return first_grid(rate_by_model)(effect, noise)


@dataclass(frozen=True)
class Case:
    """Effect and noise with which a verdict is confirmed, not confirmed, and undecided."""

    build: Build
    yes: tuple[float, float] = (0.05, 0.004)
    no: tuple[float, float] = (-0.05, 0.004)
    open: tuple[float, float] = (0.01, 0.08)


ADAM = {"optimizer": "Adam", "learning_rate": 1e-4}
LESS = {"yes": (-0.05, 0.004), "no": (0.05, 0.004), "open": (-0.01, 0.08)}
NORM = {"batch_norm": True}
CASES = {
    "single_batch": Case(single_batch, open=(0.001, 0.1)),
    "batch_size_128": Case(first_grid(lambda c, e: -c.batch_size / 96)),
    "batch_size_64": Case(first_grid(lambda c, e: -c.batch_size / 32)),
    "learning_rate": Case(learning_rate),
    "initialisation": Case(
        first_grid(lambda c, e: float(c.weights_init_type == "default")), no=(0, 0.002)
    ),
    "initialisation_start": Case(
        first_grid(lambda c, e: (c.weights_init_type != "default") / e**2)
    ),
    "padding": Case(two_models("layers_and_units", "CNN", "CNN2")),
    "pooling": Case(two_models("layers_and_units", "CNN5", "CNN6")),
    "more_layers": Case(two_models("layers_and_units", "CNN4", "CNN5")),
    "complexity": Case(two_models("layers_and_units", "CNN", "CNN7")),
    "complexity_long": Case(two_models("layers_and_units_long", "CNN7", "CNN8")),
    "complexity_random": Case(complexity),
    "regularisation": Case(spread, (0.2, 0.004), (0.02, 0.004), (0.078, 0.004)),
    "batch_norm_start": Case(against_sgd("batch_norm", NORM, lambda e: float(e == 1))),
    "batch_norm_stagnates": Case(against_sgd("batch_norm", NORM, lambda e: e / 6), **LESS),
    "batch_norm_end": Case(against_sgd("batch_norm", NORM, lambda e: float(e == 6)), **LESS),
    "adam_start": Case(against_sgd("adam", ADAM, lambda e: float(e == 1))),
    "adam_end": Case(
        against_sgd("adam", ADAM, lambda e: 1.0), (0.005, 0.01), (0.05, 0.01), (0.015, 0.08)
    ),
    "best_cnn": Case(against_sgd("adam", ADAM, lambda e: 1.0, seeds=4)),
    "vgg": Case(reached("VGG"), (0.88, 0.004), (0.7, 0.004), (0.87, 0.05)),
    "vgg_f1": Case(reached("VGG"), (0.875, 0.004), (0.7, 0.004), (0.87, 0.05)),
    "resnext": Case(reached("ResNeXt50"), (0.7, 0.004), (0.6, 0.004), (0.7, 0.05)),
    "resnext_f1": Case(reached("ResNeXt50"), (0.688, 0.004), (0.6, 0.004), (0.7, 0.05)),
}


def verdict(rule: str, frames: list[SweepFrames]) -> Verdict:
    (found,) = (v for v in verdicts(frames) if v.id == rule)
    return found


def test_every_rule_has_a_case() -> None:
    assert set(CASES) == {rule.id for rule in RULES}


@pytest.mark.parametrize("rule", CASES)
def test_a_verdict_flips_with_the_data(rule: str) -> None:
    case = CASES[rule]
    yes, no, still = (verdict(rule, case.build(*each)) for each in (case.yes, case.no, case.open))
    assert yes.result == "confirmed", yes
    assert no.result == "not confirmed", no
    assert still.result == "undecided", still
    assert yes.p < 0.05 <= still.p
    assert yes.effect.low <= yes.effect.value <= yes.effect.high
    assert yes.effect.trials > 1
    assert yes.more.more == 0
    assert still.more.more != 0
    assert verdict(rule, []).result == "not run"
