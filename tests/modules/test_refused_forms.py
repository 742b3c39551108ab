"""Modules that Lightning would refuse in each trial: said before anything starts."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.modules.test_bad_modules import refused
from tests.support.in_process import run_here
from tests.support.modules import LIT, content, write_module

RETURNED = (
    'return {"optimizer": optimizer, "lr_scheduler": {"scheduler": plateau, "monitor": "loss"}}'
)
SECOND = "torch.optim.Adam(self.net.parameters())"
BY_HAND = "self.automatic_optimization = False"
OWN_LOADER = "    def train_dataloader(self):\n        return []\n\n"


def returning(lines: str) -> str:
    """The module, whose `configure_optimizers` ends with other lines."""
    assert RETURNED in LIT
    return LIT.replace(RETURNED, lines)


@pytest.mark.parametrize(
    "lines",
    [
        f"return optimizer, {SECOND}",
        f"other = {SECOND}\n        return [optimizer, other], [plateau]",
        f'return [{{"optimizer": optimizer}}, {{"optimizer": {SECOND}, "frequency": 2}}]',
    ],
    ids=["tuple", "with schedulers", "described"],
)
def test_several_automatic_optimisers(tmp_path: Path, lines: str) -> None:
    (found,) = refused(tmp_path, returning(lines))
    assert found == (
        "module: Net.configure_optimizers returns 2 optimisers, which need "
        "self.automatic_optimization = False and a training_step that steps them itself, "
        "got 'LIT:Net'"
    )


@pytest.mark.parametrize(
    "code",
    [
        returning("return [optimizer], [plateau]"),
        returning("return {'optimizer': optimizer}"),
        returning(f"if self.lr:\n            return optimizer\n        return optimizer, {SECOND}"),
        returning(f"{BY_HAND}\n        return optimizer, {SECOND}"),
        returning("return self.made(lambda: (optimizer, optimizer))"),
        returning("optimizers = [optimizer]\n        return optimizers, [plateau]"),
        LIT.replace("class Net(L.LightningModule)", f"class Base(L.LightningModule):\n{OWN_LOADER}"
                    "\nclass Net(Base)")
        .replace("class Data(L.LightningDataModule):\n", "class Data(L.LightningDataModule):\n"
                 "    pass\n\n\nclass Other:\n"),
    ],
    ids=["lists", "mapping", "conditional", "by hand", "lambda", "names", "own loader"],
)  # fmt: skip
def test_forms_that_may_train(tmp_path: Path, code: str) -> None:
    name, file = write_module(tmp_path, code), tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump(content(name)))
    done = run_here("sweep", "grid", file, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (
            {"trainer": {"gradient_clip_val": 1.0}},
            "trainer.gradient_clip_val: is not for Net, whose optimization is not automatic, "
            "got 1.0",
        ),
        (
            {"parameters": {"trainer.accumulate_grad_batches": {"values": [1, 4]}}},
            "parameters.trainer.accumulate_grad_batches: is not for Net, whose optimization is "
            "not automatic, got 4",
        ),
    ],
    ids=["trainer", "parameters"],
)
def test_a_module_that_steps_its_optimisers_itself(
    tmp_path: Path, keys: dict[str, Any], line: str
) -> None:
    code = LIT.replace("        self.net =", f"        {BY_HAND}\n        self.net =")
    (found,) = refused(tmp_path, code, **keys)
    assert found == line


def test_a_module_without_data(tmp_path: Path) -> None:
    (found,) = refused(tmp_path, datamodule=None)
    assert found == (
        "module: Net has no train_dataloader, and there is no datamodule, got 'LIT:Net'"
    )


def test_a_parameter_for_data_that_is_not_there(tmp_path: Path) -> None:
    code = LIT.replace("    def training_step", f"{OWN_LOADER}    def training_step")
    (found,) = refused(tmp_path, code, datamodule=None, parameters={"data.x": {"value": 1}})
    assert found.startswith("parameters.data.x: there is no datamodule that could take it (Net(")
