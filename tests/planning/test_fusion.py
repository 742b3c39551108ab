"""Which trials are trained together."""

from typing import Any

import pytest

from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.planning.fusion import group_key, group_seconds, plan_groups
from tune_mc1.planning.makespan import makespan


def trials(count: int, **parameters: Any) -> list[Trial]:
    """Trials that differ in their learning rates."""
    return [
        Trial(id=f"t{i}", config=TrialConfig(learning_rate=0.01 * (i + 1), **parameters))
        for i in range(count)
    ]


def one_second(_: TrialConfig) -> float:
    return 1.0


def sizes(plan: list[Trial], fuse: Any, slots: int = 2, **options: Any) -> list[int]:
    groups = plan_groups(plan, fuse, slots, one_second, **options)
    assert sorted(t.id for g in groups for t in g) == sorted(t.id for t in plan), "each once"
    return [len(group) for group in groups]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "CNN2"),
        ("batch_size", 64),
        ("epochs", 3),
        ("optimizer", "Adam"),
        ("batch_norm", True),
        ("overfit_batches", 1),
        ("precision", "bf16-mixed"),
        ("device", "cpu"),
    ],
)
def test_what_must_agree(name: str, value: Any) -> None:
    one = Trial(id="a", config=TrialConfig())
    other = Trial(id="b", config=TrialConfig(**{name: value}))
    assert group_key(one) != group_key(other)
    assert sizes([one, other], fuse=8) == [1, 1]


def test_what_may_differ() -> None:
    one = Trial(id="a", config=TrialConfig(model="CNN8"))
    other = TrialConfig(
        model="CNN8",
        learning_rate=0.5,
        weight_decay=0.1,
        momentum=0.9,
        dropout_p=0.3,
        weights_init_type="kaiming_normal",
        seed=7,
        batch_norm=False,
    )
    assert sizes([one, Trial(id="b", config=other)], fuse=8) == [2]


def test_folds_of_other_sizes_stay_apart() -> None:
    plan = [Trial(id=f"t{f}", config=TrialConfig(), fold=f) for f in range(4)]
    assert sizes(plan, fuse=8) == [4]
    assert sizes(plan, fuse=8, fold_sizes=lambda fold: fold == 3) == [3, 1]


def test_a_frozen_backbone_is_never_fused() -> None:
    assert sizes(trials(3, model="ResNeXt50", pretrained=False), fuse=8) == [1, 1, 1]


def test_a_number_makes_even_groups() -> None:
    assert sizes(trials(9), fuse=4) == [3, 3, 3]
    assert sizes(trials(9), fuse=4, limit=2) == [1, 2, 2, 2, 2]
    assert sizes(trials(5), fuse="off") == [1] * 5


def test_auto_keeps_every_slot_busy() -> None:
    # Eight trials as one group would leave the second core idle; four each are the best.
    assert sizes(trials(8), fuse="auto") == [4, 4]
    assert sizes(trials(8), fuse="auto", slots=1) == [8]
    assert sizes(trials(2), fuse="auto") == [1, 1]
    assert sizes(trials(40), fuse="auto", slots=1) == [8] * 5
    assert sizes(trials(8, model="CNN8"), fuse="auto", slots=1) == [1] * 8, "it gains nothing"


def test_the_cpu_keeps_its_limit_beside_a_gpu() -> None:
    plan = trials(64, device="cpu") + [
        Trial(id=f"g{i}", config=TrialConfig(learning_rate=0.01 * (i + 1))) for i in range(64)
    ]
    assert max(sizes(plan[:64], fuse="auto", slots=1, gpu=True)) == 8
    assert max(sizes(plan[64:], fuse="auto", slots=1, gpu=True)) == 32


def test_a_gpu_fuses_what_leaves_it_idle() -> None:
    assert sizes(trials(30, model="CNN"), "auto", slots=1, gpu=True) == [30]
    assert sizes(trials(30, model="CNN"), "auto", slots=2, gpu=True) == [15, 15]
    for model in ("MLP", "CNN8", "VGG"):
        assert sizes(trials(4, model=model), "auto", slots=1, gpu=True) == [1] * 4


def test_auto_is_never_slower_than_off() -> None:
    for count in range(1, 30):
        for slots in (1, 2, 3, 8):
            plan = trials(count)
            spans = [
                makespan(
                    [
                        group_seconds(g, one_second, gpu=False)
                        for g in plan_groups(plan, fuse, slots, one_second)
                    ],
                    slots,
                )
                for fuse in ("auto", "off")
            ]
            assert spans[0] <= spans[1], (count, slots)


def test_trials_with_the_same_images_stand_together() -> None:
    plan = [Trial(id=f"t{i}", config=TrialConfig(seed=i % 2)) for i in range(16)]
    groups = plan_groups(plan, "auto", 1, one_second)
    assert [{t.config.seed for t in group} for group in groups] == [{0}, {1}]
