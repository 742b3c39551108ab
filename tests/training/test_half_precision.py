"""`precision: 16-mixed`: refused without a GPU; its scaled losses where float16 can be tried."""

from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer
from lightning.pytorch.plugins import MixedPrecision
from pydantic import ValidationError

from tests.support.group_run import CutOff, group, run
from tests.support.one_trial import few
from tune_mc1.cluster.nodes import precisions
from tune_mc1.config.parameters import Categorical, Constant
from tune_mc1.config.sweep import Sweep
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.errors import TrialError
from tune_mc1.planning.fusion import unfusable_reason
from tune_mc1.training import run_trials as module
from tune_mc1.training import trainer


def test_it_is_refused_on_a_cpu(images: ImageData, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"precision: 16-mixed needs a GPU, as CPUs have no"):
        TrialConfig(precision="16-mixed", device="cpu")
    trials = group(1, epochs=1, model="CNN_simple", precision="16-mixed")
    assert unfusable_reason(trials[0].config) == (
        "each trial scales its own loss for precision 16-mixed"
    )
    if not torch.cuda.is_available():
        with pytest.raises(TrialError, match="16-mixed needs a GPU"):
            run(trials, images, tmp_path)


def _trainer(**options: Any) -> Trainer:
    """Lightning itself takes bfloat16 instead, unless it is given what scales the losses."""
    half = options.pop("precision") == "16-mixed"
    plugin = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu"))
    options["plugins"] = [*(options["plugins"] or ()), *([plugin] if half else ())]
    return Trainer(**options)


@pytest.mark.parametrize(
    "parameters", [{"optimizer": "AdamW"}, {"clip_grad": 0.2}, {"momentum": 0.9, "clip_grad": 0.2}]
)
def test_scaled_losses_change_nothing_but_rounding(
    images: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, Any]
) -> None:
    """In float16 on the CPU, slowly: the scaling is the same on a GPU."""
    monkeypatch.setattr(module, "pick_device", lambda config, gpu: torch.device("cpu"))
    monkeypatch.setattr(trainer, "Trainer", _trainer)
    common = {"epochs": 3, "model": "CNN_simple", "lr_schedule": "cosine", **parameters}
    slow = {"learning_rate": 1e-3} if "optimizer" in parameters else {}
    half, exact_trial = (
        [Trial(id="t0", config=TrialConfig(**{**group(1, **common)[0].config.model_dump(), **slow,
                                              "precision": precision}))]
        for precision in ("16-mixed", "32")
    )  # fmt: skip
    part = few(images)
    found = run(half, part, tmp_path / "half").rows["t0", 3]
    exact = run(exact_trial, part, tmp_path / "exact").rows["t0", 3]
    assert found["steps"] == exact["steps"]
    assert found["train_loss"] == pytest.approx(exact["train_loss"], rel=2e-2)
    assert found["train_loss"] != exact["train_loss"]
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(half, part, tmp_path / "cut", callbacks=(CutOff(),))
    assert run(half, part, tmp_path / "cut").rows["t0", 3] == found
    saved = torch.load(tmp_path / "cut" / "t0" / "last.ckpt", weights_only=True)
    assert saved["MixedPrecision"]["scale"] > 1


def test_what_a_search_may_suggest_is_known_before_it_does() -> None:
    sweep = Sweep(parameters={"precision": Categorical(values=("32", "16-mixed"))})
    assert precisions(sweep, ()) == {"32", "16-mixed"}
    assert precisions(Sweep(parameters={"epochs": Constant(value=1)}), ()) == set()
    trial = Trial(id="t0", config=TrialConfig(precision="bf16-mixed"))
    assert precisions(sweep, (trial,)) == {"bf16-mixed"}
