"""Networks that are not declared: which are trained together, and what the plan says of others."""

from collections.abc import Callable, Iterator

import pytest
from torch import nn

from tests.support.own_networks import build
from tests.support.plugins import registered
from tune_mc1.config.architectures import ARCHITECTURES, Architecture
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.planning.fusion import plan_groups
from tune_mc1.planning.fusion_notices import unfused_notices
from tune_mc1.planning.memory import trial_bytes

CIFAR = (3, 32, 32)


def wide(config: TrialConfig, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 1000), nn.ReLU(), nn.Linear(1000, classes))


def other(config: TrialConfig, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
    norm = [nn.LayerNorm(3072)] if config.model == "Unknown" else []
    units = 8 if config.batch_norm else 4
    return nn.Sequential(nn.Flatten(), *norm, nn.Linear(3072, units), nn.Linear(units, classes))


def convolution(channels: int) -> Callable[..., nn.Module]:
    def build(config: TrialConfig, image_shape: tuple[int, int, int], classes: int) -> nn.Module:
        pooled = nn.Sequential(nn.Conv2d(3, channels, 3), nn.AdaptiveAvgPool2d(2), nn.Flatten())
        return nn.Sequential(pooled, nn.Linear(4 * channels, classes))

    return build


of_8, of_20, of_24 = map(convolution, (8, 20, 24))


@pytest.fixture(autouse=True)
def networks() -> Iterator[None]:
    with (
        registered(
            ARCHITECTURES,
            "Tutorial",
            Architecture(build=build.__module__ + ":build", dropout_layers=1),
        ),
        registered(ARCHITECTURES, "Wide", Architecture(build=f"{__name__}:wide")),
        registered(ARCHITECTURES, "Unknown", Architecture(build=f"{__name__}:other")),
        registered(
            ARCHITECTURES, "Sized", Architecture(build=f"{__name__}:other", batch_norm="option")
        ),
    ):
        yield


def trials(count: int, **parameters: object) -> list[Trial]:
    given = {name: value for name, value in parameters.items() if not isinstance(value, tuple)}
    return [
        Trial(
            id=f"t{i}",
            config=TrialConfig.model_validate(
                {"learning_rate": 0.01 * (i + 1), **given}
                | {n: v[i] for n, v in parameters.items() if isinstance(v, tuple)}
            ),
        )
        for i in range(count)
    ]


def sizes(plan: list[Trial], fuse: object, **options: bool) -> list[int]:
    return [len(group) for group in plan_groups(plan, fuse, 1, lambda _: 1.0, **options)]  # type: ignore[arg-type]


def test_a_small_network_of_known_layers_is_fused() -> None:
    plan = trials(8, model="Tutorial", dropout_p=(0.1, 0.2, 0.3, 0.5, 0.1, 0.2, 0.3, 0.4))
    assert sizes(plan, "auto") == [8]
    assert sizes(plan, 4) == [4, 4]
    assert sizes(plan, "off") == [1] * 8
    assert unfused_notices(plan, "auto") == []


def test_on_a_gpu_dropout_keeps_trials_alone() -> None:
    assert sizes(trials(8, model="Tutorial", dropout_p=0.1), 8, gpu=True) == [1] * 8
    assert sizes(trials(8, model="Tutorial", dropout_p=0.0), "auto", gpu=True) == [8]


def test_what_gains_nothing_is_left_alone_by_auto_and_said() -> None:
    plan = trials(4, model="Wide")
    assert sizes(plan, "auto") == [1] * 4
    assert sizes(plan, 4) == [4]
    assert unfused_notices(plan, 4) == []
    assert unfused_notices(plan, "auto") == [
        "fuse: 4 trials are trained alone, as model Wide gains nothing by fusing on a CPU (it has "
        "3,083,010 weights, more than 800,000)"
    ]


@pytest.mark.parametrize(
    ("channels", "batch_size", "why"),
    [
        (8, 512, ""),
        (20, 64, ""),
        (20, 128, "20 channels on average, more than 12"),
        (24, 32, "24 channels on average, more than 20"),
    ],
)
def test_how_wide_a_network_may_be(channels: int, batch_size: int, why: str) -> None:
    part = Architecture(build=f"{__name__}:of_{channels}")
    name = f"Convolution{channels}"
    with registered(ARCHITECTURES, name, part):
        plan = trials(4, model=name, batch_size=batch_size)
        assert sizes(plan, "auto") == ([1] * 4 if why else [4])
        notices = unfused_notices(plan, "auto")
    assert [why in notice for notice in notices] == [True] * bool(why)


def test_what_is_not_known_is_left_alone_and_said() -> None:
    plan = trials(4, model="Unknown")
    assert sizes(plan, 4) == [1] * 4
    assert unfused_notices(plan, 4) == [
        "fuse: 4 trials are trained alone, as model Unknown has no fused form (nn.LayerNorm is not "
        "known to work for many trials at once)"
    ]


def test_networks_of_other_shapes_stay_apart() -> None:
    assert sizes(trials(4, model="Sized", batch_norm=(True, True, False, False)), 4) == [2, 2]


def test_memory_is_that_of_the_traced_layers() -> None:
    config = TrialConfig(model="Wide", batch_size=1)
    assert trial_bytes(config, CIFAR, 10) == pytest.approx(3 * 4 * 3_083_010, rel=0.01)
