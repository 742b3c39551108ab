"""Steps that a GPU records, and steps done one operation at a time, for tests."""

from pathlib import Path
from typing import Any

import pytest
import torch

import tune_mc1.training.module
from tests.support.group_run import Report, state
from tune_mc1.config.trial import Trial
from tune_mc1.training.steps import GraphSteps, Steps


def spy_on_recording(monkeypatch: pytest.MonkeyPatch) -> list[GraphSteps]:
    """The steps that were recorded, once they are."""
    found: list[GraphSteps] = []
    record = GraphSteps._record

    def spy(steps: GraphSteps, *batch: Any) -> Any:
        found.append(steps)
        return record(steps, *batch)

    monkeypatch.setattr(GraphSteps, "_record", spy)
    return found


def record_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps run operation by operation from now on."""
    monkeypatch.setattr(tune_mc1.training.module, "GraphSteps", _by_operation)


def _by_operation(
    model: Any, loss_of: Any, optimizer: Any, _: Any, clip: Any = None, forward: Any = None
) -> Steps:
    return Steps(model, loss_of, optimizer, clip, forward=forward)


def same_runs(one: Report, other: Report, trials: list[Trial], folders: tuple[Path, Path]) -> None:
    assert one.rows == other.rows
    for trial in trials:
        first, second = (state(folder / trial.id) for folder in folders)
        for name, value in first.items():
            assert torch.equal(value, second[name]), name
