"""Modules whose constructor has `**kwargs`: which parameters of a sweep they take."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.modules.test_bad_modules import lr, refused
from tests.modules.test_fit import Play
from tests.support.in_process import run_here
from tests.support.modules import LIT, content, write_module

CONSTRUCTOR = LIT[LIT.index("def __init__") : LIT.index("        self.net =")]

ANY = LIT.replace(
    CONSTRUCTOR,
    """def __init__(self, **kwargs):
        super().__init__()
        self.save_hyperparameters()
        hidden = self.hparams.hidden
""",
).replace("self.hparams.fault", 'self.hparams.get("fault")')

READS = LIT.replace(
    CONSTRUCTOR,
    """def __init__(self, **kwargs):
        super().__init__()
        hidden = kwargs["hidden"]
        self.save_hyperparameters({"lr": kwargs.get("lr", 0.1), "fault": ""})
""",
)

BASE = f"""{LIT.replace("class Net(", "class Base(")}

class Net(Base):
    def __init__(self, extra: float = 0.0, **kwargs):
        super().__init__(batch_size=4, **kwargs)
"""


def test_any_name_is_given_to_it_and_kept(tmp_path: Path) -> None:
    play = Play(tmp_path, ANY)
    outcome, _ = play.run(hidden=4, weights=[1, 2], batch_size=32, cut=2)
    assert outcome is None
    saved = play.checkpoint()["hyper_parameters"]
    assert saved == {"lr": 0.1, "hidden": 4, "weights": [1, 2]}, "Data takes batch_size by its name"
    outcome, more = play.run(hidden=4, weights=[1, 2], batch_size=32)
    assert outcome is not None
    assert (outcome.state, len(more)) == ("completed", 2)
    play.folder = tmp_path / "next"
    play.folder.mkdir()
    values: dict[str, Any] = {"model.batch_size": 3, "model.optimizer.name": "SGD"}
    play.run(cut=1, hidden=5, **values)
    saved = play.checkpoint()["hyper_parameters"]
    expected = {"lr": 0.1, "hidden": 5, "batch_size": 3, "optimizer": {"name": "SGD"}}
    assert saved == expected, "what only the first trial had is not given to the second"


def test_what_is_not_checked_is_said(tmp_path: Path) -> None:
    name = write_module(tmp_path, ANY)
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump(content(name, parameters=lr(hidden=4, batch_size=8, wide=1))))
    done = run_here("sweep", "grid", file, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rule = "parameters: hidden, lr, wide: not checked, as Net(**kwargs: ...) takes any name"
    assert rule in " ".join(done.stderr.split())


def test_a_slip_where_any_name_is_allowed_is_hinted_at(tmp_path: Path) -> None:
    name = write_module(tmp_path, ANY.replace("self, **kwargs", "self, backbone='a', **kwargs"))
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump(content(name, parameters=lr(hidden=4, bakbone="b"))))
    done = run_here("sweep", "grid", file, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "takes any name, did you mean 'backbone'?" in " ".join(done.stderr.split())


@pytest.mark.parametrize("annotation", ["", ": dict", ": 'dict[str, float]'", ": Namespace"])
def test_arguments_within_the_only_argument(tmp_path: Path, annotation: str) -> None:
    code = LIT.replace(
        CONSTRUCTOR[: CONSTRUCTOR.index(")")], f"def __init__(self, args{annotation}"
    )
    code = f"from argparse import Namespace\n{code}"
    (found,) = refused(tmp_path, code, parameters={"hidden": {"value": 3}})
    assert found == (
        "parameters.hidden: nothing takes it; write args.hidden for a value within it (Net(args), "
        "Data(batch_size=16))"
    )


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (READS, "(Net(**kwargs: lr, hidden), Data(batch_size=16))"),
        (BASE, "(Net(extra=0.0, **kwargs: hidden, lr, fault), Data(batch_size=16))"),
    ],
    ids=["reads", "base"],
)
def test_names_that_are_known_are_checked(tmp_path: Path, code: str, line: str) -> None:
    (found,) = refused(tmp_path, code, parameters=lr(hiden=3))
    assert found == f"parameters.hiden: nothing takes it, did you mean 'hidden'? {line}"
    outcome, _ = Play(tmp_path / "play", code).run(hidden=4)
    assert outcome is not None
    assert outcome.state == "completed"


def test_an_argument_of_the_trainer_is_not_taken_for_one_of_its_own(tmp_path: Path) -> None:
    (found,) = refused(tmp_path, ANY, parameters=lr(max_epochs=3))
    assert found == (
        "parameters.max_epochs: write trainer.max_epochs for the argument of the trainer, or "
        "model.max_epochs (Net(**kwargs: ...), Data(batch_size=16))"
    )
