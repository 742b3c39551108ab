"""Optimisers: those of PyTorch and timm by name, Muon, and weight decay of matrices alone."""

from pathlib import Path
from typing import Any

import pytest
import torch
from packaging.version import Version
from pydantic import ValidationError
from torch import Tensor, nn

from tests.support.group_run import (
    CutOff,
    Row,
    check_parting_and_joining,
    group,
    nearly_equal,
    run,
    state,
)
from tests.support.one_trial import few
from tune_mc1.config.optimizers import OPTIMIZERS
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.training.optimizers.base import make_group_optimizer, make_optimizer
from tune_mc1.training.optimizers.muon import Muon
from tune_mc1.training.optimizers.parts import find_parts


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 5)
    )


def train(model: nn.Module, *optimizers: torch.optim.Optimizer, steps: int = 5) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        images = torch.randn(8, 3, 8, 8, generator=generator)
        labels = torch.randint(5, (8,), generator=generator)
        loss = nn.functional.cross_entropy(model(images), labels)
        model.zero_grad()
        torch.autograd.backward(loss)
        for optimizer in optimizers:
            optimizer.step()
    return [p.detach() for p in model.parameters()]


def ours(**parameters: Any) -> list[Tensor]:
    config, model = TrialConfig(learning_rate=0.01, **parameters), network()
    parts = find_parts(config, dict(model.named_parameters()))
    return train(model, make_optimizer(config, parts))


def same(one: list[Tensor], other: list[Tensor], **near: float) -> None:
    for mine, theirs in zip(one, other, strict=True):
        assert torch.allclose(mine, theirs, **near)  # type: ignore[arg-type]


BETAS = {"betas": [0.8, 0.95], "eps": 1e-5, "weight_decay": 0.1}
OF_PYTORCH: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"optimizer": "SGD", "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
        {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    ),
    *(
        ({"optimizer": name, **BETAS}, {**BETAS, "betas": (0.8, 0.95)})
        for name in ("Adam", "AdamW", "NAdam", "RAdam", "Adamax")
    ),
    ({"optimizer": "RMSprop", "alpha": 0.9, "momentum": 0.5}, {"alpha": 0.9, "momentum": 0.5}),
    ({"optimizer": "adagrad", "eps": 1e-4}, {"eps": 1e-4}),
    *(
        ({"optimizer": name, "weight_decay": 0.1}, {"weight_decay": 0.1})
        for name in ("Adadelta", "Adafactor", "ASGD")
    ),
]


@pytest.mark.parametrize(("parameters", "settings"), OF_PYTORCH)
def test_pytorch_s_are_found_by_name(parameters: dict[str, Any], settings: Any) -> None:
    model = network()
    name = {"adagrad": "Adagrad"}.get(parameters["optimizer"], parameters["optimizer"])
    theirs = getattr(torch.optim, name)(model.parameters(), lr=0.01, **settings)
    same(ours(**parameters), train(model, theirs), rtol=1e-5, atol=1e-7)


OF_TIMM = ["LAMB", "LARS", "Lion", "AdaBelief", "AdamP", "Adopt", "NAdamW", "LaProp", "MARS"]


@pytest.mark.parametrize("name", [*OF_TIMM, "Adan", "SGDW", "RMSpropTF"])
def test_timm_s_are_found_by_name(name: str) -> None:
    timm = pytest.importorskip("timm.optim")
    model = network()
    kind = {"LAMB": "Lamb", "LARS": "Lars", "MARS": "Mars"}.get(name, name)
    theirs = getattr(timm, kind)(model.parameters(), lr=0.01, weight_decay=0.1)
    same(ours(optimizer=name, weight_decay=0.1), train(model, theirs))


@pytest.mark.parametrize("name", ["SGD", "AdamW", "NAdam"])
def test_weight_decay_spares_what_timm_spares(name: str) -> None:
    optim = pytest.importorskip("timm.optim")
    model = network()
    groups = optim.param_groups_weight_decay(model, weight_decay=0.3)
    theirs = getattr(torch.optim, name)(groups, lr=0.01, weight_decay=0.3)
    mine = ours(optimizer=name, weight_decay=0.3, filter_bias_and_bn=True)
    same(mine, train(model, theirs), rtol=1e-5, atol=1e-7)


KINDS: list[Any] = ["original", "match_rms_adamw"]
if Version(torch.__version__) >= Version("2.15"):
    KINDS.append("spectral_unclamped")


