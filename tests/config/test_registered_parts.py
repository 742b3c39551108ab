"""Models, optimisers and schedules that another package registers, where values are checked."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from tests.support.plugins import registered
from tune_mc1.config.architectures import ARCHITECTURES, Architecture, LayerSize
from tune_mc1.config.layer_sizes import layer_sizes
from tune_mc1.config.lr_schedules import LR_SCHEDULES
from tune_mc1.config.optimizers import OPTIMIZERS, Optimizer
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.planning.forecast import trial_seconds
from tune_mc1.planning.fusion import plan_groups
from tune_mc1.planning.fusion_notices import unfused_notices
from tune_mc1.planning.memory import trial_bytes

CIFAR = (3, 32, 32)
OWN = Architecture(build="somewhere:build", dropout_layers=1)


def config(**values: object) -> TrialConfig:
    return TrialConfig.model_validate(values)


def refused(**values: object) -> str:
    with pytest.raises(ValidationError) as caught:
        config(**values)
    (error,) = caught.value.errors()
    return str(error["ctx"]["error"])


def test_an_optimizer_takes_what_it_says() -> None:
    assert refused(momentum=0.9, optimizer="Adam") == (
        "momentum: only valid with optimizers SGD, Muon, RMSprop, LARS, SGDW, RMSpropTF, "
        "got 0.9 with Adam"
    )
    with registered(OPTIMIZERS, "Mine", Optimizer("somewhere:build", takes=("momentum",))):
        assert config(momentum=0.9, optimizer="mine").optimizer == "Mine"
        assert refused(momentum=0.9, optimizer="Adam") == (
            "momentum: only valid with optimizers SGD, Muon, RMSprop, LARS, SGDW, RMSpropTF, Mine, "
            "got 0.9 with Adam"
        )
        decay = refused(weight_decay=0.1, optimizer="Mine")
        assert decay.startswith("weight_decay: only valid with optimizers SGD, Adam, AdamW, ")
        assert decay.endswith(", got 0.1 with Mine")


def test_names_are_those_that_are_registered_now() -> None:
    assert refused(model="Mine").startswith("must be one of MLP, CNN_simple, CNN, ")
    known = "must be one of constant, cosine, linear, one_cycle, step"
    assert refused(lr_schedule="polly") == known
    with (
        registered(ARCHITECTURES, "Mine", OWN),
        registered(LR_SCHEDULES, "poly", lambda *_: 1.0),
    ):
        assert config(model="mine", dropout_p=0.1, lr_schedule="Poly").model == "Mine"
        assert refused(lr_schedule="polly") == f"{known}, poly, did you mean 'poly'?"
        assert refused(model="Mine", batch_norm=True).startswith("batch_norm: model Mine has no ")


def test_a_schedule_left_at_its_default_is_no_part_of_the_setting() -> None:
    assert config(lr_schedule="constant").config_hash == config().config_hash
    assert config().config_hash == "44136fa355b3", "that of an empty setting, as before"
    with registered(LR_SCHEDULES, "poly", lambda *_: 1.0):
        assert config(lr_schedule="poly").config_hash != config().config_hash


def test_a_network_of_unknown_form_is_planned_for() -> None:
    with registered(ARCHITECTURES, "Mine", OWN):
        assert sum(layer.weights for layer in layer_sizes("Mine", CIFAR, 10)) == pytest.approx(
            11_173_962, rel=0.01
        )
        small, large = (trial_seconds(config(model="Mine"), 100, (3, s, s), 10) for s in (32, 64))
        assert small < large
        assert trial_bytes(config(model="Mine"), CIFAR, 10) > 3 * 4 * 11_000_000
    assert not OWN.sized, "so that no report shows what is only assumed"
    mine = replace(OWN, sizes=(LayerSize(100, 10, 1000),))
    with registered(ARCHITECTURES, "Mine", mine):
        assert mine.sized
        assert layer_sizes("Mine", CIFAR, 10) == [LayerSize(100, 10, 1000)]


@pytest.mark.parametrize("fuse", ["auto", 4])
def test_what_has_no_fused_form_is_trained_alone_and_said(fuse: int) -> None:
    with (
        registered(ARCHITECTURES, "Mine", OWN),
        registered(OPTIMIZERS, "Slow", Optimizer("somewhere:build")),
    ):
        kinds = [{"model": "Mine"}, {"optimizer": "Slow"}, {"model": "CNN"}]
        trials = [
            Trial(id=f"t{3 * n + i}", config=config(**kind, seed=n))
            for n in range(2)
            for i, kind in enumerate(kinds)
        ]
        groups = plan_groups(trials, fuse, 1, lambda _: 1.0)
        assert [[t.id for t in group] for group in groups] == [
            ["t0"],
            ["t1"],
            ["t2", "t5"],
            ["t3"],
            ["t4"],
        ]
        assert unfused_notices(trials, fuse) == [
            "fuse: 2 trials are trained alone, as model Mine has no fused form (it cannot be "
            "built: No module named 'somewhere')",
            "fuse: 2 trials are trained alone, as optimizer Slow has no fused form",
        ]
        assert unfused_notices(trials, "off") == []


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"optimizer": "RMSprop", "alpha": 0.8, "epochs": 3, "seed": 0, "momentum": 0.0},
        {"lr_schedule": "step", "milestones": "2,4", "gamma": 0.5, "epochs": 9},
        {"loss_function": "FocalLoss", "focal_gamma": 3.0, "class_weights": "balanced"},
        {"augment": "flip+crop", "crop_padding": 2, "label_smoothing": 0.1, "device": "cpu"},
    ],
)
def test_what_was_given_is_what_differs_from_its_default(values: dict[str, object]) -> None:
    made = config(**values)
    dumped = made.model_dump(exclude_defaults=True)
    assert made._given() == dumped
    assert list(made._given()) == list(dumped), "the first problem is the one that is told"
