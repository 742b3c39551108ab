"""A group that was cut off while it saved its checkpoints goes on in step."""

from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch.callbacks import Callback

from tests.support.group_run import run
from tune_mc1.config.trial import Trial, TrialConfig
from tune_mc1.data.images import ImageData
from tune_mc1.files import link

TRIALS = [
    Trial(id=f"t{i}", config=TrialConfig(model="CNN", learning_rate=rate, epochs=3))
    for i, rate in enumerate((0.003, 0.01, 0.03))
]


class _CutOff(Callback):
    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.current_epoch == self.epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("epochs", [1, 2])
def test_trials_that_are_ahead_by_one_epoch_go_back(
    images: ImageData, tmp_path: Path, epochs: int
) -> None:
    straight = run(TRIALS, images, tmp_path / "straight")
    folder = tmp_path / "cut"
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run(TRIALS, images, folder, callbacks=(_CutOff(epochs),))
    behind = folder / "t1"  # its last checkpoint was not written any more
    if epochs == 1:
        for file in behind.iterdir():
            file.unlink()
    else:
        link(behind / "previous.ckpt", behind / "last.ckpt")
    again = run(TRIALS, images, folder)
    assert {tuple(group) for group in again.order} == {("t0", "t1", "t2")}
    for key, row in again.rows.items():
        assert row == straight.rows[key]
