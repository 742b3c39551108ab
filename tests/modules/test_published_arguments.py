"""Arguments as people publish them: optimisers without their parameters, groups of arguments."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.modules.test_bad_modules import refused
from tests.modules.test_fit import Play, numbers
from tests.support.modules import LIT
from tune_mc1.config.user_code import import_object

INIT = LIT[LIT.index("    def __init__") : LIT.index("        self.net =")]
CONFIGURED = LIT[LIT.index("        optimizer = torch.optim.SGD") : LIT.index("class Data")]

TEMPLATE = LIT.replace(
    INIT,
    """    def __init__(
        self,
        part: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        scheduler: torch.optim.lr_scheduler,
        hidden: int = 8,
        lr: float = 0.1,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
""",
).replace(
    CONFIGURED,
    """        optimizer = self.hparams.optimizer(params=self.trainer.model.parameters())
        if self.hparams.scheduler is None:
            return {"optimizer": optimizer}
        scheduler = self.hparams.scheduler(optimizer=optimizer)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "monitor": "loss"}}


""",
).replace("nn.Dropout(0.3)", "part").replace("self.hparams.fault", '""')  # fmt: skip

VALUES: dict[str, Any] = {
    "model.part": "torch.nn.Dropout",
    "model.part.p": 0.25,
    "model.optimizer": "torch.optim.SGD",
    "model.optimizer.lr": 0.05,
    "model.optimizer.momentum": 0.9,
    "model.scheduler": "torch.optim.lr_scheduler.StepLR",
    "model.scheduler.step_size": 1,
}


@pytest.mark.parametrize(
    "code",
    [
        TEMPLATE,
        TEMPLATE.replace(
            "import lightning", "from __future__ import annotations\nimport lightning"
        ),
        TEMPLATE.replace("Optimizer,", "Optimizer | None = None,").replace(
            "scheduler: torch.optim.lr_scheduler,",
            "scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,",
        ),
    ],
    ids=["types", "as text", "optional"],
)
def test_it_trains_and_goes_on(tmp_path: Path, code: str) -> None:
    whole, cut = Play(tmp_path / "whole", code), Play(tmp_path / "cut", code)
    outcome, rows = whole.run(**VALUES)
    assert outcome is not None
    assert (outcome.state, len(rows)) == ("completed", 3), outcome.error
    _, first = cut.run(cut=1, **VALUES)
    again, rest = cut.run(**VALUES)
    assert again == outcome
    assert numbers([*first, *rest[1:]]) == numbers(rows)
    (group,) = cut.checkpoint()["optimizer_states"][0]["param_groups"]
    assert (group["momentum"], group["lr"] < 0.05) == (0.9, True)
    saved = cut.checkpoint()["hyper_parameters"]
    assert saved["optimizer"]["class_path"] == "torch.optim.SGD"
    kind = import_object(f"{cut.name}:Net")
    objects = {"part": nn.Dropout(0.25), "optimizer": partial(torch.optim.SGD, lr=0.05)}
    made = kind.load_from_checkpoint(
        tmp_path / "cut/checkpoints/last.ckpt", weights_only=True, scheduler=None, **objects
    )
    assert made.hparams.hidden == 8


def test_without_a_schedule(tmp_path: Path) -> None:
    values = {name: value for name, value in VALUES.items() if "scheduler" not in name}
    values["model.scheduler"] = None
    outcome, _ = Play(tmp_path, TEMPLATE).run(**values)
    assert outcome is not None
    assert outcome.state == "completed", outcome.error


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, "Net(part, optimizer, scheduler, hidden=8, lr=0.1) lacks optimizer"),
        (
            {"optimizer": "SGDD"},
            "model.optimizer: must be a class by its path, got 'SGDD', did you",
        ),
    ],
    ids=["lacking", "name"],
)
def test_a_mistake(tmp_path: Path, more: dict[str, Any], line: str) -> None:
    keys = {"model.part": "torch.nn.Identity", "scheduler": None, **more}
    (found,) = refused(
        tmp_path, TEMPLATE, parameters={name: {"value": value} for name, value in keys.items()}
    )
    assert line in found


GROUP = LIT.replace(INIT, """    def __init__(self, args, lr=0.1):
        super().__init__()
        self.save_hyperparameters(args)
        hidden = args.hidden + args.net.more
        assert args.lr == 0.2
""").replace("self.hparams.fault", '""')  # fmt: skip


@pytest.mark.parametrize(
    "code",
    [
        GROUP,
        GROUP.replace("self, args", "self, args: Namespace").replace("net.more", "net['more']"),
        GROUP.replace("(args)", "()").replace("hparams.lr", "hparams.args.lr"),
    ],
    ids=["untyped", "namespace", "saved whole"],
)
def test_a_group_of_arguments_is_used_by_attributes(tmp_path: Path, code: str) -> None:
    play = Play(tmp_path, f"from argparse import Namespace\n{code}")
    values: dict[str, Any] = {"args.hidden": 4, "args.lr": 0.2, "args.net.more": 2}
    _, first = play.run(cut=1, **values)
    outcome, rest = play.run(**values)
    assert outcome is not None
    assert (outcome.state, len(first), len(rest)) == ("completed", 1, 3), outcome.error
    weight = play.checkpoint()["state_dict"]["net.0.weight"]
    assert len(weight) == 6


def test_a_group_that_lacks_is_refused_in_a_line(tmp_path: Path) -> None:
    code = f"from argparse import Namespace\n{GROUP.replace('self, args', 'self, args: Namespace')}"
    (found,) = refused(tmp_path, code, parameters={"data.batch_size": {"value": 3}})
    assert found == "parameters: Net(args, lr=0.1) lacks args"
