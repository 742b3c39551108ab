"""Twenty networks of timm and torchvision train, or are refused with the smallest images they take.

The table of `docs/models.md` says which; what stands there is what comes out here.
"""

import re
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy

from tune_mc1.config.trial import TrialConfig
from tune_mc1.models.build import build_model
from tune_mc1.models.probe import network_problems

PAGE = Path(__file__).parents[2] / "docs" / "models.md"
ROWS = re.findall(
    r"^\| `((?:timm|torchvision):\w+)` \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(), re.M
)
SIDES = (32, 64)


def test_twenty_networks_stand_in_the_table() -> None:
    assert len({name for name, _, _ in ROWS}) == 20
    assert {name.partition(":")[0] for name, _, _ in ROWS} == {"timm", "torchvision"}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "cells"), [(name, cells) for name, *cells in ROWS])
def test_it_trains_or_is_refused(name: str, cells: list[str]) -> None:
    assert [outcome(name, side) for side in SIDES] == cells


def outcome(name: str, side: int) -> str:
    """`yes`, or the smallest images that it takes."""
    config = TrialConfig(model=name, seed=1)
    shape = (3, side, side)
    problems = network_problems([config], shape, 10)
    if problems:
        (line,) = problems
        smallest = re.search(r"the smallest that it takes are (\d+)x\1", line)
        assert smallest, line
        return f"from {smallest[1]}"
    train(config, shape)
    return "yes"


def train(config: TrialConfig, shape: tuple[int, int, int]) -> None:
    """Two steps of SGD, which change the weights and leave them finite."""
    model = build_model(config, shape, 10).train()
    images = torch.rand(4, *shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    before = [parameter.detach().clone() for parameter in model.parameters()]
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for step in range(2):
        model.at_step(step)
        optimizer.zero_grad()
        loss = cross_entropy(model(images), torch.arange(4))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        assert torch.isfinite(loss)
    after = list(model.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(bool(torch.isfinite(parameter).all()) for parameter in after)
