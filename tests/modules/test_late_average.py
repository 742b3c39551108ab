"""Averages of weights that begin late: what Lightning does then is said before anything starts."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from lightning import __version__
from lightning.pytorch.callbacks import EMAWeightAveraging

from tests.modules.test_fit import Play
from tests.support.in_process import run_here
from tests.support.modules import QUICK, content, write_module
from tune_mc1.modules.late_average import NO_DELAY, SEEN, UNTRAINED


def average(**arguments: Any) -> dict[str, Any]:
    path = "lightning.pytorch.callbacks.EMAWeightAveraging"
    return {"class_path": path, "init_args": {"decay": 0.5, **arguments}}


@pytest.mark.parametrize(
    ("callbacks", "said"),
    [
        ([average(update_starting_at_step=9)], UNTRAINED),
        (average(update_starting_at_step=9, update_starting_at_epoch=2), UNTRAINED),
        ([average(update_starting_at_epoch=2)], NO_DELAY),
        ([average(update_starting_at_step=0)], ""),
        ([average()], ""),
    ],
    ids=["step", "both", "epoch", "first step", "default"],
)
def test_a_late_start_has_its_notice(tmp_path: Path, callbacks: Any, said: str) -> None:
    name, file = write_module(tmp_path), tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump(content(name, trainer={**QUICK, "callbacks": callbacks})))
    done = run_here("sweep", "grid", file, "--dry-run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stderr.split())
    assert [notice for notice in (UNTRAINED, NO_DELAY) if notice in words] == ([said] * bool(said))


def test_what_is_said_is_true_of_the_installed_lightning(tmp_path: Path) -> None:
    assert __version__.startswith(SEEN), "look whether a newer Lightning still needs the notices"
    losses = {}
    for name, callbacks in (
        ("late", [average(update_starting_at_step=1000)]),
        ("first", [average()]),
    ):
        _, rows = Play(tmp_path / name, callbacks=callbacks).run()
        losses[name] = {row["metrics"]["val/loss"] for row in rows}
    assert [len(values) for values in losses.values()] == [1, QUICK["max_epochs"]]
    assert EMAWeightAveraging(update_starting_at_epoch=2).should_update(step_idx=0)
