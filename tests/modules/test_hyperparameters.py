"""Hyperparameters that are more than data: said in advance, or saved by their class."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.modules.test_fit import Play
from tests.support.in_process import run_here
from tests.support.modules import LIT, content, module_sweep, write_module
from tune_mc1.config.user_code import import_object

SIGNATURE = "hidden: int = 8, lr"
SUPER = "super().__init__()\n        self.save_hyperparameters()"
assert SIGNATURE in LIT
assert SUPER in LIT

OBJECTS = LIT.replace(
    SIGNATURE, "part: nn.Module, optimizer: OptimizerCallable, hidden: int = 8, lr"
)
OBJECTS = OBJECTS.replace("import torch\n", "import torch\nfrom lightning.pytorch.cli import "
                          "OptimizerCallable\n")  # fmt: skip
OBJECTS = OBJECTS.replace("nn.Dropout(0.3)", "self.hparams.part").replace(
    "torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.9)",
    "self.hparams.optimizer(self.parameters())",
)

FUNCTION = LIT.replace(
    SIGNATURE, "activation=nn.functional.relu, kind=nn.ReLU, hidden: int = 8, lr"
)


def test_objects_are_saved_by_their_class_as_lightning_cli_does(tmp_path: Path) -> None:
    play = Play(tmp_path, OBJECTS)
    values: dict[str, Any] = {
        "model.part": "torch.nn.Dropout",
        "model.part.p": 0.25,
        "model.optimizer": "torch.optim.SGD",
        "model.optimizer.lr": 0.05,
    }
    _, first = play.run(cut=1, **values)
    assert "notice" not in first[0]
    saved = play.checkpoint()["hyper_parameters"]
    assert saved["part"]["class_path"] == "torch.nn.Dropout"
    assert saved["part"]["init_args"] == {"p": 0.25, "inplace": False}
    assert (saved["hidden"], saved["lr"]) == (8, 0.1)
    outcome, rows = play.run(**values)
    assert outcome is not None
    assert (outcome.state, len(rows)) == ("completed", 3), outcome.error
    kind = import_object(f"{play.name}:Net")
    again = kind.load_from_checkpoint(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    (group,) = again.configure_optimizers()["optimizer"].param_groups
    assert group["lr"] == 0.05


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (FUNCTION, "activation, kind"),
        (FUNCTION.replace("_hyperparameters()", "_hyperparameters(ignore=['kind'])"), "activation"),
        (FUNCTION.replace("_hyperparameters()", "_hyperparameters('lr', 'kind')"), "kind"),
        (FUNCTION.replace("_hyperparameters()", "_hyperparameters('lr', 'fault')"), ""),
        (OBJECTS, ""),
    ],
    ids=["all", "ignored", "listed", "none", "objects"],
)
def test_it_is_said_before_anything_starts(tmp_path: Path, code: str, names: str) -> None:
    name, file = write_module(tmp_path, code), tmp_path / "sweep.yaml"
    objects = {"model.part": "torch.nn.Dropout", "model.optimizer": "torch.optim.SGD"}
    given: dict[str, Any] = {"lr": 0.1, **(objects if code == OBJECTS else {})}
    keys = {key: {"value": value} for key, value in given.items()}
    file.write_text(yaml.safe_dump(content(name, parameters=keys)))
    for more in ((), ("--trust-checkpoint",)):
        done = run_here("sweep", "grid", file, "--dry-run", *more, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        said = " ".join(done.stderr.split())
        if not names or more:
            assert "trust" not in said
            continue
        assert (
            f"module: Net saves {names} with its hyperparameters, which is more than data, so "
            "that a resume, a retry and the winner's test need --trust-checkpoint, or "
            f"save_hyperparameters(ignore={names.split(', ')!r})"
        ) in said


def test_it_is_said_once_at_the_first_checkpoint(tmp_path: Path) -> None:
    code = LIT.replace(SUPER, f"{SUPER}\n        self.hparams.kind = torch.nn.ReLU")
    ran = module_sweep(tmp_path, "grid", code=code)
    assert ran.status == 0, ran.err
    line = (
        "checkpoints hold torch.nn.modules.activation.ReLU, which is more than data, so that a "
        "resume, a retry and the winner's test need --trust-checkpoint"
    )
    assert " ".join((ran.out + ran.err).split()).count(line) == 1
    assert "notice" not in (ran.root / "journal.jsonl").read_text()


def test_paths_and_members_of_enumerations_are_made_again(tmp_path: Path) -> None:
    code = LIT.replace(SIGNATURE, f'folder: Path, kind: "Kind", {SIGNATURE}')
    code = code.replace("class Net(", "class Kind(Enum):\n    small = 1\n\n\nclass Net(", 1)
    code = f"from enum import Enum\nfrom pathlib import Path\n{code}"
    play = Play(tmp_path, code)
    play.run(cut=1, folder="images", kind="small")
    saved = play.checkpoint()["hyper_parameters"]
    assert (saved["folder"], saved["kind"]) == ("images", "small")
    outcome, _ = play.run(folder="images", kind="small")
    assert outcome is not None
    assert outcome.state == "completed", outcome.error
    kind = import_object(f"{play.name}:Net")
    again = kind.load_from_checkpoint(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)
    assert again.hparams.folder == Path("images")
    assert again.hparams.kind.value == 1


def test_tensors_and_plain_data_are_data(tmp_path: Path) -> None:
    code = LIT.replace(SUPER, f"{SUPER}\n        self.hparams.mean = torch.ones(3)")
    _, rows = Play(tmp_path, code).run()
    assert all("notice" not in row for row in rows)
