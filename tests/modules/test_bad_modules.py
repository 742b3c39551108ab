"""Mistakes in a module's sweep file: each has its line, before anything starts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.in_process import run_here
from tests.support.modules import FACTORY, LIT, QUICK, content, write_module

NET = "Net(hidden=8, lr=0.1, batch_size=16, fault='')"
TRAINER = "Trainer(accelerator, strategy, devices, "


def changed(old: str, new: str) -> Callable[[str], str]:
    return lambda code: code.replace(old, new)


def refused(folder: Path, code: str = LIT, **keys: Any) -> list[str]:
    """Lines of a dry run that is refused, without the file's name; `LIT` stands for the module."""
    name = write_module(folder, f"{code}\n\nMADE = Net()\n" if "MADE" in str(keys) else code)
    keys = {
        key: yaml.safe_load(yaml.safe_dump(value).replace("LIT", name))
        for key, value in keys.items()
    }
    file = folder / "sweep.yaml"
    file.write_text(yaml.safe_dump(content(name, **keys)))
    done = run_here("sweep", "grid", file, "--dry-run", cwd=folder)
    assert done.returncode == 2, done.stdout
    return [
        line.removeprefix("Error: ").removeprefix(f"{file}: ").replace(name, "LIT")
        for line in done.stderr.splitlines()
    ]


