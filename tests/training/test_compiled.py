"""Networks compiled by `torch.compile` train as they do without."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from tests.support.group_run import group, run
from tests.support.one_trial import few
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.config.validation import Holdout
from tune_mc1.data.images import ImageData
from tune_mc1.planning.fusion import unfusable_reason
from tune_mc1.training.compiled import NOT_COMPILED
from tune_mc1.training.run_trials import run_trials

CASES: dict[str, dict[str, Any]] = {
    "plain": {"model": "CNN_simple", "batch_norm": True},
    "dropout": {"model": "CNN8", "dropout_p": 0.5, "batch_size": 15},
    "own network": {"model": f"{__name__}:Own"},
}


class Own(nn.Module):
    """A user's network, which flattens by `view`."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=4)
        self.last = nn.Linear(4 * 8 * 8, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = torch.relu(self.conv(images))
        logits: torch.Tensor = self.last(features.view(len(features), -1))
        return logits


def refuses(module: Any, inputs: Any) -> Any:
    """A compiler that cannot."""
    raise OSError("no C++ compiler")


def compiled_graphs() -> int:
    """How many graphs Dynamo has compiled in this process."""
    return int(counters["stats"]["unique_graphs"])


@pytest.fixture
def graph_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traces networks, but spares the C++ compiler, which takes half a minute."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("graph_only", "narrow_cnn8")
def test_a_compiled_network_trains_as_it_does_plain(
    case: str, images: ImageData, tmp_path: Path
) -> None:
    """Dropout masks follow the step, and the last batch is smaller."""
    plain, compiled = (
        run(
            group(1, epochs=2, torch_compile=compiled, **CASES[case]),
            few(images),
            tmp_path / str(compiled),
        ).rows
        for compiled in (False, True)
    )
    assert plain.keys() == compiled.keys()
    for key, row in plain.items():
        assert compiled[key]["train_loss"] == pytest.approx(row["train_loss"], rel=1e-4)
        assert compiled[key]["val_loss"] == pytest.approx(row["val_loss"], rel=1e-4)


class Compiles(nn.Module):
    """A user's network that compiles a part of itself."""

    def __init__(self, num_classes: int, units: int) -> None:
        super().__init__()
        flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, units), nn.ReLU())
        self.features = torch.compile(flat, backend="aot_eager", dynamic=False)
        self.last = nn.Linear(units, num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.last(self.features(images.contiguous()))
        return logits


@pytest.mark.parametrize("own", [True, False], ids=["own", "parameter"])
@pytest.mark.usefixtures("graph_only")
def test_any_number_of_trials_is_compiled_in_a_process(images: ImageData, own: bool) -> None:
    """Dynamo compiles a function for eight kinds of input, then gives up."""
    data = few(images)
    for number in range(1, 12):
        config = (
            TrialConfig(model=f"{__name__}:Compiles", arguments={"units": number}, epochs=1)
            if own
            else TrialConfig(model="CNN_simple", torch_compile=True, epochs=1, batch_size=number)
        )
        before = compiled_graphs()
        run_trials([Trial(id="t", config=config)], data, Holdout(), report=lambda *_: ())
        assert compiled_graphs() > before


def test_a_network_that_cannot_be_compiled_is_trained_as_it_is(
    images: ImageData,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    plain = run(group(1, epochs=2), images, tmp_path / "plain").rows
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=refuses))
    rows = run(group(1, epochs=2, torch_compile=True), images, tmp_path / "refused").rows
    assert rows == plain
    (line,) = [text for text in caplog.messages if text.startswith(NOT_COMPILED)]
    assert "no C++ compiler" in line


def test_compiled_trials_are_not_fused() -> None:
    config = TrialConfig(model="CNN", torch_compile=True)
    assert "torch_compile" in (unfusable_reason(config, ((3, 32, 32), 10)) or "")


@pytest.mark.slow
def test_a_network_is_compiled_for_a_cpu(images: ImageData, tmp_path: Path) -> None:
    """By Inductor and a C++ compiler, as users have it."""
    plain = run(group(1, epochs=2, model="CNN"), images, tmp_path / "plain").rows
    rows = run(group(1, epochs=2, model="CNN", torch_compile=True), images, tmp_path / "own").rows
    assert rows["t0", 2]["val_loss"] == pytest.approx(plain["t0", 2]["val_loss"], rel=1e-3)