@pytest.mark.parametrize("kind", KINDS)
def test_muon_is_pytorch_s_for_matrices_with_adamw(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch's takes no kernels: they are given to it as matrices that share their memory."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda t: t.clone())  # 32 bits, as ours here
    monkeypatch.setattr(torch, "bfloat16", torch.float32)  # the same since PyTorch 2.15
    model = network()
    flat = [nn.Parameter(p.data.view(len(p), -1)) for p in model.parameters() if p.ndim > 1]
    matrices = [p for p in model.parameters() if p.ndim > 1]
    rest = torch.optim.AdamW([p for p in model.parameters() if p.ndim == 1], 0.01, weight_decay=0.2)
    muon = torch.optim.Muon(flat, 0.01, weight_decay=0.2, momentum=0.9, adjust_lr_fn=kind)

    class Both:
        def step(self) -> None:
            for view, parameter in zip(flat, matrices, strict=True):
                assert parameter.grad is not None
                view.grad = parameter.grad.view(len(parameter), -1)
            muon.step()  # type: ignore[no-untyped-call]
            rest.step()

    theirs = train(model, Both())  # type: ignore[arg-type]
    mine = ours(optimizer="Muon", momentum=0.9, weight_decay=0.2, adjust_lr_fn=kind)
    same(mine, theirs, rtol=1e-4, atol=1e-6)


def test_muon_s_matrices_are_made_orthogonal() -> None:
    model = network()
    optimizer = make_optimizer(
        TrialConfig(optimizer="Muon", momentum=0.95),
        find_parts(TrialConfig(), dict(model.named_parameters())),
    )
    assert isinstance(optimizer, Muon)
    kinds = {tuple(p.shape): g["muon"] for g in optimizer.param_groups for p in g["params"]}
    assert kinds == {(4, 3, 3, 3): True, (5, 144): True, (4,): False, (5,): False}


FUSED: list[dict[str, Any]] = [
    {"optimizer": "SGD", "momentum": 0.5, "nesterov": True},
    {"optimizer": "AdamW", "betas": [0.8, 0.9], "eps": 1e-3, "filter_bias_and_bn": True},
    {"optimizer": "SGD", "momentum": 0.5, "filter_bias_and_bn": True, "lr_schedule": "linear"},
]


def decaying(**parameters: Any) -> list[Trial]:
    config = {"model": "CNN_simple", "epochs": 3, **parameters}
    return [
        Trial(id=f"t{i}", config=TrialConfig(learning_rate=rate, weight_decay=decay, **config))
        for i, (rate, decay) in enumerate(((0.01, 0.5), (0.003, 0.0), (0.006, 2.0)))
    ]


@pytest.mark.parametrize("parameters", [*FUSED, {"optimizer": "Adam", "betas": [0.5, 0.9]}])
def test_a_group_s_arithmetic_is_that_of_pytorch(parameters: dict[str, Any]) -> None:
    configs = [trial.config for trial in decaying(**parameters)]
    shapes = {"a.weight": (4, 3, 2, 2), "a.bias": (4,), "norm.weight": (4,), "b.weight": (5, 4)}
    generator = torch.Generator().manual_seed(0)
    alone = [
        {n: nn.Parameter(torch.randn(s, generator=generator)) for n, s in shapes.items()}
        for _ in configs
    ]
    stacked = {n: nn.Parameter(torch.stack([a[n].data for a in alone])) for n in shapes}
    optimizers = [make_optimizer(c, find_parts(c, a)) for c, a in zip(configs, alone, strict=True)]
    fused = make_group_optimizer(configs, find_parts(configs[0], stacked, axes=1))
    for step in range(20):
        fused.set_factors([1 - step / 20] * len(configs))
        for i, (config, each) in enumerate(zip(configs, alone, strict=True)):
            for group_of in optimizers[i].param_groups:
                group_of["lr"] = config.learning_rate * (1 - step / 20)
            for parameter in each.values():
                parameter.grad = torch.randn(parameter.shape, generator=generator)
            optimizers[i].step()
        for name, parameter in stacked.items():
            parameter.grad = torch.stack([a[name].grad for a in alone])  # type: ignore[misc]
        fused.step()
    for name, parameter in stacked.items():
        expected = torch.stack([a[name].data for a in alone])
        assert torch.allclose(parameter, expected, rtol=1e-5, atol=1e-6), name


@pytest.mark.parametrize("parameters", FUSED)
def test_fused_trials_have_the_numbers_of_trials_alone(
    images: ImageData, tmp_path: Path, parameters: dict[str, Any]
) -> None:
    """Also where they go on in the other way, from the checkpoints of an epoch before."""

    def check(one: Row, other: Row) -> None:
        assert other["learning_rate"] == one["learning_rate"]

    trials = decaying(**parameters, batch_size=200)
    fused = check_parting_and_joining(trials, images, tmp_path, check)
    for trial in trials:
        for key, row in run([trial], images, tmp_path / "alone").rows.items():
            nearly_equal(fused.rows[key], row, 100)


@pytest.mark.parametrize("name", [n for n in OPTIMIZERS if n not in ("SGD", "Adam", "AdamW")])
def test_a_resumed_trial_gives_the_numbers_of_an_uninterrupted_one(
    images: ImageData, tmp_path: Path, name: str
) -> None:
    part = few(images)
    takes = OPTIMIZERS[name].takes
    chosen = {"momentum": 0.9, "weight_decay": 0.1, "filter_bias_and_bn": True}
    given = {key: value for key, value in chosen.items() if key in takes}
    trials = group(1, epochs=3, model="CNN_simple", lr_schedule="cosine")
    config = trials[0].config.model_dump() | given | {"optimizer": name, "learning_rate": 0.01}
    trials = [Trial(id="t0", config=TrialConfig(**config))]
    whole = run(trials, part, tmp_path / "whole")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(trials, part, tmp_path / "cut", callbacks=(CutOff(),))
    rest = run(trials, part, tmp_path / "cut")
    assert rest.rows["t0", 3] == whole.rows["t0", 3]
    weights = state(tmp_path / "cut" / "t0")
    for key, value in state(tmp_path / "whole" / "t0").items():
        assert torch.equal(value, weights[key]), key


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"betas": [0.9, 0.99]}, "betas: only valid with optimizers Adam, AdamW, Muon, "),
        ({"alpha": 0.9}, "alpha: only valid with optimizers RMSprop, RMSpropTF, got 0.9 with SGD"),
        ({"optimizer": "Adam", "betas": [0.9]}, "must be a list of two numbers, each at least 0"),
        ({"nesterov": True}, "nesterov: needs a momentum greater than 0, got true with momentum 0"),
        (
            {"optimizer": "muon"},
            "momentum: must be greater than 0 with Muon (usually 0.95), got 0",
        ),
    ],
)
def test_what_does_not_fit_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TrialConfig(**parameters)
    (error,) = caught.value.errors()
    assert error["msg"].removeprefix("Value error, ").startswith(message)