def lr(**more: Any) -> dict[str, Any]:
    return {"lr": {"value": 0.1}, **{name: {"value": value} for name, value in more.items()}}


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"module": "LIT"}, "module: must be package.module:Name, got 'LIT'"),
        ({"module": "LIT:Nett"}, "LIT.py has no 'Nett', did you mean 'Net'?, got 'LIT:Nett'"),
        ({"module": "nowhere:Net"}, "module: there is no module nowhere"),
        ({"module": "LIT:Data"}, "module: must be a LightningModule, Data is none, got 'LIT:Data'"),
        ({"datamodule": "LIT:Net"}, "datamodule: must be a LightningDataModule, Net is none"),
        ({"module": "LIT:MADE"}, "module: must be a class or a function, is Net, got 'LIT:MADE'"),
        ({"program": "train.py"}, "program: is not for a file with a module"),
        ({"fuse": "off"}, "fuse: is for built-in training, which a file with a module does not"),
        (
            {"parameters": lr(dropout=0.1)},
            f"parameters.dropout: nothing takes it ({NET}, Data(batch_size=16))",
        ),
        (
            {"parameters": lr(hiden=3)},
            f"parameters.hiden: nothing takes it, did you mean 'hidden'? ({NET}, ",
        ),
        (
            {"parameters": {"model.rate": {"value": 1}}},
            f"parameters.model.rate: is no argument ({NET})",
        ),
        (
            {"parameters": {"data.bach_size": {"value": 1}}},
            "is no argument, did you mean 'batch_size'? (Data(batch_size=16))",
        ),
        (
            {"parameters": lr(max_epochs=3)},
            "parameters.max_epochs: write trainer.max_epochs for the argument of the trainer",
        ),
        (
            {"parameters": {"trainer.max_epochs": {"value": 3}}},
            "is also set in trainer.max_epochs",
        ),
        ({"parameters": lr(hidden="many")}, "parameters: model.hidden: must be int, got many"),
        (
            {"trainer": {"max_epoch": 3}},
            f"trainer.max_epoch: is no argument, did you mean 'max_epochs'? of {TRAINER}",
        ),
        ({"trainer": {"max_epochs": 2.5}}, "trainer.max_epochs: must be int or null, got 2.5"),
        ({"trainer": {"devices": 2}}, "trainer.devices: cannot be set, as resources decides on it"),
        (
            {
                "trainer": {
                    "callbacks": [{"class_path": "EarlyStopping", "init_args": {"metric": "loss"}}]
                }
            },
            "trainer.callbacks: EarlyStopping(monitor, min_delta=0.0, patience=3, ",
        ),
        (
            {"trainer": {"callbacks": [{"class_path": "EarlyStoping"}]}},
            "trainer.callbacks: must be a class by its path, got 'EarlyStoping', did you mean "
            "'EarlyStopping'?",
        ),
        (
            {"trainer": {"callbacks": [{"class_path": "LIT:Net"}]}},
            "must be a class by its path, got 'LIT:Net', did you mean 'LIT.Net'?",
        ),
        (
            {"trainer": {"callbacks": ["EarlyStopping"]}},
            "log_rank_zero_only=False) lacks monitor",
        ),
        (
            {"trainer": {"logger": {"class_path": "CSVLogger", "init_args": {"save_dr": "x"}}}},
            " does not take 'save_dr', did you mean 'save_dir'?",
        ),
        ({"trainer": {"logger": "wandb"}}, "got 'wandb', did you mean 'WandbLogger'?"),
        (
            {"trainer": {"callbacks": [{"class_path": "torch.nn.Linear"}]}},
            "trainer.callbacks: must be ",
        ),
        (
            {"trainer": {"callbacks": [{"class_path": "LIT.Missing"}]}},
            "trainer.callbacks: LIT has no 'Missing'",
        ),
        (
            {"resources": {"workers": 2, "cpu": 1}, "trainer": {"strategy": "fsdp"}},
            "trainer.strategy: must be auto or ddp or ",
        ),
        ({"resources": {"worker": 2}}, "resources.worker: unknown key, did you mean 'workers'?"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file(tmp_path: Path, keys: dict[str, Any], line: str) -> None:
    (found,) = refused(tmp_path, **keys)
    assert line in found


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (changed("import torch", "import torc"), "No module named 'torc' (LIT.py:3), got "),
        (changed("class Net(", "1 / 0\n\nclass Net("), "ZeroDivisionError: division by zero (LIT"),
        (changed("def training_step", "def train_step"), "module: Net has no training_step, got"),
        (changed("def configure_opt", "def opt"), "module: Net has no configure_optimizers, got"),
        (
            changed("def configure_opt", "def validation_epoch_end(self, outputs):\n"
                    "        pass\n\n    def configure_opt"),
            "module: Net has validation_epoch_end, which Lightning 2 does not call: "
            "on_validation_epoch_end takes its place, got",
        ),
        (
            changed("training_step(self, batch, index)", "training_step(self, batch, i, "
                    "optimizer_idx)"),
            "module: Net.training_step takes optimizer_idx, which Lightning 2 does not give: "
            "several optimisers need self.automatic_optimization = False and ",
        ),
        (
            changed("def train_dataloader", "def training_images"),
            "module: neither Net nor Data has a train_dataloader, got",
        ),
        (
            changed("hidden: int = 8", "size: int, hidden: int = 8"),
            "parameters: Net(size, hidden=8, lr=0.1, batch_size=16, fault='') lacks size",
        ),
        (
            changed("import lightning as L", "import pytorch_lightning as L"),
            "Net is a LightningModule of pytorch_lightning: import lightning.pytorch, which has ",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_the_module(tmp_path: Path, change: Callable[[str], str], line: str) -> None:
    (found,) = refused(tmp_path, change(LIT))
    assert line in found


def test_a_parameter_that_a_function_does_not_take(tmp_path: Path) -> None:
    (found,) = refused(tmp_path, FACTORY, parameters=lr(hiden=3))
    rule = "nothing takes it, did you mean 'hidden'? (Net(hidden=8, lr=0.1), Data(batch_size=16))"
    assert found == f"parameters.hiden: {rule}"


def test_a_parameter_within_a_number(tmp_path: Path) -> None:
    (found,) = refused(tmp_path, parameters={"lr": {"value": 0.1}, "lr.max": {"value": 1}})
    assert found == "parameters: lr.max is within lr, which is 0.1"


def test_a_parameter_that_both_take_goes_to_both(tmp_path: Path) -> None:
    name = write_module(tmp_path)
    file = tmp_path / "sweep.yaml"
    keys = {"lr": {"values": ["1e-1", "1e-2"]}, "batch_size": {"value": 8}}
    file.write_text(yaml.safe_dump(content(name, parameters=keys, trainer={**QUICK})))
    done = run_here("sweep", "grid", file, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (
        f"parameters.batch_size: goes to both {NET}, Data(batch_size=16); write model.batch_size "
        "or data.batch_size for one of them"
    ) in " ".join(done.stderr.split())
    assert f"Module: {name}:Net, {name}:Data" in done.stdout
    assert "0.01" in done.stdout


def test_trust_is_for_modules_only(tmp_path: Path) -> None:
    done = run_here("sweep", "grid", "--trust-checkpoint", "--dry-run", cwd=tmp_path)
    assert done.returncode == 2
    assert "--trust-checkpoint: is for a file with a module" in done.stderr
